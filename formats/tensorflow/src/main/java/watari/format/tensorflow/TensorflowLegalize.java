package watari.format.tensorflow;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Gather;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.replace.Formula;
import watari.pass.replace.ReplaceDetection;
import watari.pass.replace.ReplaceEinsum;
import watari.pass.replace.ReplaceElementwise;
import watari.pass.replace.ReplaceFakeQuantize;
import watari.pass.replace.ReplaceGridSample;
import watari.pass.replace.ReplaceIndexing;
import watari.pass.replace.ReplaceIntegerProducts;
import watari.pass.replace.ReplaceNonMaxSuppression;
import watari.pass.replace.ReplaceNorms;
import watari.pass.replace.ReplaceRecurrent;
import watari.pass.replace.ReplaceReductions;
import watari.pass.replace.ReplaceRegions;
import watari.pass.replace.ReplaceResize;
import watari.pass.replace.ReplaceSequence;
import watari.pass.replace.ReplaceSignal;
import watari.pass.replace.Replacement;
import watari.pass.storage.MakeQuantizationExplicit;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Pass;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;

/// The order in which a graph becomes writable for TensorFlow.
final class TensorflowLegalize {
  private TensorflowLegalize() {}

  /// Before layouts are assigned: whole operators that TensorFlow lacks.
  static List<Pass> decompose() {
    var rules = new ArrayList<Rule<?>>(lacking());
    // Padded suppression stays: suppression itself is replaced by it.
    rules.addAll(ReplaceDetection.heads());
    rules.addAll(ReplaceRecurrent.all());
    return List.of(
        ReplaceSequence.pass(_ -> false),
        new RulePass("tensorflow-decompose", rules),
        new DeadCode(),
        new ConstantFolding(),
        new DeadCode());
  }

  /// After that: quantization made explicit, then modes that hang on layouts and shapes.
  static List<Pass> legalize() {
    var rules = new ArrayList<Rule<?>>(lacking());
    rules.addAll(ReplaceDetection.heads());
    rules.addAll(ReplaceRecurrent.all());
    rules.addAll(ReplaceElementwise.activations());
    rules.addAll(ReplaceNorms.statistics());
    rules.addAll(ReplaceNorms.softmaxes());
    rules.add(ReplaceNorms.hardmax());
    rules.add(ReplaceNorms.lpNorm());
    rules.add(ReplaceNorms.lrn());
    rules.addAll(ReplaceIndexing.all());
    rules.addAll(ReplaceIndexing.positiveIndices(TensorflowLegalize::mayBeNegative));
    rules.add(ReplaceResize.resize(TensorflowWriteResize::isNative));
    rules.add(ReplaceGridSample.gridSample());
    rules.add(new Replacement<>("SplitLpPool", LpPool.class, TensorflowLegalize::lpPool));
    return List.of(
        new MakeQuantizationExplicit(_ -> false),
        new RulePass("tensorflow-legalize", rules),
        new DeadCode(),
        new ConstantFolding(),
        new CommonSubexpressions(),
        new DeadCode());
  }

  private static List<Rule<?>> lacking() {
    var rules = new ArrayList<Rule<?>>();
    rules.add(ReplaceReductions.emptyReduce());
    rules.add(ReplaceReductions.reduce());
    rules.add(ReplaceReductions.argReduce());
    rules.add(ReplaceReductions.topK());
    rules.add(ReplaceFakeQuantize.fakeQuantize(_ -> false));
    rules.addAll(ReplaceIntegerProducts.all());
    rules.add(ReplaceNonMaxSuppression.rule());
    rules.addAll(ReplaceRegions.all());
    rules.addAll(ReplaceSignal.all());
    rules.add(ReplaceEinsum.einsum());
    return rules;
  }

  /// What TensorFlow and LiteRT gather has no indices that count from the end.
  private static boolean mayBeNegative(Match<?> match) {
    var operator = match.node().origin().operator();
    boolean isOwn = operator.startsWith("GATHER") || operator.startsWith("GatherV2");
    return !(isOwn && match.op() instanceof Gather);
  }

  /// `(Σ |x|^p)^(1/p)` → `(k · mean(|x|^p))^(1/p)` where all windows have `k` elements.
  private static Outcome lpPool(LpPool op, Match<LpPool> match, Formula f) {
    var window = op.window();
    if (window.ceil() || !(window.padding() instanceof Padding.Explicit)) {
      return left("windows differ in how many elements they have");
    }
    double count = window.kernel().stream().mapToDouble(k -> k).reduce(1, (a, b) -> a * b);
    var x = f.abs(match.input(0));
    var powers = f.binary(Binary.Kind.POW, x, f.scalar(x, op.p()));
    var mean = f.op(new AveragePool(window, op.layout(), true), powers);
    var sum = f.mul(mean, count);
    return match.replaceWith(f.binary(Binary.Kind.POW, sum, f.scalar(sum, 1.0 / op.p())));
  }
}
