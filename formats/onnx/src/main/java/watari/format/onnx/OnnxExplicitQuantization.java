package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp;
import watari.op.Custom;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.Op;
import watari.op.PoolOp.MaxPool;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorType;

/// `f(q)` with quantized operands or results → `Convert(f(Convert(q)))`, so that only Convert
/// speaks of quantization.
///
/// What moves elements without looking at them, under one quantization of the whole tensor, stays
/// on the integers: that is exactly the same.
final class OnnxExplicitQuantization implements Rule<Op> {
  private final OnnxOpset opset;

  OnnxExplicitQuantization(OnnxOpset opset) {
    this.opset = opset;
  }

  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    var node = match.node();
    if (!touchesQuantized(node)) return leave("nothing is quantized");
    if (node.op() instanceof Convert) return requantize(match);
    boolean isOld = node.op() instanceof MaxPool && !opset.has(12);
    if (mayStay(node) && !isOld) return leave("it works on the integers as they are");
    return split(match);
  }

  private static boolean touchesQuantized(Node node) {
    return node.inputs().stream().anyMatch(v -> v.type().isQuantized())
        || node.outputs().stream().anyMatch(v -> v.type().isQuantized());
  }

  /// Whether the node means the same when its quantized values are taken as plain integers.
  static boolean mayStay(Node node) {
    return switch (node.op()) {
      case Cast _, ShapeOf _, Size _, Custom _, ControlOp _ -> true;
      case Identity _,
          Reshape _,
          Flatten _,
          Transpose _,
          Concat _,
          Split _,
          Slice _,
          Squeeze _,
          Unsqueeze _,
          Expand _,
          Tile _,
          Gather _,
          GatherElements _,
          GatherNd _,
          ReverseSequence _,
          DepthToSpace _,
          SpaceToDepth _ ->
          movesOnly(node);
      case MaxPool _ -> isEightBit(node.input(0)) && movesOnly(node);
      default -> false;
    };
  }

  private static boolean isEightBit(Value value) {
    return value.dtype() == DataType.INT8 || value.dtype() == DataType.UINT8;
  }

  private static boolean movesOnly(Node node) {
    var type = node.input(0).type();
    if (!(type.quantization() instanceof Quantization.PerTensor)) return false;
    boolean isConcat = node.op() instanceof Concat;
    return node.inputs().stream().allMatch(v -> !isConcat || isStoredAs(type, v))
        && node.outputs().stream()
            .filter(v -> v.dtype() == type.dtype() || v.type().isQuantized())
            .allMatch(v -> isStoredAs(type, v))
        && isStoredAs(type, node.output(0));
  }

  private static boolean isStoredAs(TensorType type, Value value) {
    return value.dtype() == type.dtype() && value.type().quantization().equals(type.quantization());
  }

  private Outcome requantize(Match<Op> match) {
    var from = match.input(0);
    boolean both = from.type().isQuantized() && match.output().type().isQuantized();
    if (!both) return leave("it quantizes, or dequantizes");
    var to = match.build();
    var real = to.add(new Convert(DataType.FLOAT32), from);
    return match.replaceWith(stored(real, match.output().type(), to));
  }

  private static Outcome split(Match<Op> match) {
    var node = match.node();
    var to = match.build();
    var inputs = new ArrayList<Value>();
    for (var input : node.inputs()) {
      inputs.add(input.type().isQuantized() ? to.add(new Convert(DataType.FLOAT32), input) : input);
    }
    var real = to.add(node.op(), inputs, node.outputs().size(), node.bodies());
    var outputs = new ArrayList<Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      outputs.add(stored(real.output(i), node.output(i).type(), to));
    }
    return new Outcome.Replaced(List.copyOf(outputs));
  }

  private static Value stored(Value real, TensorType type, GraphBuilder to) {
    return type.isQuantized()
        ? to.addQuantized(new Convert(type.dtype()), type.dtype(), type.quantization(), real)
        : real;
  }
}
