package watari.pass;

import java.util.List;
import watari.pass.canonical.FoldPadIntoWindow;
import watari.pass.canonical.FuseBatchBlocks;
import watari.pass.canonical.FuseBatchNorm;
import watari.pass.canonical.FuseChannelArithmetic;
import watari.pass.canonical.FuseClips;
import watari.pass.canonical.FuseGelu;
import watari.pass.canonical.FuseHardSigmoid;
import watari.pass.canonical.FuseHardSwish;
import watari.pass.canonical.FuseL2Norm;
import watari.pass.canonical.FuseLayerNorm;
import watari.pass.canonical.FuseMish;
import watari.pass.canonical.FuseNormScale;
import watari.pass.canonical.FuseRmsNorm;
import watari.pass.canonical.FuseSwish;
import watari.pass.canonical.FuseTensorFlowLayerNorm;
import watari.pass.canonical.MergeReshapes;
import watari.pass.canonical.MergeTransposes;
import watari.pass.canonical.MoveBeforeCast;
import watari.pass.canonical.RemoveIdentity;
import watari.pass.canonical.RemoveNeutralArithmetic;
import watari.pass.canonical.ReplaceMatMulByFullyConnected;
import watari.pass.canonical.ReplaceMinMaxByClip;
import watari.pass.canonical.ReplaceTransposeByReshape;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.fold.SettleBranches;
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
            Stage.of(idioms(), new DeadCode(), new ConstantFolding(), new CommonSubexpressions()),
            new Stage(cleaning())));
  }

  /// What layout assignment leaves to tidy: Transposes that meet, or that move nothing.
  public static List<Pass> afterLayout() {
    return List.of(
        new RulePass(
            "transposes",
            List.of(
                new MergeTransposes(),
                new RemoveIdentity(),
                new ReplaceTransposeByReshape(),
                new MergeReshapes())),
        new DeadCode());
  }

  /// Constants, doubles and leftovers.
  private static List<Pass> cleaning() {
    return List.of(
        new DeadCode(),
        SettleBranches.known(),
        new ConstantFolding(),
        new RulePass(
            "identities",
            List.of(
                new RemoveIdentity(),
                new RemoveNeutralArithmetic(),
                new MergeTransposes(),
                new MergeReshapes(),
                new MoveBeforeCast())),
        new CommonSubexpressions(),
        SettleBranches.tried(),
        new DeadCode());
  }

  /// Operators that sources write out.
  private static Pass idioms() {
    return new RulePass(
        "idioms",
        List.of(
            new ReplaceMinMaxByClip(),
            new FuseClips(),
            new FuseHardSigmoid(),
            new FuseHardSwish(),
            new FuseSwish(),
            new FuseMish(),
            new FuseGelu(),
            new FuseTensorFlowLayerNorm(),
            new FuseLayerNorm(),
            new FuseRmsNorm(),
            new FuseL2Norm(),
            new FuseNormScale(),
            new FuseBatchBlocks(),
            new FoldPadIntoWindow(),
            new ReplaceMatMulByFullyConnected(),
            new FuseBatchNorm(),
            new FuseChannelArithmetic()));
  }
}
