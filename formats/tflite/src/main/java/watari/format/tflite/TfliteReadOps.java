package watari.format.tflite;

import watari.format.ReadTable;

/// Everything that is read: the tables of all families, and why other operators are not.
final class TfliteReadOps {
  /// Reads one operator into the graph.
  @FunctionalInterface
  interface Entry {
    void read(TfliteNode node);
  }

  private static final String RANDOM =
      "it draws random numbers: no other runtime draws the same, and nothing could be compared";
  private static final String NO_KERNEL = "no runtime of TFLite has a kernel for it";

  static final ReadTable<Entry> BUILTIN = builtin();

  static final ReadTable<Entry> CUSTOM = custom();

  private TfliteReadOps() {}

  private static ReadTable<Entry> builtin() {
    var table = new ReadTable<Entry>();
    TfliteReadElementwiseOps.into(table);
    TfliteReadBinaryOps.into(table);
    TfliteReadConvOps.into(table);
    TfliteReadPoolOps.into(table);
    TfliteReadShapeOps.into(table);
    TfliteReadSliceOps.into(table);
    TfliteReadIndexOps.into(table);
    TfliteReadSegmentOps.into(table);
    TfliteReadReduceOps.into(table);
    TfliteReadQuantizeOps.into(table);
    TfliteReadDetectionOps.into(table);
    TfliteReadSignalOps.into(table);
    TfliteReadStablehloOps.into(table);
    TfliteReadStablehloIndexOps.into(table);
    TfliteReadRecurrentOps.into(table);
    TfliteReadLstmOps.into(table);
    TfliteReadControlOps.into(table);
    TfliteReadStateOps.into(table);
    return table
        .refuse(RANDOM, "MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM")
        .refuse(RANDOM, "STABLEHLO_RNG_BIT_GENERATOR")
        .refuse(NO_KERNEL, "CONCAT_EMBEDDINGS", "STABLEHLO_CONVOLUTION", "STABLEHLO_SORT")
        .refuse("it hashes by a function that is LiteRT's own", "LSH_PROJECTION")
        .refuse("it computes with text, which no other format does", "SKIP_GRAM")
        .refuse("what it calls is not in the file", "STABLEHLO_CUSTOM_CALL");
  }

  private static ReadTable<Entry> custom() {
    var table = new ReadTable<Entry>();
    table.on("TFLite_Detection_PostProcess", TfliteReadDetectionOps::postProcess);
    TfliteReadMediaPipeOps.into(table);
    TfliteReadLandmarkOps.into(table);
    return table;
  }
}
