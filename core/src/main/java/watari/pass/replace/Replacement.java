package watari.pass.replace;

import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// A rewrite of one operator into others that is small enough for a method.
///
/// A root with quantized operands or results is first put between conversions, so that the method
/// sees plain numbers.
///
/// @param step returns what replaces the root; [#left] where it does not apply
public record Replacement<O extends Op>(String name, Class<O> root, Step<O> step)
    implements Rule<O> {
  /// The rewrite itself.
  @FunctionalInterface
  public interface Step<O extends Op> {
    Outcome apply(O op, Match<O> match, Formula f);
  }

  @Override
  public Outcome apply(Match<O> match) {
    var quantized = InFloats.isQuantized(match.node());
    var outcome = step.apply(match.op(), match, new Formula(match));
    boolean fires = outcome instanceof Outcome.Replaced;
    return quantized && fires ? InFloats.replace(match) : outcome;
  }

  /// The rule does not apply.
  public static Outcome left(String reason) {
    return new Outcome.Left(reason);
  }
}
