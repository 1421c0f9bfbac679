package watari.format.onnx;

import watari.format.OpTable;

/// How each record is written: families in files of their own.
final class OnnxWriteOps {
  static final OpTable<OnnxNodes> TABLE = table();

  private OnnxWriteOps() {}

  private static OpTable<OnnxNodes> table() {
    var table = new OpTable<OnnxNodes>();
    OnnxWriteElementwise.addTo(table);
    OnnxWriteReduce.addTo(table);
    OnnxWriteConv.addTo(table);
    OnnxWriteNorm.addTo(table);
    OnnxWriteShape.addTo(table);
    OnnxWriteIndex.addTo(table);
    OnnxWriteRecurrent.addTo(table);
    OnnxWriteControl.addTo(table);
    return table;
  }
}
