package watari.pass.canonical;

import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Quantization;

/// `Transpose(x)` → `Reshape(x)` where only axes of dim 1 move: no element changes its place.
///
/// Only behind layout assignment, which knows a Transpose better than a Reshape.
public final class ReplaceTransposeByReshape implements Rule<Transpose> {
  @Override
  public Class<Transpose> root() {
    return Transpose.class;
  }

  @Override
  public Outcome apply(Match<Transpose> match) {
    var shape = match.input(0).shape();
    if (!shape.isRanked()) return leave("the rank is not known");
    if (!shape.isUnmovedBy(match.op().perm())) {
      return leave("axes of more than one element move");
    }
    if (match.input(0).type().quantization() instanceof Quantization.PerAxis) {
      return leave("it is quantized per axis");
    }
    if (shape.unknownDims() > 1) return leave("more than one dim is not known");
    var dims =
        shape.transposed(match.op().perm()).dims().stream()
            .map(dim -> dim.isFixed() ? dim.fixed() : -1L)
            .toList();
    var to = match.build().vector(dims);
    return match.replaceWith(new Reshape(true), match.input(0), to);
  }
}
