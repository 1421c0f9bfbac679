package watari.format.tflite;

import watari.format.ReadTable;

/// Everything that is read: the tables of all families.
final class TfliteReadOps {
  /// Reads one operator into the graph.
  @FunctionalInterface
  interface Entry {
    void read(TfliteNode node);
  }

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
    return table;
  }

  private static ReadTable<Entry> custom() {
    var table = new ReadTable<Entry>();
    table.on("TFLite_Detection_PostProcess", TfliteReadDetectionOps::postProcess);
    TfliteReadMediaPipeOps.into(table);
    return table;
  }
}
