package watari.rewrite;

import watari.op.Op;

/// One rewrite, rooted at one kind of operator.
///
/// A rule looks at its match and returns what should replace the root's outputs; only the engine
/// edits the graph. Rules have no state.
public interface Rule<O extends Op> {
  /// The record, or the sealed family, whose nodes it looks at.
  Class<O> root();

  Outcome apply(Match<O> match);

  /// The rule's name in reports.
  default String name() {
    return getClass().getSimpleName();
  }

  /// For the reason why a rule does not fire: shown by `--explain`.
  default Outcome leave(String reason) {
    return new Outcome.Left(reason);
  }
}
