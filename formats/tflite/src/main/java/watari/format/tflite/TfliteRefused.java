package watari.format.tflite;

import java.util.Map;
import java.util.TreeMap;
import watari.op.Op;
import watari.op.PoolOp.MaxRoiPool;

/// Why operators are not read or not written, for the support tables.
final class TfliteRefused {
  private static final String RANDOM =
      "it draws random numbers: no other runtime draws the same, and nothing could be compared";
  private static final String NO_KERNEL = "no runtime of TFLite has a kernel for it";

  /// Operators of TFLite that no record stands for.
  static final Map<String, String> READ =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("CONCAT_EMBEDDINGS", NO_KERNEL),
              Map.entry("LSH_PROJECTION", "it hashes by a function that is LiteRT's own"),
              Map.entry("MULTINOMIAL", RANDOM),
              Map.entry("RANDOM_STANDARD_NORMAL", RANDOM),
              Map.entry("RANDOM_UNIFORM", RANDOM),
              Map.entry("SKIP_GRAM", "it computes with text, which no other format does"),
              Map.entry("STABLEHLO_CONVOLUTION", NO_KERNEL),
              Map.entry("STABLEHLO_CUSTOM_CALL", "what it calls is not in the file"),
              Map.entry("STABLEHLO_RNG_BIT_GENERATOR", RANDOM),
              Map.entry("STABLEHLO_SORT", NO_KERNEL)));

  /// Operators of the graph that TFLite cannot express.
  static final Map<Class<? extends Op>, String> WRITTEN =
      Map.of(MaxRoiPool.class, "its windows are computed, TFLite's are fixed");

  private TfliteRefused() {}
}
