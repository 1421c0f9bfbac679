package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.op.NormOp.RmsNorm;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x / sqrt(mean(x²) + epsilon)` over the last axes → `RmsNorm(x)` with scale 1.
///
/// The normalised dims must be known.
public final class FuseRmsNorm implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    var inner = new Inner();
    var moments = new Moments(inner, match.inference());
    var quotient = moments.quotient(match.node());
    if (quotient.isEmpty()) return leave("it does not divide by a root");
    var mean = moments.mean(quotient.get().root().of());
    if (mean.isEmpty()) return leave("the root is not of a mean over the last axes");
    var x = quotient.get().dividend();
    if (moments.squared(mean.get().of()).filter(of -> of == x).isEmpty()) {
      return leave("the mean is not of squares");
    }
    if (x.type().isQuantized()) return leave("it works on quantized values");
    var scale = FuseLayerNorm.ones(x, mean.get().firstAxis());
    if (scale.isEmpty()) return leave("a normalised dim is not known");
    if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
    var builder = match.build();
    float epsilon = (float) quotient.get().root().epsilon();
    var norm = new RmsNorm(mean.get().firstAxis(), epsilon);
    var value = builder.add(norm, x, builder.constant(scale.get()));
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }
}
