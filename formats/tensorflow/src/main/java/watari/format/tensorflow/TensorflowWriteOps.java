package watari.format.tensorflow;

import watari.format.OpTable;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.IndexOp.Unique;
import watari.op.PoolOp.MaxRoiPool;

/// The operators that TensorFlow has, each with the method that writes it; a file for each family.
final class TensorflowWriteOps {
  static final OpTable<TensorflowScope> TABLE = new OpTable<>();

  private static final String STATE =
      "graphs are written without state: convert with --state zero, or with --state io";

  static {
    TensorflowWriteElementwise.addTo(TABLE);
    TensorflowWriteBinary.addTo(TABLE);
    TensorflowWriteReduce.addTo(TABLE);
    TensorflowWriteShape.addTo(TABLE);
    TensorflowWriteSlice.addTo(TABLE);
    TensorflowWriteIndex.addTo(TABLE);
    TensorflowWriteProduct.addTo(TABLE);
    TensorflowWriteConv.addTo(TABLE);
    TensorflowWritePool.addTo(TABLE);
    TensorflowWriteResize.addTo(TABLE);
    TensorflowWriteControl.addTo(TABLE);
    TensorflowWriteQuantize.addTo(TABLE);
    TABLE.refuse(STATE, ReadState.class);
    TABLE.refuse(STATE, WriteState.class);
    TABLE.refuse("TensorFlow sorts nothing that it makes unique", Unique.class);
    TABLE.refuse("its windows are computed, TensorFlow's are fixed", MaxRoiPool.class);
  }

  private TensorflowWriteOps() {}
}
