package watari.pass.replace;

import java.util.function.Predicate;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.FakeQuantize;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// FakeQuantize → limited to the input range, then brought to whole steps and from there to the
/// output range.
public final class ReplaceFakeQuantize {
  private ReplaceFakeQuantize() {}

  /// @param isNative whether the target has an operator for it
  public static Rule<FakeQuantize> fakeQuantize(Predicate<Match<FakeQuantize>> isNative) {
    return new Replacement<>(
        "ReplaceFakeQuantize",
        FakeQuantize.class,
        (op, match, f) ->
            isNative.test(match)
                ? Replacement.left("it is an operator")
                : fakeQuantize(op, match, f));
  }

  private static Outcome fakeQuantize(FakeQuantize op, Match<FakeQuantize> match, Formula f) {
    var low = match.input(1);
    var high = match.input(2);
    var limited = f.min(f.max(match.input(0), low), high);
    var share = f.div(f.sub(limited, low), f.sub(high, low));
    double levels = op.levels() - 1.0;
    var steps = f.unary(Unary.Kind.ROUND, f.mul(share, levels));
    var part = f.div(steps, f.scalar(steps, levels));
    var range = f.sub(match.input(4), match.input(3));
    return match.replaceWith(f.add(f.mul(part, range), match.input(3)));
  }
}
