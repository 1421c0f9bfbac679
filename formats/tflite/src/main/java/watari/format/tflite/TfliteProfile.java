package watari.format.tflite;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.format.tflite.legalize.TfliteLegalize;
import watari.graph.Node;
import watari.op.Custom;
import watari.op.Op;
import watari.quant.QuantizationRules;
import watari.quant.Storage;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What TFLite models can express: LiteRT's builtin operators, channels last.
public final class TfliteProfile implements TargetProfile {
  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public Layout nativeLayout() {
    return Layout.CHANNELS_LAST;
  }

  @Override
  public Optional<Layout> layoutOf(Op op) {
    return TargetProfile.channelsLast(op);
  }

  @Override
  public boolean keepsState() {
    return true;
  }

  @Override
  public boolean has(Custom op) {
    return op.domain().startsWith(TfliteCustomOps.BUILTIN);
  }

  @Override
  public List<Pass> decompose() {
    return TfliteLegalize.decompose(this::refuse);
  }

  @Override
  public List<Pass> legalize() {
    return TfliteLegalize.legalize(this::refuse);
  }

  @Override
  public Optional<QuantizationRules> quantization(Storage storage) {
    return Optional.of(TfliteRules.TABLE);
  }

  @Override
  public Optional<Finding> refuse(Node node) {
    return TfliteGraphWriter.refuse(node);
  }
}
