package watari.format.onnx;

import watari.format.OpTable;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.SignalOp.RealFft2d;

/// How each record is written: families in files of their own.
final class OnnxWriteOps {
  private static final String STATE =
      "ONNX keeps nothing between calls; `--state zero` or `--state io` takes it out before";

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
    return table
        .refuse(STATE, ReadState.class)
        .refuse(STATE, WriteState.class)
        .refuse(
            "its output is complex, and ONNX' operators take no complex numbers", RealFft2d.class);
  }
}
