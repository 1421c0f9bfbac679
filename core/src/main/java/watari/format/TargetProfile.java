package watari.format;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
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

/// What a target can express, and how a graph gets there.
///
/// A model goes through [#decompose], layout assignment by [#layoutOf], then [#legalize]; what
/// [#refuse] says of any node after that stops the conversion.
public interface TargetProfile {
  String format();

  /// The layout that the target's users expect of inputs and outputs.
  Layout nativeLayout();

  /// The layout in which the target takes an operator that has one; empty where both do.
  Optional<Layout> layoutOf(Op op);

  /// [#layoutOf] of targets that take all operators of windows and channels with channels last.
  static Optional<Layout> channelsLast(Op op) {
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

  /// Whether the target keeps state between calls.
  boolean keepsState();

  /// Whether the target has an operator that no record of ours says.
  default boolean has(Custom op) {
    return false;
  }

  /// Rewrites whole operators that the target lacks. Runs before layouts are assigned, so that what
  /// it adds takes part.
  List<Pass> decompose();

  /// Rewrites what depends on layouts, dtypes and names; adds no Transpose that layout assignment
  /// could have spared.
  List<Pass> legalize();

  /// How operators work on integers that are stored so; empty where the target cannot say it.
  default Optional<QuantizationRules> quantization(Storage storage) {
    return Optional.empty();
  }

  /// Why a node cannot be written; empty if it can.
  Optional<Finding> refuse(Node node);
}
