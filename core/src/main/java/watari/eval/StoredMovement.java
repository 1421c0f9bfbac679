package watari.eval;

import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp;
import watari.op.Op;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp;
import watari.tensor.Quantization;

/// Nodes that do the same to stored integers as to the real numbers that these denote: they move or
/// pick elements, and store them as they were.
public final class StoredMovement {
  private StoredMovement() {}

  /// Whether a node with quantized operands may work on the integers.
  public static boolean keepsIntegers(Node node) {
    var in = node.input(0).type();
    if (!in.isQuantized()) return false;
    if (node.op() instanceof ShapeOp.Transpose(var perm)) {
      var out = node.output().type();
      return out.dtype() == in.dtype()
          && out.quantization().equals(in.quantization().transposed(perm));
    }
    return moves(node.op()) && moved(node).allMatch(value -> isStoredAs(value, node.input(0)));
  }

  private static java.util.stream.Stream<Value> moved(Node node) {
    var inputs = movedInputs(node.op(), node.inputs().size()).stream().map(node::input);
    return java.util.stream.Stream.concat(
            inputs,
            node.outputs().stream().limit(node.op() instanceof MaxPool ? 1 : Long.MAX_VALUE))
        .filter(Value::isPresent);
  }

  private static boolean isStoredAs(Value value, Value other) {
    return value.dtype() == other.dtype()
        && value.type().quantization() instanceof Quantization.PerTensor
        && value.type().quantization().equals(other.type().quantization());
  }

  /// The inputs whose elements come out again.
  private static List<Integer> movedInputs(Op op, int count) {
    return switch (op) {
      case ShapeOp.Concat _ -> IntStream.range(0, count).boxed().toList();
      case IndexOp.ScatterElements _, IndexOp.ScatterNd _ -> List.of(0, 2);
      default -> List.of(0);
    };
  }

  /// Whether outputs are made of elements of inputs only, without zeros that it adds.
  public static boolean moves(Op op) {
    return switch (op) {
      case ShapeOp.Reshape _,
          ShapeOp.Flatten _,
          ShapeOp.Squeeze _,
          ShapeOp.Unsqueeze _,
          ShapeOp.Transpose _,
          ShapeOp.Slice _,
          ShapeOp.Split _,
          ShapeOp.Concat _,
          ShapeOp.Expand _,
          ShapeOp.Tile _,
          ShapeOp.ReverseSequence _,
          ShapeOp.DepthToSpace _,
          ShapeOp.SpaceToDepth _,
          ShapeOp.BatchToSpace _,
          IndexOp.Gather _,
          IndexOp.GatherElements _,
          IndexOp.GatherNd _,
          IndexOp.Compress _,
          MaxPool _,
          Identity _ ->
          true;
      case ShapeOp.Pad(var mode) -> mode != ShapeOp.Pad.Mode.CONSTANT;
      case IndexOp.ScatterElements(_, var reduction) -> reduction == IndexOp.Reduction.REPLACE;
      case IndexOp.ScatterNd(var reduction) -> reduction == IndexOp.Reduction.REPLACE;
      default -> false;
    };
  }
}
