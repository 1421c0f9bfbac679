package watari.format.tflite.legalize;

import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.NonZero;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;

/// What is known of the size of integers.
final class Ranges {
  private static final int MAX_STEPS = 64;

  private Ranges() {}

  /// Whether the integers are known to fit int32: constants that do, shapes, indices, and what
  /// moves these.
  static boolean isInt32(Value value) {
    var at = value;
    for (int step = 0; step < MAX_STEPS; step++) {
      if (at.dtype().bits() < 32 || at.dtype() == watari.tensor.DataType.INT32) return true;
      if (at.isConstant()) {
        for (long each : at.constant().orElseThrow().longs()) if (each != (int) each) return false;
        return true;
      }
      var node = at.producer().orElse(null);
      if (node == null) return false;
      switch (node.op()) {
        case ShapeOf _, Size _, ArgReduce _, TopK _, NonZero _ -> {
          return true;
        }
        case Cast _, Reshape _, Slice _, Squeeze _, Unsqueeze _, Gather _ -> at = node.input(0);
        default -> {
          return false;
        }
      }
    }
    return false;
  }
}
