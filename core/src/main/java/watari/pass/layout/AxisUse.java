package watari.pass.layout;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp;
import watari.op.ControlOp;
import watari.op.ConvOp;
import watari.op.Custom;
import watari.op.DetectionOp;
import watari.op.ElementwiseOp;
import watari.op.IndexOp;
import watari.op.MatMulOp;
import watari.op.NormOp;
import watari.op.PoolOp;
import watari.op.QuantizeOp;
import watari.op.RecurrentOp;
import watari.op.ReduceOp;
import watari.op.ResizeOp;
import watari.op.SequenceOp;
import watari.op.ShapeOp;
import watari.op.Shapes;
import watari.op.SignalOp;
import watari.tensor.Layout;

/// What an operator does with the axes of its tensors: how roles spread over it, and whether it can
/// work in another layout than the source's.
sealed interface AxisUse {
  /// Inputs and outputs have one role; the operator can be rewritten for either layout.
  record Shared(List<Integer> inputs, List<Integer> outputs) implements AxisUse {}

  /// Inputs and outputs have one role, but the operator works only in the source's layout.
  record Kept(List<Integer> inputs, List<Integer> outputs) implements AxisUse {}

  /// An operator that says its layout itself.
  record Spatial(Layout layout, List<Integer> inputs, List<Integer> outputs) implements AxisUse {}

  /// A Transpose.
  record Permutes(List<Integer> perm) implements AxisUse {}

  /// A reshape of any kind.
  record Regroups() implements AxisUse {}

  /// Axes of input 0 are dropped from output 0.
  record Drops(List<Integer> axes) implements AxisUse {}

  /// Only dims of input 0 are asked for.
  record AsksShape() implements AxisUse {}

  /// Roles end here.
  record Barrier() implements AxisUse {}

  /// The use of a node's operator.
  static AxisUse of(Node node) {
    var use = ofRanked(node);
    // Without a rank there is nothing to permute by.
    return use instanceof Spatial && rank(node.input(0)) < 3 ? new Barrier() : use;
  }

  /// The use of a node's operator on tensors of a known rank.
  static AxisUse ofRanked(Node node) {
    return switch (node.op()) {
      case ElementwiseOp op -> elementwise(op, node);
      case BinaryOp _ -> broadcast(node);
      case ReduceOp op -> reduce(op, node);
      case ConvOp op -> conv(op);
      case PoolOp op -> pool(op, node);
      case NormOp op -> norm(op);
      case ShapeOp op -> shape(op, node);
      case IndexOp op -> index(op, node);
      case MatMulOp op -> matMul(op, node);
      case ResizeOp op -> resize(op);
      case QuantizeOp _ -> quantize();
      case RecurrentOp _, SequenceOp _, ControlOp _, SignalOp _, DetectionOp _, Custom _ ->
          new Barrier();
    };
  }

  private static AxisUse shared() {
    return new Shared(List.of(0), List.of(0));
  }

  private static AxisUse elementwise(ElementwiseOp op, Node node) {
    boolean sameRank =
        !(op instanceof ElementwiseOp.Bitcast) || rank(node.input(0)) == rank(node.output(0));
    return sameRank ? shared() : new Barrier();
  }

  /// Operands of the output's rank share its role; those of a lower rank are fitted to it.
  private static AxisUse broadcast(Node node) {
    int rank = rank(node.output(0));
    if (rank < 0) return new Barrier();
    var inputs = new ArrayList<Integer>();
    for (int i = 0; i < node.inputs().size(); i++) {
      int own = rank(node.input(i));
      if (own < 0) return new Barrier();
      if (own == rank) inputs.add(i);
    }
    return inputs.isEmpty() ? new Barrier() : new Shared(inputs, List.of(0));
  }

  private static AxisUse quantize() {
    return new Shared(List.of(0), List.of(0));
  }

  private static AxisUse reduce(ReduceOp op, Node node) {
    int rank = rank(node.input(0));
    if (rank < 0) return new Barrier();
    return switch (op) {
      case ReduceOp.Reduce(_, boolean keepDims) -> {
        if (!node.input(1).isPresent()) {
          yield keepDims ? shared() : new Drops(IntStream.range(0, rank).boxed().toList());
        }
        var axes = axes(node.input(1), rank);
        if (axes.isEmpty()) yield new Barrier();
        yield keepDims ? shared() : new Drops(axes.get());
      }
      case ReduceOp.ArgReduce(_, int axis, boolean keepDims, _, _) ->
          keepDims ? shared() : new Drops(List.of(Shapes.axis(axis, rank)));
      case ReduceOp.Cumulative _ -> node.input(1).isConstant() ? shared() : new Barrier();
      case ReduceOp.TopK _ -> new Shared(List.of(0), List.of(0, 1));
    };
  }

  private static AxisUse conv(ConvOp op) {
    return switch (op) {
      case ConvOp.Conv _, ConvOp.ConvTranspose _, ConvOp.ConvInteger _ ->
          new Spatial(op.layout(), List.of(0), List.of(0));
      case ConvOp.DeformConv _ -> new Kept(List.of(0, 2, 4), List.of(0));
    };
  }

  private static AxisUse pool(PoolOp op, Node node) {
    var outputs = IntStream.range(0, node.outputs().size()).boxed().toList();
    return switch (op) {
      case PoolOp.MaxPool(_, var layout, _) -> new Spatial(layout, List.of(0), outputs);
      case PoolOp.AveragePool(_, var layout, _) -> new Spatial(layout, List.of(0), outputs);
      case PoolOp.LpPool(_, var layout, _) -> new Spatial(layout, List.of(0), outputs);
      case PoolOp.MaxUnpool _ -> new Kept(List.of(0, 1), outputs);
      case PoolOp.RoiAlign _, PoolOp.MaxRoiPool _ -> new Kept(List.of(0), outputs);
    };
  }

  private static AxisUse norm(NormOp op) {
    return switch (op) {
      case NormOp.BatchNorm(_, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case NormOp.InstanceNorm(_, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case NormOp.GroupNorm(_, _, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case NormOp.Lrn(_, _, _, _, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case NormOp.LayerNorm _, NormOp.RmsNorm _ -> new Kept(List.of(0), List.of(0));
      case NormOp.LpNorm _, NormOp.Softmax _, NormOp.LogSoftmax _, NormOp.Hardmax _ -> shared();
    };
  }

  private static AxisUse shape(ShapeOp op, Node node) {
    return switch (op) {
      case ShapeOp.Reshape _, ShapeOp.Flatten _, ShapeOp.Squeeze _, ShapeOp.Unsqueeze _ ->
          rank(node.input(0)) < 0 || rank(node.output(0)) < 0 ? new Barrier() : new Regroups();
      case ShapeOp.Transpose(var perm) -> new Permutes(perm);
      case ShapeOp.Concat _ ->
          new Shared(IntStream.range(0, node.inputs().size()).boxed().toList(), List.of(0));
      case ShapeOp.Split _ ->
          new Shared(List.of(0), IntStream.range(0, node.outputs().size()).boxed().toList());
      case ShapeOp.Slice _ -> isKnown(node.input(3)) ? shared() : new Barrier();
      case ShapeOp.Pad _ ->
          node.input(1).isConstant() && isKnown(node.input(3)) ? shared() : new Barrier();
      case ShapeOp.Tile _ -> node.input(1).isConstant() ? shared() : new Barrier();
      case ShapeOp.Expand _ ->
          node.input(1).isConstant() && rank(node.input(0)) == rank(node.output(0))
              ? shared()
              : new Barrier();
      case ShapeOp.ShapeOf _, ShapeOp.Size _ -> new AsksShape();
      case ShapeOp.ReverseSequence _ -> shared();
      case ShapeOp.DepthToSpace(_, _, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case ShapeOp.SpaceToDepth(_, var layout) -> new Spatial(layout, List.of(0), List.of(0));
      case ShapeOp.SpaceToBatch _, ShapeOp.BatchToSpace _ -> new Kept(List.of(0), List.of(0));
      case ShapeOp.Range _, ShapeOp.Trilu _ -> new Barrier();
    };
  }

  private static AxisUse index(IndexOp op, Node node) {
    return switch (op) {
      case IndexOp.Gather(int axis, int batchDims) -> gather(axis, batchDims, node);
      case IndexOp.GatherElements _ -> new Shared(List.of(0, 1), List.of(0));
      case IndexOp.ScatterElements _ -> new Shared(List.of(0, 1, 2), List.of(0));
      case IndexOp.GatherNd _,
          IndexOp.ScatterNd _,
          IndexOp.OneHot _,
          IndexOp.NonZero _,
          IndexOp.Unique _,
          IndexOp.Compress _ ->
          new Barrier();
    };
  }

  private static AxisUse gather(int axis, int batchDims, Node node) {
    int rank = rank(node.input(0));
    int indices = rank(node.input(1));
    if (rank < 0 || batchDims != 0) return new Barrier();
    if (indices == 0) return new Drops(List.of(Shapes.axis(axis, rank)));
    return indices == 1 ? shared() : new Barrier();
  }

  /// Products along the last axis leave the others where they are.
  private static AxisUse matMul(MatMulOp op, Node node) {
    boolean alongLast =
        switch (op) {
          case MatMulOp.FullyConnected() -> true;
          case MatMulOp.MatMul(boolean transposeA, _) ->
              !transposeA && rank(node.input(1)) == 2 && rank(node.input(0)) > 2;
          case MatMulOp.MatMulInteger() -> rank(node.input(1)) == 2 && rank(node.input(0)) > 2;
          case MatMulOp.Einsum _, MatMulOp.Det _ -> false;
        };
    return alongLast ? new Kept(List.of(0), List.of(0)) : new Barrier();
  }

  private static AxisUse resize(ResizeOp op) {
    return switch (op) {
      case ResizeOp.Resize _ -> shared();
      case ResizeOp.GridSample(_, _, _, var layout) -> new Spatial(layout, List.of(0), List.of(0));
    };
  }

  private static boolean isKnown(Value axes) {
    return !axes.isPresent() || axes.isConstant();
  }

  private static Optional<List<Integer>> axes(Value value, int rank) {
    return value
        .constant()
        .map(data -> {
          var axes = new ArrayList<Integer>();
          for (long axis : data.longs()) axes.add(Shapes.axis(axis, rank));
          return axes;
        });
  }

  /// The rank of a value, or -1 where it is not known or the value is absent.
  static int rank(Value value) {
    return value.isPresent() && value.shape().isRanked() ? value.shape().rank() : -1;
  }
}
