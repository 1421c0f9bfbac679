package watari.pass;

import java.util.List;
import watari.pass.canonical.RemoveIdentity;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.storage.FoldQuantization;
import watari.rewrite.Pass;
import watari.rewrite.Pipeline;
import watari.rewrite.Pipeline.Stage;
import watari.rewrite.RulePass;

/// The pipelines, as lists of stages.
public final class Pipelines {
  private Pipelines() {}

  /// What every model goes through first: one form for each idiom.
  public static List<Pass> canonical() {
    return List.of(
        Pipeline.of(
            "canonical",
            new Stage(cleaning()),
            Stage.of(new FoldQuantization()),
            new Stage(cleaning())));
  }

  /// Constants, doubles and leftovers.
  private static List<Pass> cleaning() {
    return List.of(
        new DeadCode(),
        new ConstantFolding(),
        new RulePass("identities", List.of(new RemoveIdentity())),
        new CommonSubexpressions(),
        new DeadCode());
  }
}
