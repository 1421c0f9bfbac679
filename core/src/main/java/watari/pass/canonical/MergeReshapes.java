package watari.pass.canonical;

import java.util.ArrayList;
import java.util.Optional;
import watari.graph.Node;
import watari.op.Op;
import watari.op.ShapeOp;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;

/// `Reshape(Reshape(x))` → one `Reshape`; Flatten, Squeeze and Unsqueeze are reshapes, too.
///
/// Holds where one dim of the result at most is not known.
public final class MergeReshapes implements Rule<ShapeOp> {
  @Override
  public Class<ShapeOp> root() {
    return ShapeOp.class;
  }

  @Override
  public Outcome apply(Match<ShapeOp> match) {
    if (!isReshape(match.op())) return leave("it does not reshape");
    var first = match.producer(0, ShapeOp.class).filter(node -> isReshape(node.op())).orElse(null);
    if (first == null) return leave("input 0 is not reshaped");
    var x = first.input(0).type();
    var between = first.output().type();
    boolean kept = x.dtype() == between.dtype() && x.quantization().equals(between.quantization());
    if (!kept) return leave("the value between is stored otherwise");
    var shape = target(match.output().shape());
    if (shape.isEmpty()) return leave("two dims or more are not known");
    if (match.isSolelyUsed(first)) match.absorb(first);
    return merged(match, first, shape.get());
  }

  private static Outcome merged(Match<ShapeOp> match, Node first, long[] shape) {
    var builder = match.build();
    var value = builder.add(new Reshape(true), first.input(0), builder.vector(shape));
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  private static boolean isReshape(Op op) {
    return switch (op) {
      case Reshape _, Flatten _, Squeeze _, Unsqueeze _ -> true;
      default -> false;
    };
  }

  /// The shape with -1 for the one dim that is not known.
  private static Optional<long[]> target(Shape shape) {
    if (!shape.isRanked()) return Optional.empty();
    var dims = new ArrayList<Long>();
    for (var dim : shape.dims()) dims.add(dim.isFixed() ? dim.fixed() : -1L);
    boolean ambiguous =
        dims.stream().filter(dim -> dim < 0).count() > 1 || dims.contains(-1L) && dims.contains(0L);
    return ambiguous
        ? Optional.empty()
        : Optional.of(dims.stream().mapToLong(Long::longValue).toArray());
  }
}
