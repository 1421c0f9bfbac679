package watari.format.keras;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Node;
import watari.op.ConvOp;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.Lrn;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.SpaceToDepth;
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
    return switch (op) {
      case ConvOp.DeformConv _ -> Optional.empty();
      case ConvOp _, MaxPool _, AveragePool _, LpPool _ -> Optional.of(Layout.CHANNELS_LAST);
      case Lrn _, DepthToSpace _, SpaceToDepth _ -> Optional.of(Layout.CHANNELS_LAST);
      case BatchNorm _, InstanceNorm _, GroupNorm _ -> Optional.of(Layout.CHANNELS_LAST);
      default -> Optional.empty();
    };
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
