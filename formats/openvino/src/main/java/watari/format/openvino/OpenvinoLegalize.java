package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.IndexOp.Compress;
import watari.op.MatMulOp.Det;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.RmsNorm;
import watari.op.Op;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ReduceOp.Reduce;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.replace.ReplaceComplex;
import watari.pass.replace.ReplaceDetection;
import watari.pass.replace.ReplaceElementwise;
import watari.pass.replace.ReplaceGridSample;
import watari.pass.replace.ReplaceIndexing;
import watari.pass.replace.ReplaceMaxIndices;
import watari.pass.replace.ReplaceNorms;
import watari.pass.replace.ReplaceRecurrent;
import watari.pass.replace.ReplaceReductions;
import watari.pass.replace.ReplaceRegions;
import watari.pass.replace.ReplaceSequence;
import watari.pass.replace.ReplaceSignal;
import watari.pass.storage.MakeQuantizationExplicit;
import watari.rewrite.Match;
import watari.rewrite.Pass;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;
import watari.rewrite.Rules;

/// The order in which a graph becomes writable as IR.
final class OpenvinoLegalize {
  private OpenvinoLegalize() {}

  /// Before layouts are assigned: operators that IR lacks.
  static List<Pass> decompose() {
    var rules = new ArrayList<>(lacking());
    rules.addAll(OpenvinoResizeRules.beforeLayouts());
    return List.of(
        ReplaceSequence.pass(_ -> false),
        new RulePass("openvino-decompose", rules),
        new DeadCode(),
        new ConstantFolding(),
        new DeadCode());
  }

  /// After that: quantization made explicit, then modes and element types.
  static List<Pass> legalize() {
    var rules = new ArrayList<>(lacking());
    rules.addAll(OpenvinoResizeRules.all());
    rules.addAll(OpenvinoShapeRules.all());
    rules.addAll(OpenvinoWindowRules.all());
    rules.addAll(OpenvinoQuantizeRules.all());
    rules.addAll(OpenvinoTypeRules.all());
    rules.addAll(OpenvinoIntegerRules.all());
    return List.of(
        new OpenvinoStates(),
        new OpenvinoLoops(),
        new OpenvinoRounding(),
        new MakeQuantizationExplicit(_ -> false),
        new RulePass("openvino-legalize", rules),
        new DeadCode(),
        new CommonSubexpressions(),
        new DeadCode());
  }

  private static List<Rule<?>> lacking() {
    var rules = new ArrayList<Rule<?>>();
    rules.add(ReplaceReductions.emptyReduce());
    rules.add(ReplaceMaxIndices.rule(MaxPool::columnMajor));
    rules.add(unless(OpenvinoLegalize::isReduction, ReplaceReductions.reduce()));
    rules.add(ReplaceReductions.argReduce());
    rules.add(ReplaceReductions.cumulative());
    rules.addAll(
        Rules.of(
            ReplaceElementwise.activations(), Celu.class, ThresholdedRelu.class, Shrink.class));
    rules.add(ReplaceComplex.complexPart());
    rules.addAll(ReplaceDetection.all());
    rules.addAll(ReplaceSignal.all());
    rules.addAll(Rules.of(ReplaceRegions.all(), MaxUnpool.class, Det.class));
    for (var rule : Rules.of(ReplaceRegions.all(), RoiAlign.class)) {
      rules.add(unlessAverage(rule));
    }
    rules.addAll(Rules.of(ReplaceNorms.statistics(), RmsNorm.class));
    rules.add(ReplaceNorms.hardmax());
    rules.add(unless(m -> isNormalization(m.op()), ReplaceNorms.lpNorm()));
    rules.add(unless(m -> m.op().size() % 2 == 1, ReplaceNorms.lrn()));
    rules.addAll(Rules.of(ReplaceIndexing.all(), Compress.class));
    rules.add(unless(m -> m.input(0).shape().hasRank(4), ReplaceGridSample.gridSample()));
    rules.addAll(recurrent());
    rules.addAll(OpenvinoQuotientRules.all());
    rules.addAll(OpenvinoElementRules.all());
    return rules;
  }

  private static List<Rule<?>> recurrent() {
    var rules = new ArrayList<Rule<?>>();
    for (var rule : ReplaceRecurrent.all()) rules.add(unlessExpressible(rule));
    return rules;
  }

  /// Of the largest samples OpenVINO has another notion.
  private static <O extends Op> Rule<O> unlessAverage(Rule<O> rule) {
    return unless(match -> match.op() instanceof RoiAlign align && align.average(), rule);
  }

  private static <O extends Op> Rule<O> unlessExpressible(Rule<O> rule) {
    return unless(match -> OpenvinoWriteRecurrent.isExpressible(match.node()), rule);
  }

  /// What NormalizeL2 says: roots of squares that do not get too small.
  static boolean isNormalization(LpNorm op) {
    return op.p() == 2 && op.epsilon() > 0;
  }

  /// Without axes an L1 or L2 norm of each element alone is not what IR gives: the element.
  private static boolean isReduction(Match<Reduce> match) {
    boolean isNone = match.integers(1).filter(axes -> axes.length == 0).isPresent();
    return switch (match.op().kind()) {
      case LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> false;
      default -> !isNone;
    };
  }

  private static <O extends Op> Rule<O> unless(Predicate<Match<O>> isNative, Rule<O> rule) {
    return Rules.unless(isNative, "IR has it", rule);
  }
}
