package watari.format.openvino;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Node;
import watari.op.Op;
import watari.quant.QuantizationRules;
import watari.quant.Storage;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What IR version 11 expresses, and OpenVINO computes as it is meant.
final class OpenvinoProfile implements TargetProfile {
  @Override
  public String format() {
    return OpenvinoFormat.NAME;
  }

  @Override
  public Layout nativeLayout() {
    return Layout.CHANNELS_FIRST;
  }

  @Override
  public Optional<Layout> layoutOf(Op op) {
    return Optional.of(Layout.CHANNELS_FIRST);
  }

  @Override
  public boolean keepsState() {
    return true;
  }

  @Override
  public List<Pass> decompose() {
    return OpenvinoLegalize.decompose();
  }

  @Override
  public List<Pass> legalize() {
    return OpenvinoLegalize.legalize();
  }

  @Override
  public Optional<QuantizationRules> quantization(Storage storage) {
    return switch (storage) {
      case WEIGHTS8, INT8 -> Optional.of(OpenvinoQuantization.TABLE);
      case DYNAMIC8, INT16X8 -> Optional.empty();
    };
  }

  @Override
  public Optional<Finding> refuse(Node node) {
    return OpenvinoLimits.of(node);
  }
}
