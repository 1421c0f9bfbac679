package watari.pass.request;

import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.pass.replace.Formula;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.tensor.DataType;

/// Activations for each other.
final class Activations {
  /// The float32 below 1/6: TensorFlow's converter takes `x · relu6(x + 3) · (1/6)` for HardSwish.
  private static final float BELOW_SIXTH = Math.nextDown(1 / 6f);

  private Activations() {}

  static Outcome hardSwish(Unary op, Match<Unary> match, Formula f) {
    if (op.kind() != Unary.Kind.HARD_SWISH) return OnRequest.left("it is no HardSwish");
    var x = match.input(0);
    var gate = f.op(new Clip(0, 6), f.add(x, 3));
    return match.replaceWith(f.mul(f.mul(x, gate), BELOW_SIXTH));
  }

  static Outcome swishToHardSwish(Swish op, Match<Swish> match, Formula f) {
    if (op.alpha() != 1) return OnRequest.left("its alpha is " + op.alpha());
    return match.replaceWith(f.unary(Unary.Kind.HARD_SWISH, match.input(0)));
  }

  static Outcome hardSwishToSwish(Unary op, Match<Unary> match, Formula f) {
    if (op.kind() != Unary.Kind.HARD_SWISH) return OnRequest.left("it is no HardSwish");
    return match.replaceWith(f.op(new Swish(1), match.input(0)));
  }

  static Outcome preluToMinMax(PRelu op, Match<PRelu> match, Formula f) {
    return match.replaceWith(minMax(match.input(0), match.input(1), f));
  }

  static Outcome leakyReluToMinMax(LeakyRelu op, Match<LeakyRelu> match, Formula f) {
    var x = match.input(0);
    return match.replaceWith(minMax(x, f.scalar(x, op.alpha()), f));
  }

  private static Value minMax(Value x, Value alpha, Formula f) {
    return f.add(f.max(x, 0), f.mul(alpha, f.min(x, 0)));
  }

  /// `relu(x) + alpha · min(x, 0)`, in either order.
  static Outcome minMaxToPRelu(Binary op, Match<Binary> match, Formula f) {
    if (op.kind() != Binary.Kind.ADD) return OnRequest.left("it is no sum");
    for (int i = 0; i < 2; i++) {
      var above = positive(match, i);
      var product = match.soleProducer(1 - i, Binary.class).filter(Activations::isProduct);
      if (above.isEmpty() || product.isEmpty()) continue;
      var x = above.get();
      for (int k = 0; k < 2; k++) {
        var alpha = product.get().input(k);
        if (!isNegativePart(product.get().input(1 - k), x, match)) continue;
        if (!alpha.isConstant()) return OnRequest.left("alpha is no constant");
        if (x.dtype() != DataType.FLOAT32 && x.dtype() != DataType.FLOAT16) break;
        if (!x.shape().equals(match.output().shape())) return OnRequest.left("it broadcasts");
        match.absorb(product.get());
        return match.replaceWith(new PRelu(), x, alpha);
      }
    }
    return OnRequest.left("it is not max(x, 0) + alpha · min(x, 0)");
  }

  private static boolean isProduct(Node node) {
    return node.op().equals(new Binary(Binary.Kind.MUL));
  }

  /// What an input is the positive part of.
  private static Optional<Value> positive(Match<Binary> match, int input) {
    var relu = match.soleProducer(input, Unary.class).filter(Activations::isRelu);
    var clip =
        match
            .soleProducer(input, Clip.class)
            .filter(node -> node.op().equals(new Clip(0, Double.POSITIVE_INFINITY)));
    return relu.or(() -> clip).map(node -> node.input(0));
  }

  private static boolean isRelu(Node node) {
    return node.op().equals(new Unary(Unary.Kind.RELU));
  }

  private static boolean isNegativePart(Value value, Value x, Match<Binary> match) {
    return value
        .producer()
        .filter(match::isSolelyUsed)
        .filter(node -> node.op().equals(new Clip(Double.NEGATIVE_INFINITY, 0)))
        .filter(node -> node.input(0) == x)
        .isPresent();
  }
}
