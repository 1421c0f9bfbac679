package watari.format.tensorflow;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Node;
import watari.op.Op;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What TensorFlow's graphs express, and its kernels for the processor compute.
final class TensorflowProfile implements TargetProfile {
  private final String format;

  TensorflowProfile(String format) {
    this.format = format;
  }

  @Override
  public String format() {
    return format;
  }

  @Override
  public Layout nativeLayout() {
    return Layout.CHANNELS_LAST;
  }

  /// The processor has no kernels for channels-first.
  @Override
  public Optional<Layout> layoutOf(Op op) {
    return TargetProfile.channelsLast(op);
  }

  @Override
  public boolean keepsState() {
    return false;
  }

  @Override
  public List<Pass> decompose() {
    return TensorflowLegalize.decompose();
  }

  @Override
  public List<Pass> legalize() {
    return TensorflowLegalize.legalize();
  }

  @Override
  public Optional<Finding> refuse(Node node) {
    return TensorflowGraphWriter.refuse(node);
  }
}
