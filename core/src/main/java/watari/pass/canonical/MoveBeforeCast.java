package watari.pass.canonical;

import watari.op.ElementwiseOp.Cast;
import watari.op.ShapeOp;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `Transpose(Cast(constant))` → `Cast(Transpose(constant))`, so that weights stored as float16 are
/// moved as they are stored; the same of reshapes.
public final class MoveBeforeCast implements Rule<ShapeOp> {
  @Override
  public Class<ShapeOp> root() {
    return ShapeOp.class;
  }

  @Override
  public Outcome apply(Match<ShapeOp> match) {
    boolean moves =
        switch (match.op()) {
          case Transpose _, Reshape _, Flatten _, Squeeze _, Unsqueeze _ -> true;
          default -> false;
        };
    if (!moves) return leave("it does not only move");
    var cast = match.producer(0, Cast.class).orElse(null);
    if (cast == null || !cast.input(0).isConstant() || cast.input(0).type().isQuantized()) {
      return leave("input 0 is no constant that is cast");
    }
    if (match.output().type().isQuantized()) return leave("the output is quantized");
    if (match.isSolelyUsed(cast)) match.absorb(cast);
    var builder = match.build();
    var inputs = new java.util.ArrayList<>(match.node().inputs());
    inputs.set(0, cast.input(0));
    return match.replaceWith(builder.add(cast.op(), builder.add(match.op(), inputs)));
  }
}
