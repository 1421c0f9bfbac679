package watari.format.keras;

import java.util.Map;
import watari.format.OpTable;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.Unique;
import watari.op.Op;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.SignalOp.RealFft2d;

/// How each record is written: families in files of their own.
final class KerasWriteOps {
  private static final String FLOW = "a Functional model has no branches and loops";
  private static final String STATE =
      "layers keep nothing between calls; `--state zero` or `--state io` takes it out before";
  private static final String DETECTION = "no layer suppresses boxes; end the model before it";

  private static final String BITS = "functions of Keras never see the bits of numbers";
  private static final String REGIONS = "no layer pools regions of interest";
  private static final String COUNTED = "how many elements it gives is not known before it runs";
  private static final String COMPLEX = "Keras has no tensors of complex numbers";
  private static final String LENGTHS = "no layer turns round as many steps as a tensor says";
  private static final String SHAPES =
      "the shapes of layers are known before they run; state them with `--input-shape`";

  private static final KerasWriteTable ALL = table();

  static final OpTable<KerasWriteGraph> TABLE = ALL.operators();

  private KerasWriteOps() {}

  /// What is said of the operators in the table, in its order.
  static Map<Class<? extends Op>, KerasWriteTable.Words> words() {
    return ALL.words();
  }

  private static KerasWriteTable table() {
    var table = new KerasWriteTable();
    KerasWriteConvOps.addTo(table);
    KerasWritePoolOps.addTo(table);
    KerasWriteNormOps.addTo(table);
    KerasWriteElementOps.addTo(table);
    KerasWriteMergeOps.addTo(table);
    KerasWriteMatMulOps.addTo(table);
    KerasWriteShapeOps.addTo(table);
    KerasWriteEdgeOps.addTo(table);
    KerasWriteReduceOps.addTo(table);
    KerasWriteRecurrentOps.addTo(table);
    KerasWriteResizeOps.addTo(table);
    return table
        .refuse(FLOW, If.class)
        .refuse(FLOW, Loop.class)
        .refuse(STATE, ReadState.class)
        .refuse(STATE, WriteState.class)
        .refuse(DETECTION, NonMaxSuppression.class)
        .refuse(BITS, Bitcast.class)
        .refuse(REGIONS, MaxRoiPool.class)
        .refuse(COUNTED, NonZero.class)
        .refuse(COUNTED, Unique.class)
        .refuse(COUNTED, Range.class)
        .refuse(COMPLEX, RealFft2d.class)
        .refuse(LENGTHS, ReverseSequence.class)
        .refuse(SHAPES, ShapeOf.class)
        .refuse(SHAPES, Size.class);
  }
}
