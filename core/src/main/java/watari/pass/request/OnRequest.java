package watari.pass.request;

import watari.op.Op;
import watari.pass.replace.Formula;
import watari.pass.replace.InFloats;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// A rewrite of one operator that leaves quantized ones alone: what would stand between has no
/// scales.
///
/// @param step returns what replaces the root
record OnRequest<O extends Op>(String name, Class<O> root, Step<O> step) implements Rule<O> {
  /// The rewrite itself.
  interface Step<O extends Op> {
    Outcome apply(O op, Match<O> match, Formula f);
  }

  @Override
  public Outcome apply(Match<O> match) {
    if (InFloats.isQuantized(match.node())) {
      return leave("it works on quantized values; replace before the model is quantized");
    }
    return step.apply(match.op(), match, new Formula(match));
  }

  static Outcome left(String reason) {
    return new Outcome.Left(reason);
  }
}
