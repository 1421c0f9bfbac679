package watari.pass.canonical;

import java.util.Optional;
import watari.op.ElementwiseOp;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `Clip(Clip(x))` → one `Clip`, where a ReLU is a clip from 0 on; `Clip(x, 0, ∞)` → `RELU(x)`.
///
/// Holds where the ranges meet: else all elements become one number, by an order that matters.
public final class FuseClips implements Rule<ElementwiseOp> {
  private static final Clip FROM_ZERO = new Clip(0, Double.POSITIVE_INFINITY);

  @Override
  public Class<ElementwiseOp> root() {
    return ElementwiseOp.class;
  }

  @Override
  public Outcome apply(Match<ElementwiseOp> match) {
    var outer = clip(match.op());
    if (outer.isEmpty()) return leave("it does not clip");
    var x = match.input(0);
    var node = x.producer().filter(from -> clip(from.op()).isPresent());
    if (node.isEmpty()) {
      return match.op() instanceof Clip && outer.get().equals(FROM_ZERO)
          ? match.replaceWith(new Unary(Unary.Kind.RELU), x)
          : leave("what it clips is not clipped");
    }
    var inner = new Inner();
    inner.add(node.get());
    var first = clip(node.get().op()).orElseThrow();
    double min = Math.max(first.min(), outer.get().min());
    double max = Math.min(first.max(), outer.get().max());
    if (min > max) return leave("the ranges do not meet");
    if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
    return match.replaceWith(new Clip(min, max), node.get().input(0));
  }

  private static Optional<Clip> clip(Op op) {
    return switch (op) {
      case Clip clip -> Optional.of(clip);
      case Unary(var kind) when kind == Unary.Kind.RELU -> Optional.of(FROM_ZERO);
      default -> Optional.empty();
    };
  }
}
