package watari.pass.canonical;

import watari.op.ShapeOp.Transpose;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `Transpose(Transpose(x))` → one `Transpose`.
public final class MergeTransposes implements Rule<Transpose> {
  @Override
  public Class<Transpose> root() {
    return Transpose.class;
  }

  @Override
  public Outcome apply(Match<Transpose> match) {
    var first = match.producer(0, Transpose.class).orElse(null);
    if (first == null || !(first.op() instanceof Transpose(var perm))) {
      return leave("input 0 is not transposed");
    }
    var x = first.input(0).type();
    var between = first.output().type();
    boolean kept =
        x.dtype() == between.dtype()
            && x.quantization().transposed(perm).equals(between.quantization());
    if (!kept) return leave("the value between is stored otherwise");
    if (match.isSolelyUsed(first)) match.absorb(first);
    var both = match.op().perm().stream().map(perm::get).toList();
    return match.replaceWith(new Transpose(both), first.input(0));
  }
}
