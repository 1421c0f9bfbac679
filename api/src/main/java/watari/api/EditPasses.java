package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.pass.edit.CutGraph;
import watari.pass.edit.ResetState;
import watari.pass.edit.SetInputShapes;
import watari.pass.edit.StateToIo;
import watari.pass.layout.LayoutReport;
import watari.pass.replace.ChangeDetection;
import watari.pass.replace.ChangeDetection.Form;
import watari.pass.replace.ReplaceDetection;
import watari.pass.replace.WriteOutCustoms;
import watari.pass.request.RequestedRules;
import watari.pass.storage.DecodeFloat16;
import watari.pass.storage.Dequantize;
import watari.pass.storage.Float16Weights;
import watari.quant.QuantizeWeights;
import watari.quant.Storage;
import watari.rewrite.Pass;
import watari.rewrite.RulePass;

/// The passes that a user's [Edits] and [Precision] ask for.
final class EditPasses {
  private final Edits edits;
  private final TargetProfile profile;
  private final Precision precision;
  private final QuantizeSettings quantize;

  EditPasses(Edits edits, TargetProfile profile, Precision precision, QuantizeSettings quantize) {
    this.quantize = quantize;
    this.edits = edits;
    this.profile = profile;
    this.precision = precision;
  }

  /// What names tensors of the source, or is about its own operators: it comes before any rewrite.
  List<Pass> before() {
    var passes = new ArrayList<Pass>();
    if (edits.cuts()) passes.add(new CutGraph(edits.inputs(), edits.outputs()));
    if (edits.changesShapes()) passes.add(new SetInputShapes(edits.inputShapes(), edits.batch()));
    switch (edits.special().detections()) {
      case KEEP -> {}
      case STRIP -> passes.add(new ChangeDetection(Form.STRIP));
      case FIXED_SIZE -> passes.add(new ChangeDetection(Form.FIXED_SIZE));
      case TFLITE -> passes.add(new ChangeDetection(Form.TFLITE));
    }
    if (edits.special().customs() == SpecialOperators.Customs.STANDARD) {
      passes.add(new WriteOutCustoms(_ -> false));
      passes.add(new RulePass("write-out-detections", ReplaceDetection.heads()));
    }
    return passes;
  }

  /// What changes how numbers and state are stored.
  List<Pass> after() {
    var passes = new ArrayList<Pass>();
    if (!profile.keepsState()) {
      switch (edits.state()) {
        case ZERO -> passes.add(new ResetState());
        case IO -> passes.add(new StateToIo());
      }
    }
    if (dequantizes()) passes.add(new Dequantize());
    if (decodesFloat16()) passes.add(new DecodeFloat16());
    if (precision == Precision.FLOAT16) passes.add(new Float16Weights());
    for (var rule : edits.replace()) passes.addAll(RequestedRules.passes(rule));
    return passes;
  }

  /// What changes the storage of a graph that the target can write.
  ///
  /// @param layouts what layout assignment did to it
  List<Pass> storage(LayoutReport layouts) {
    boolean isPerTensor = quantize.calibration().perTensor();
    return switch (precision) {
      case WEIGHTS8 -> List.of(new QuantizeWeights(/* isDynamic= */ false, isPerTensor));
      case DYNAMIC8 -> List.of(new QuantizeWeights(/* isDynamic= */ true, isPerTensor));
      case INT8, FULL_INT8, FULL_UINT8, INT16X8 -> List.of(quantize(layouts));
      case KEPT, FLOAT32, FLOAT16 ->
          quantize.ends().isEmpty() ? List.of() : List.of(quantize(layouts));
    };
  }

  private Pass quantize(LayoutReport layouts) {
    return new Quantize(profile, precision, quantize, layouts.inputs());
  }

  private boolean decodesFloat16() {
    return precision != Precision.KEPT && precision != Precision.FLOAT16;
  }

  private boolean dequantizes() {
    return edits.dequantize()
        || switch (precision) {
          case FLOAT32, FLOAT16, WEIGHTS8, DYNAMIC8 -> true;
          case KEPT, INT8, FULL_INT8, FULL_UINT8, INT16X8 -> false;
        };
  }

  /// What is asked for, but cannot be done.
  List<Finding> findings() {
    boolean isPossible =
        switch (precision) {
          case KEPT, FLOAT32, FLOAT16 -> true;
          case WEIGHTS8 -> profile.quantization(Storage.WEIGHTS8).isPresent();
          case DYNAMIC8 -> profile.quantization(Storage.DYNAMIC8).isPresent();
          case INT8, FULL_INT8, FULL_UINT8, INT16X8 ->
              profile.quantization(precision.storage().orElseThrow()).isPresent();
        };
    if (isPossible) return List.of();
    var why = "precision '" + precision + "' cannot be made for " + profile.format();
    return List.of(
        Finding.error("PRECISION_UNSUPPORTED", why).fix("ask for float32, float16 or weights8"));
  }
}
