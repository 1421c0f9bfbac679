package watari.format.keras;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Node;
import watari.op.Op;
import watari.op.ResizeOp.GridSample;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What Functional models of Keras express: layers and functions, channels last.
///
/// @param format `h5` or `keras`
record KerasProfile(String format) implements TargetProfile {
  @Override
  public Layout nativeLayout() {
    return Layout.CHANNELS_LAST;
  }

  @Override
  public Optional<Layout> layoutOf(Op op) {
    // GridSample is written out in either layout.
    return op instanceof GridSample ? Optional.empty() : TargetProfile.channelsLast(op);
  }

  @Override
  public boolean keepsState() {
    return false;
  }

  @Override
  public List<Pass> decompose() {
    return KerasLegalize.decompose();
  }

  @Override
  public List<Pass> legalize() {
    return KerasLegalize.legalize();
  }

  @Override
  public Optional<Finding> refuse(Node node) {
    return KerasWriteGraph.refuse(node);
  }
}
