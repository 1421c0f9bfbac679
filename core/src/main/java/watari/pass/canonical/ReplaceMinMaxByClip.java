package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `max(x, 3)` → `Clip(x, 3, ∞)`, `min(x, 6)` → `Clip(x, -∞, 6)`.
public final class ReplaceMinMaxByClip implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    var kind = match.op().kind();
    if (kind != Binary.Kind.MIN && kind != Binary.Kind.MAX) return leave("it is no minimum");
    for (int i = 0; i < 2; i++) {
      var x = match.input(i);
      var bound = Constants.scalar(match.input(1 - i));
      if (bound.isEmpty() || Double.isNaN(bound.getAsDouble())) continue;
      if (x.type().isQuantized() || x.isConstant()) return leave("it works on quantized values");
      if (!match.output().shape().equals(x.shape())) return leave("it broadcasts");
      double limit = bound.getAsDouble();
      return match.replaceWith(
          kind == Binary.Kind.MAX
              ? new Clip(limit, Double.POSITIVE_INFINITY)
              : new Clip(Double.NEGATIVE_INFINITY, limit),
          x);
    }
    return leave("neither operand is a number");
  }
}
