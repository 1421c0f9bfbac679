package watari.format.tflite.legalize;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// What LiteRT computes in float64: a few element-wise operators of StableHLO, CAST, BITCAST, and
/// what only changes shapes.
///
/// Source: LiteRT 2.3, tflite/kernels/stablehlo_elementwise.h, bitcast.cc, cast.cc.
final class Float64Kernels {
  /// Those that become StableHLO's addition, product, maximum and minimum.
  private static final Set<Binary.Kind> ARITHMETIC =
      EnumSet.of(
          Binary.Kind.ADD, Binary.Kind.SUB, Binary.Kind.MUL, Binary.Kind.MAX, Binary.Kind.MIN);

  /// What a float64 is cast from or to without another carrier.
  private static final Set<DataType> CAST =
      EnumSet.of(
          DataType.FLOAT64,
          DataType.FLOAT32,
          DataType.FLOAT16,
          DataType.BOOL,
          DataType.INT8,
          DataType.INT16,
          DataType.INT32,
          DataType.INT64,
          DataType.UINT8);

  private Float64Kernels() {}

  /// Whether all that a graph does with float64 can stay in it.
  static boolean keep(Graph graph) {
    for (var node : graph) {
      boolean touches = values(node).anyMatch(value -> value.dtype() == DataType.FLOAT64);
      if (touches && !keeps(node)) return false;
      for (var body : node.bodies()) if (uses(body)) return false;
    }
    return true;
  }

  private static boolean uses(Graph graph) {
    if (graph.inputs().stream().anyMatch(value -> value.dtype() == DataType.FLOAT64)) return true;
    for (var node : graph) {
      if (values(node).anyMatch(value -> value.dtype() == DataType.FLOAT64)) return true;
      for (var body : node.bodies()) if (uses(body)) return true;
    }
    return false;
  }

  private static Stream<Value> values(Node node) {
    return Stream.concat(node.inputs().stream(), node.outputs().stream()).filter(Value::isPresent);
  }

  private static boolean keeps(Node node) {
    return switch (node.op()) {
      case Binary(var kind) -> ARITHMETIC.contains(kind) && isEasilyBroadcast(node);
      case Unary(var kind) -> kind == Unary.Kind.NEG;
      case Cast _ -> values(node).allMatch(value -> CAST.contains(value.dtype()));
      case Bitcast _ -> node.input(0).dtype().bits() == node.output().dtype().bits();
      case Identity _, Expand _, Flatten _, Reshape _, ShapeOf _, Squeeze _, Unsqueeze _ -> true;
      default -> false;
    };
  }

  /// Its kernels take two operands of one shape.
  private static boolean isEasilyBroadcast(Node node) {
    var shape = node.output().shape();
    return shape.isFixed() || node.inputs().stream().allMatch(x -> x.shape().equals(shape));
  }

  /// Operands brought to one shape; differences and negations by products with -1, which are exact.
  static List<Rule<?>> rules() {
    return List.of(
        new SmallRule<>("ReplaceFloat64Binary", Binary.class, Float64Kernels::binary),
        new SmallRule<>("ReplaceFloat64Negation", Unary.class, Float64Kernels::negation));
  }

  private static Outcome binary(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    var shape = match.output().shape();
    if (a.dtype() != DataType.FLOAT64 || !ARITHMETIC.contains(op.kind())) {
      return Replacement.left("it does no arithmetic on float64");
    }
    if (op.kind() == Binary.Kind.SUB) return match.replaceWith(f.add(a, f.mul(b, -1)));
    if (a.shape().equals(shape) && b.shape().equals(shape)) {
      return Replacement.left("its operands have one shape");
    }
    if (!shape.isFixed()) return Replacement.left("the shape is not fixed");
    return match.replaceWith(f.op(op, broadcast(a, match, f), broadcast(b, match, f)));
  }

  private static Value broadcast(Value x, Match<? extends Op> match, Formula f) {
    var shape = match.output().shape();
    return x.shape().equals(shape) ? x : f.expand(x, shape);
  }

  private static Outcome negation(Unary op, Match<Unary> match, Formula f) {
    var x = match.input(0);
    if (x.dtype() != DataType.FLOAT64 || op.kind() != Unary.Kind.NEG) {
      return Replacement.left("it negates no float64");
    }
    return match.replaceWith(f.mul(x, -1));
  }
}
