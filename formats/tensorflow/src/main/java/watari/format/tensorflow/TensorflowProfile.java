package watari.format.tensorflow;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.Lrn;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.ResizeOp.GridSample;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.SpaceToDepth;
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
    return switch (op) {
      case Conv _,
          ConvTranspose _,
          ConvInteger _,
          MaxPool _,
          AveragePool _,
          LpPool _,
          Lrn _,
          DepthToSpace _,
          SpaceToDepth _,
          GridSample _,
          BatchNorm _,
          InstanceNorm _,
          GroupNorm _ ->
          Optional.of(Layout.CHANNELS_LAST);
      default -> Optional.empty();
    };
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
