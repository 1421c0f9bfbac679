package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `clip(x + 3, 0, 6) / 6` → `HardSigmoid(x)` with 1/6 and 0.5.
public final class FuseHardSigmoid implements Rule<Binary> {
  static final HardSigmoid SIXTH = new HardSigmoid(1 / 6f, 0.5f);

  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    var factors = Factors.of(match.output());
    if (factors.values().size() != 1) return leave("it does not scale one value");
    var clipped = factors.values().get(0);
    if (!factors.are(1 / 6.0, clipped)) return leave("it does not divide by 6");
    var inner = new Inner();
    inner.addAll(factors.nodes());
    var clip = inner.producer(clipped, Clip.class);
    if (clip.isEmpty() || !clip.get().op().equals(new Clip(0, 6))) {
      return leave("what it divides is not clipped to 0 and 6");
    }
    var sum = Affine.of(clip.get().input(0));
    if (!sum.is(1, 3)) return leave("what it clips is not a value and 3");
    inner.addAll(sum.nodes());
    if (!sum.source().shape().equals(match.output().shape())) return leave("it broadcasts");
    if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
    return match.replaceWith(SIXTH, sum.source());
  }
}
