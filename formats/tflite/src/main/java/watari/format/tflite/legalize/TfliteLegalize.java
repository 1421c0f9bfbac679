package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import watari.finding.Finding;
import watari.graph.Node;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.replace.ReplaceEinsum;
import watari.pass.replace.ReplaceElementwise;
import watari.pass.replace.ReplaceGridSample;
import watari.pass.replace.ReplaceIndexing;
import watari.pass.replace.ReplaceIntegerProducts;
import watari.pass.replace.ReplaceMaxIndices;
import watari.pass.replace.ReplaceNonMaxSuppression;
import watari.pass.replace.ReplaceNorms;
import watari.pass.replace.ReplaceRecurrent;
import watari.pass.replace.ReplaceReductions;
import watari.pass.replace.ReplaceRegions;
import watari.pass.replace.ReplaceSequence;
import watari.pass.replace.ReplaceSignal;
import watari.rewrite.Match;
import watari.rewrite.Pass;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;

/// The stages that make a graph writable as TFLite.
public final class TfliteLegalize {
  private TfliteLegalize() {}

  /// Whole operators that TFLite lacks.
  ///
  /// @param refuse why a node cannot be written
  public static List<Pass> decompose(Function<Node, Optional<Finding>> refuse) {
    var rules = new ArrayList<Rule<?>>();
    rules.add(ElementRules.quantizedClip());
    rules.add(MeanRounding.fold());
    rules.add(ReplaceReductions.emptyReduce());
    rules.addAll(ReplaceNorms.softmaxes());
    rules.add(ReplaceReductions.topK());
    rules.addAll(SequenceRules.all(refuse));
    rules.addAll(ReplaceRecurrent.all());
    rules.addAll(ReplaceSignal.all());
    rules.add(ReplaceEinsum.einsum());
    rules.addAll(ReplaceRegions.all());
    rules.add(ReplaceMaxIndices.rule(_ -> true));
    rules.addAll(ReplaceIntegerProducts.all());
    rules.add(ReplaceNonMaxSuppression.rule());
    return List.of(
        new CarryTypes(),
        ReplaceSequence.pass(node -> refuse.apply(node).isEmpty()),
        new RulePass("decompose", rules),
        new DeadCode(),
        new ConstantFolding(),
        new CommonSubexpressions(),
        new DeadCode());
  }

  /// What hangs on layouts, ranks and element types.
  ///
  /// @param refuse why a node cannot be written
  public static List<Pass> legalize(Function<Node, Optional<Finding>> refuse) {
    var rules = new ArrayList<Rule<?>>();
    rules.addAll(Float64Kernels.rules());
    rules.add(Uint64Rules.binary());
    rules.addAll(EveryAxis.rules());
    rules.add(ReplaceReductions.emptyReduce());
    rules.addAll(ConvRules.all());
    rules.addAll(PoolRules.all());
    rules.addAll(ReplaceElementwise.activations());
    rules.add(ReplaceElementwise.unary());
    rules.addAll(ReplaceNorms.statistics());
    rules.addAll(ReplaceNorms.softmaxes());
    rules.add(ReplaceNorms.hardmax());
    rules.add(ReplaceNorms.lpNorm());
    rules.add(ReplaceNorms.lrn());
    rules.add(ReplaceReductions.reduce());
    rules.add(ReplaceReductions.argReduce());
    rules.add(ReplaceReductions.cumulative());
    rules.add(ReplaceReductions.topK());
    rules.addAll(ReplaceIndexing.all());
    rules.addAll(ReplaceIndexing.positiveIndices(TfliteLegalize::mayBeNegative));
    rules.addAll(ResizeRules.all());
    rules.add(ReplaceGridSample.gridSample());
    rules.addAll(ElementRules.all());
    rules.addAll(ShapeRules.all());
    rules.addAll(TypeRules.all(refuse));
    return List.of(
        new RulePass("legalize", rules),
        new DeadCode(),
        new ConstantFolding(),
        new CommonSubexpressions(),
        new RulePass("legalize again", rules),
        new DeadCode(),
        new DelayBranches());
  }

  /// TFLite's own gathers have no negative indices.
  private static boolean mayBeNegative(Match<?> match) {
    return !match.node().origin().operator().startsWith("GATHER");
  }
}
