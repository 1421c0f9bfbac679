package watari.format.onnx;

import java.util.Map;
import java.util.TreeMap;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Op;
import watari.op.SignalOp.RealFft2d;

/// Why operators are not read or not written, for the support tables.
final class OnnxRefused {
  private static final String RANDOM =
      "it draws random numbers: no other runtime draws the same, and nothing could be compared";
  private static final String TEXT = "it computes with text, which no other format does";

  /// Operators of ONNX that no record stands for.
  static final Map<String, String> READ =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("Bernoulli", RANDOM),
              Map.entry("ImageDecoder", "it decodes compressed images, which no runtime here does"),
              Map.entry("Multinomial", RANDOM),
              Map.entry("RandomNormal", RANDOM),
              Map.entry("RandomNormalLike", RANDOM),
              Map.entry("RandomUniform", RANDOM),
              Map.entry("RandomUniformLike", RANDOM),
              Map.entry("RegexFullMatch", TEXT),
              Map.entry("StringConcat", TEXT),
              Map.entry("StringNormalizer", TEXT),
              Map.entry("StringSplit", TEXT),
              Map.entry("TfIdfVectorizer", TEXT)));

  private static final String STATE =
      "ONNX keeps nothing between calls; `--state zero` or `--state io` takes it out before";

  /// Operators of the graph that ONNX cannot express.
  static final Map<Class<? extends Op>, String> WRITTEN =
      Map.of(
          ReadState.class,
          STATE,
          WriteState.class,
          STATE,
          RealFft2d.class,
          "its output is complex, and ONNX' operators take no complex numbers");

  private OnnxRefused() {}
}
