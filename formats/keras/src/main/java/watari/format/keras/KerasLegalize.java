package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.op.Op;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.replace.ReplaceComplex;
import watari.pass.replace.ReplaceDetection;
import watari.pass.replace.ReplaceElementwise;
import watari.pass.replace.ReplaceFakeQuantize;
import watari.pass.replace.ReplaceGridSample;
import watari.pass.replace.ReplaceIndexing;
import watari.pass.replace.ReplaceIntegerProducts;
import watari.pass.replace.ReplaceNorms;
import watari.pass.replace.ReplaceRecurrent;
import watari.pass.replace.ReplaceReductions;
import watari.pass.replace.ReplaceRegions;
import watari.pass.replace.ReplaceResize;
import watari.pass.replace.ReplaceSequence;
import watari.pass.replace.ReplaceSignal;
import watari.pass.storage.MakeQuantizationExplicit;
import watari.rewrite.Pass;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;
import watari.rewrite.Rules;

/// The order in which a graph becomes writable as layers.
final class KerasLegalize {
  private KerasLegalize() {}

  /// Before layouts are assigned: operators that Keras lacks.
  static List<Pass> decompose() {
    var rules = new ArrayList<Rule<?>>();
    rules.add(ReplaceReductions.emptyReduce());
    rules.add(ReplaceComplex.complexPart());
    rules.addAll(ReplaceDetection.all());
    rules.addAll(ReplaceSignal.all());
    rules.addAll(ReplaceRegions.all());
    rules.addAll(ReplaceIntegerProducts.all());
    rules.addAll(whereNeeded(ReplaceRecurrent.all()));
    return List.of(
        new RulePass("keras-decode", List.of(KerasElementRules.decoding())),
        ReplaceSequence.pass(_ -> false),
        new RulePass("keras-decompose", rules),
        new DeadCode(),
        new ConstantFolding(),
        new DeadCode());
  }

  /// After that: quantization made explicit, then pads and modes.
  static List<Pass> legalize() {
    var rules = new ArrayList<Rule<?>>();
    rules.add(ReplaceReductions.emptyReduce());
    rules.add(new KerasComputeType());
    rules.addAll(KerasConvRules.all());
    rules.addAll(KerasPoolRules.all());
    rules.addAll(KerasElementRules.all());
    rules.addAll(KerasShapeRules.all());
    rules.addAll(KerasQuantizeRules.all());
    rules.add(ReplaceFakeQuantize.fakeQuantize(_ -> false));
    rules.addAll(whereNeeded(lacking()));
    return List.of(
        new MakeQuantizationExplicit(_ -> false),
        new RulePass("keras-legalize", rules),
        new DeadCode(),
        new ConstantFolding(),
        new CommonSubexpressions(),
        new RulePass("keras-legalize-again", rules),
        new DeadCode(),
        new ConstantFolding(),
        new DeadCode());
  }

  private static List<Rule<?>> lacking() {
    var rules = new ArrayList<>(ReplaceElementwise.activations());
    rules.addAll(ReplaceNorms.statistics());
    rules.add(ReplaceNorms.hardmax());
    rules.add(ReplaceNorms.lpNorm());
    rules.add(ReplaceNorms.lrn());
    rules.add(ReplaceReductions.reduce());
    rules.add(ReplaceReductions.argReduce());
    rules.add(ReplaceReductions.cumulative());
    rules.add(ReplaceReductions.topK());
    rules.addAll(ReplaceIndexing.all());
    rules.add(ReplaceGridSample.gridSample());
    rules.add(ReplaceResize.resize(_ -> false));
    return rules;
  }

  /// The rules, only for nodes that Keras cannot say as they are.
  private static List<Rule<?>> whereNeeded(List<Rule<?>> rules) {
    return rules.stream().<Rule<?>>map(KerasLegalize::whereNeeded).toList();
  }

  private static <O extends Op> Rule<O> whereNeeded(Rule<O> rule) {
    return Rules.unless(
        match -> KerasWriteGraph.refuse(match.node()).isEmpty(), "Keras has it", rule);
  }
}
