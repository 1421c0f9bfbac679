package watari.format.tflite;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.format.tflite.legalize.TfliteLegalize;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Custom;
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
          GridSample _ ->
          Optional.of(Layout.CHANNELS_LAST);
      case BatchNorm _, InstanceNorm _, GroupNorm _ -> Optional.of(Layout.CHANNELS_LAST);
      default -> Optional.empty();
    };
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
