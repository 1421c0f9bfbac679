package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · hardSigmoid(x)`, or `x · clip(x + 3, 0, 6) / 6` → `HARD_SWISH(x)`.
public final class FuseHardSwish implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    var factors = Factors.of(match.output());
    if (factors.values().size() != 2) return leave("it is no product of two");
    for (int i = 0; i < 2; i++) {
      var x = factors.values().get(i);
      var gate = factors.values().get(1 - i);
      var inner = new Inner();
      inner.addAll(factors.nodes());
      var sigmoid = inner.producer(gate, HardSigmoid.class);
      var clip = inner.producer(gate, Clip.class);
      double scale = clip.isPresent() ? 1 / 6.0 : 1;
      if (!factors.are(scale, x, gate)) continue;
      if (sigmoid.isPresent()) {
        boolean same =
            sigmoid.get().op().equals(FuseHardSigmoid.SIXTH) && sigmoid.get().input(0) == x;
        if (!same) continue;
      } else {
        if (clip.isEmpty() || !clip.get().op().equals(new Clip(0, 6))) continue;
        var sum = Affine.of(clip.get().input(0));
        if (sum.source() != x || !sum.is(1, 3)) continue;
        inner.addAll(sum.nodes());
      }
      if (!x.shape().equals(match.output().shape())) return leave("it broadcasts");
      if (x.type().isQuantized()) return leave("it works on quantized values");
      if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
      return match.replaceWith(new Unary(Unary.Kind.HARD_SWISH), x);
    }
    return leave("no factor is the other's hard sigmoid");
  }
}
