package watari.format.openvino;

import watari.format.OpTable;
import watari.op.SignalOp.RealFft2d;

/// How each record is written: families in files of their own.
final class OpenvinoWriteOps {
  static final OpTable<OpenvinoNodes> TABLE = table();

  private OpenvinoWriteOps() {}

  private static OpTable<OpenvinoNodes> table() {
    var table = new OpTable<OpenvinoNodes>();
    OpenvinoWriteElementwise.addTo(table);
    OpenvinoWriteReduce.addTo(table);
    OpenvinoWriteWindow.addTo(table);
    OpenvinoWriteNorm.addTo(table);
    OpenvinoWriteShape.addTo(table);
    OpenvinoWriteIndex.addTo(table);
    OpenvinoWriteResize.addTo(table);
    OpenvinoWriteRecurrent.addTo(table);
    OpenvinoWriteControl.addTo(table);
    OpenvinoWriteQuantize.addTo(table);
    return table.refuse(
        "its output is complex, and OpenVINO's operators take no complex numbers", RealFft2d.class);
  }
}
