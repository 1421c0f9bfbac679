package watari.format.onnx;

import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// A rewrite that is small enough for one method.
///
/// @param step returns what replaces the root; [#leave] where it does not apply
record OnnxRule<O extends Op>(String name, Class<O> root, Step<O> step) implements Rule<O> {
  /// The rewrite itself.
  @FunctionalInterface
  interface Step<O extends Op> {
    Outcome apply(O op, Match<O> match);
  }

  @Override
  public Outcome apply(Match<O> match) {
    return step.apply(match.op(), match);
  }

  static Outcome left(String reason) {
    return new Outcome.Left(reason);
  }
}
