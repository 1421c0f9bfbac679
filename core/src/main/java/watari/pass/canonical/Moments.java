package watari.pass.canonical;

import java.util.Optional;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Reduce;
import watari.op.Shapes;

/// Means and squares in normalisations that are written out.
///
/// @param inner takes the nodes that are found
/// @param inference knows the axes
record Moments(Inner inner, Inference inference) {

  /// What a mean over the last axes, kept as dims of 1, is taken of.
  record Mean(Value of, int firstAxis) {}

  Optional<Mean> mean(Value value) {
    return reduced(value, Reduce.Kind.MEAN);
  }

  /// What is reduced over the last axes, kept as dims of 1.
  Optional<Mean> reduced(Value value, Reduce.Kind kind) {
    var node = inner.producer(value, Reduce.class);
    if (node.isEmpty() || !node.get().op().equals(new Reduce(kind, true))) return Optional.empty();
    return firstAxis(node.get()).map(axis -> new Mean(node.get().input(0), axis));
  }

  private Optional<Integer> firstAxis(Node reduce) {
    var shape = reduce.input(0).shape();
    if (!shape.isRanked() || !reduce.input(1).isConstant()) return Optional.empty();
    var axes = Shapes.axes(reduce.input(1).constant().orElseThrow().longs(), shape.rank());
    int first = shape.rank() - axes.size();
    for (int i = first; i < shape.rank(); i++) if (!axes.contains(i)) return Optional.empty();
    return axes.isEmpty() ? Optional.empty() : Optional.of(first);
  }

  /// What a square is made of.
  Optional<Value> squared(Value value) {
    var square = inner.unary(value, Unary.Kind.SQUARE);
    if (square.isPresent()) return Optional.of(square.get().input(0));
    var product = inner.binary(value, Binary.Kind.MUL);
    if (product.isPresent()) {
      return Optional.of(product.get().input(0)).filter(x -> x == product.get().input(1));
    }
    var power = inner.binary(value, Binary.Kind.POW);
    return power.filter(node -> Constants.isScalar(node.input(1), 2)).map(node -> node.input(0));
  }

  /// A value and what is added to it, where the value is `1 / sqrt(…)` of their sum.
  record Root(Value of, double epsilon) {}

  /// The divisor of a quotient `x / sqrt(v + epsilon)`, however it is written.
  record Quotient(Value dividend, Root root) {}

  Optional<Quotient> quotient(Node node) {
    if (node.op().equals(new Binary(Binary.Kind.DIV))) {
      return root(node.input(1)).map(root -> new Quotient(node.input(0), root));
    }
    if (!node.op().equals(new Binary(Binary.Kind.MUL))) return Optional.empty();
    for (int i = 0; i < 2; i++) {
      var dividend = node.input(1 - i);
      var root = inverseRoot(node.input(i));
      if (root.isPresent()) return root.map(r -> new Quotient(dividend, r));
    }
    return Optional.empty();
  }

  /// `1 / sqrt(v + epsilon)`.
  Optional<Root> inverseRoot(Value value) {
    var direct = value.producer().filter(node -> node.op().equals(new Unary(Unary.Kind.RSQRT)));
    if (direct.isPresent()) return sum(inner.add(direct.get()).input(0));
    var inverse = value.producer().filter(Moments::isReciprocal);
    if (inverse.isEmpty()) return Optional.empty();
    inner.add(inverse.get());
    boolean quotient = inverse.get().op() instanceof Binary;
    return root(inverse.get().input(quotient ? 1 : 0));
  }

  private static boolean isReciprocal(Node node) {
    if (node.op().equals(new Unary(Unary.Kind.RECIPROCAL))) return true;
    return node.op().equals(new Binary(Binary.Kind.DIV)) && Constants.isScalar(node.input(0), 1);
  }

  /// `sqrt(v + epsilon)`.
  private Optional<Root> root(Value value) {
    var root = inner.unary(value, Unary.Kind.SQRT);
    if (root.isPresent()) return sum(root.get().input(0));
    var power = inner.binary(value, Binary.Kind.POW);
    return power
        .filter(node -> Constants.isScalar(node.input(1), 0.5))
        .flatMap(node -> sum(node.input(0)));
  }

  private Optional<Root> sum(Value value) {
    var affine = Affine.of(value);
    if (affine.factor() != 1 || affine.offset() < 0) return Optional.empty();
    inner.addAll(affine.nodes());
    return Optional.of(new Root(affine.source(), affine.offset()));
  }
}
