package watari.op;

import java.util.List;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Unsqueeze;

/// The inputs of operators that say which elements go where: integers, never real numbers.
public final class Indices {
  private Indices() {}

  /// @throws IllegalArgumentException if such an input is of another element type
  public static void requireIntegers(Op op, InferContext in) {
    for (int i : inputs(op)) {
      if (in.has(i) && !in.dtype(i).isInteger()) {
        throw new IllegalArgumentException(
            "input " + i + " should be integers, but is '" + in.dtype(i) + "'");
      }
    }
  }

  private static List<Integer> inputs(Op op) {
    return switch (op) {
      case Reshape _, Expand _, Tile _, Squeeze _, Unsqueeze _, Split _ -> List.of(1);
      case Gather _, GatherNd _, GatherElements _, ScatterElements _, ScatterNd _ -> List.of(1);
      case ReduceOp.Reduce _ -> List.of(1);
      case Slice _ -> List.of(1, 2, 3, 4);
      case Pad _ -> List.of(1, 3);
      default -> List.of();
    };
  }
}
