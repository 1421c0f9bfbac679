package watari.pass.replace;

import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// A rewrite of one method, which itself says what becomes of quantized operands.
///
/// @param step returns what replaces the root; [Replacement#left] where it does not apply
public record SmallRule<O extends Op>(String name, Class<O> root, Replacement.Step<O> step)
    implements Rule<O> {
  @Override
  public Outcome apply(Match<O> match) {
    return step.apply(match.op(), match, new Formula(match));
  }
}
