package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.pass.replace.ReplaceComplex;
import watari.pass.replace.ReplaceDetection;
import watari.pass.replace.ReplaceSequence;
import watari.rewrite.Pass;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;

/// The order in which a graph becomes writable as ONNX.
final class OnnxLegalize {
  private OnnxLegalize() {}

  /// Before layouts are assigned: operators that ONNX lacks.
  static List<Pass> decompose(OnnxOpset opset) {
    var rules = new ArrayList<Rule<?>>(new OnnxElementwiseRules(opset).rules());
    rules.addAll(new OnnxShapeRules(opset).rules());
    rules.addAll(new OnnxIndexRules(opset).rules());
    rules.addAll(new OnnxNormRules(opset).rules());
    rules.addAll(OnnxBlockRules.rules());
    rules.addAll(OnnxRecurrentRules.rules());
    rules.add(ReplaceComplex.complexPart());
    rules.addAll(ReplaceDetection.all());
    return List.of(ReplaceSequence.pass(_ -> false), new RulePass("onnx-decompose", rules));
  }

  /// After that: quantization made explicit, then modes, opsets and element types.
  static List<Pass> legalize(OnnxOpset opset) {
    var rules = new ArrayList<Rule<?>>(new OnnxSpatialRules(opset).rules());
    rules.addAll(new OnnxElementwiseRules(opset).rules());
    rules.addAll(new OnnxShapeRules(opset).rules());
    rules.addAll(new OnnxIndexRules(opset).rules());
    rules.addAll(new OnnxNormRules(opset).rules());
    rules.addAll(new OnnxQuantizeRules(opset).rules());
    rules.add(new OnnxIndexTypes());
    rules.add(new OnnxComputeType(opset));
    return List.of(
        new RulePass("onnx-quantization", List.of(new OnnxExplicitQuantization(opset))),
        new RulePass("onnx-legalize", rules));
  }
}
