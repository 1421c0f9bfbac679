package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · sigmoid(alpha · x)` → `Swish(x)`.
public final class FuseSwish implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    if (match.op().kind() != Binary.Kind.MUL) return leave("it does not multiply");
    for (int i = 0; i < 2; i++) {
      var x = match.input(i);
      var inner = new Inner();
      var sigmoid = inner.unary(match.input(1 - i), Unary.Kind.SIGMOID);
      if (sigmoid.isEmpty()) continue;
      var argument = sigmoid.get().input(0);
      double alpha = 1;
      if (argument != x) {
        var affine = Affine.of(argument);
        if (affine.source() != x || affine.offset() != 0) continue;
        inner.addAll(affine.nodes());
        alpha = affine.factor();
      }
      if (x.type().isQuantized()) return leave("it works on quantized values");
      if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
      return match.replaceWith(new Swish((float) alpha), x);
    }
    return leave("no operand is a sigmoid of the other");
  }
}
