package watari.pass.canonical;

import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · tanh(softplus(x))` → `MISH(x)`; softplus may be there as `log(1 + exp(x))`, whose overflow
/// tanh makes 1 as well.
public final class FuseMish implements Rule<Binary> {
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
      var tanh = inner.unary(match.input(1 - i), Unary.Kind.TANH);
      var argument = tanh.flatMap(node -> softplusOf(node.input(0), inner));
      if (argument.isEmpty() || argument.get() != x) continue;
      if (x.type().isQuantized()) return leave("it works on quantized values");
      if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
      return match.replaceWith(new Unary(Unary.Kind.MISH), x);
    }
    return leave("no operand is a tanh of the softplus of the other");
  }

  private static Optional<Value> softplusOf(Value value, Inner inner) {
    var softplus = inner.unary(value, Unary.Kind.SOFTPLUS);
    if (softplus.isPresent()) return Optional.of(softplus.get().input(0));
    var log = inner.unary(value, Unary.Kind.LOG);
    if (log.isEmpty()) return Optional.empty();
    var sum = Affine.of(log.get().input(0));
    if (!sum.is(1, 1)) return Optional.empty();
    inner.addAll(sum.nodes());
    return inner.unary(sum.source(), Unary.Kind.EXP).map(exp -> exp.input(0));
  }
}
