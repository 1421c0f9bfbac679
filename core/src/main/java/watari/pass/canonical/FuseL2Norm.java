package watari.pass.canonical;

import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.LpNorm;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Expand;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · rsqrt(max(sum(x²), epsilon))`, or `x / max(‖x‖₂, epsilon)` → `LpNorm(x)`.
///
/// Holds along the last axis alone.
public final class FuseL2Norm implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    return switch (match.op().kind()) {
      case MUL -> {
        for (int i = 0; i < 2; i++) {
          var inner = new Inner();
          var root = inner.unary(match.input(i), Unary.Kind.RSQRT);
          if (root.isEmpty()) continue;
          yield byRoot(match, match.input(1 - i), root.get().input(0), inner);
        }
        yield leave("no operand is an inverse root");
      }
      case DIV -> byNorm(match, new Inner());
      default -> leave("it neither multiplies nor divides");
    };
  }

  private Outcome byRoot(Match<Binary> match, Value x, Value sum, Inner inner) {
    var moments = new Moments(inner, match.inference());
    var limited = limit(sum, inner);
    if (limited.isEmpty()) return leave("the sum has no lower limit");
    var reduced = moments.reduced(limited.get().of(), Reduce.Kind.SUM);
    boolean squares =
        reduced.flatMap(of -> moments.squared(of.of())).filter(of -> of == x).isPresent();
    if (!squares) {
      reduced = moments.reduced(limited.get().of(), Reduce.Kind.SUM_SQUARE);
      if (reduced.filter(of -> of.of() == x).isEmpty()) return leave("it is no sum of squares");
    }
    return fused(match, x, reduced.orElseThrow(), Math.sqrt(limited.get().min()), inner);
  }

  private Outcome byNorm(Match<Binary> match, Inner inner) {
    var x = match.input(0);
    var divisor = match.input(1);
    var expanded = inner.producer(divisor, Expand.class);
    if (expanded.isPresent()) divisor = expanded.get().input(0);
    var limited = limit(divisor, inner);
    if (limited.isEmpty()) return leave("the norm has no lower limit");
    var moments = new Moments(inner, match.inference());
    var norm = moments.reduced(limited.get().of(), Reduce.Kind.L2);
    if (norm.filter(of -> of.of() == x).isEmpty()) return leave("it does not divide by the norm");
    return fused(match, x, norm.get(), limited.get().min(), inner);
  }

  private record Limited(Value of, double min) {}

  private static Optional<Limited> limit(Value value, Inner inner) {
    return inner
        .producer(value, Clip.class)
        .filter(node -> node.op() instanceof Clip(double min, double max) && min >= 0 && max > 1e30)
        .map(node -> new Limited(node.input(0), ((Clip) node.op()).min()));
  }

  private Outcome fused(
      Match<Binary> match, Value x, Moments.Mean along, double epsilon, Inner inner) {
    int rank = x.shape().rank();
    if (along.firstAxis() != rank - 1) return leave("it reaches over several axes");
    if (!match.output().shape().equals(x.shape())) return leave("it broadcasts");
    if (x.type().isQuantized()) return leave("it works on quantized values");
    if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
    return match.replaceWith(new LpNorm(rank - 1, 2, (float) epsilon), x);
  }
}
