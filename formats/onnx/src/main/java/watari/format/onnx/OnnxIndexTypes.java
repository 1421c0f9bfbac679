package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.Op;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Trilu;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Shapes, axes, indices and counts of any integer type and of rank 0 or 1 → int64 of the rank that
/// ONNX wants.
final class OnnxIndexTypes implements Rule<Op> {
  private enum Rank {
    ANY,
    SCALAR,
    VECTOR
  }

  private record Want(int input, Rank rank) {}

  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    var node = match.node();
    var inputs = new ArrayList<>(node.inputs());
    for (var want : wants(node.op())) {
      if (node.input(want.input()).isPresent()) {
        inputs.set(want.input(), adapted(node.input(want.input()), want.rank(), match));
      }
    }
    if (inputs.equals(node.inputs())) return leave("its indices are as ONNX wants them");
    var made = match.build().add(node.op(), inputs, node.outputs().size(), node.bodies());
    return kept(node, made);
  }

  private static Outcome kept(Node node, Node made) {
    for (int i = 0; i < node.outputs().size(); i++) {
      if (node.output(i).isPresent())
        Match.carryQuantization(made.output(i), node.output(i).type());
    }
    return new Outcome.Replaced(made.outputs());
  }

  private static Value adapted(Value value, Rank rank, Match<Op> match) {
    var to = new OnnxCompose(match);
    var integers = to.cast(value, DataType.INT64);
    boolean isScalar = value.shape().hasRank(0);
    if (rank == Rank.VECTOR && isScalar) return reshaped(integers, to, 1);
    if (rank == Rank.SCALAR && value.shape().hasRank(1)) return reshaped(integers, to);
    return integers;
  }

  private static Value reshaped(Value value, OnnxCompose to, long... dims) {
    return value.isConstant()
        ? to.constant(value.constant().orElseThrow().reshaped(watari.tensor.Shape.of(dims)))
        : to.reshape(value, dims);
  }

  private static List<Want> wants(Op op) {
    return switch (op) {
      case Reshape _, Expand _, Tile _, Squeeze _, Unsqueeze _, Reduce _, Split _, TopK _ ->
          vectors(1);
      case Slice _ -> vectors(1, 2, 3, 4);
      case Pad _ -> vectors(1, 3);
      case Resize _ -> vectors(3);
      case Cumulative _ -> scalars(1);
      case Trilu _ -> scalars(1);
      case NonMaxSuppression _ -> scalars(2);
      case Dft _ -> scalars(1, 2);
      case Stft _ -> scalars(1, 3);
      case OneHot _ -> List.of(new Want(0, Rank.ANY), new Want(1, Rank.SCALAR));
      case ReverseSequence _,
          GatherNd _,
          Gather _,
          GatherElements _,
          ScatterElements _,
          ScatterNd _,
          MaxUnpool _ ->
          List.of(new Want(1, Rank.ANY));
      case RoiAlign _ -> List.of(new Want(2, Rank.ANY));
      case Loop _ -> scalars(0);
      default -> List.of();
    };
  }

  private static List<Want> vectors(int... inputs) {
    return java.util.Arrays.stream(inputs).mapToObj(i -> new Want(i, Rank.VECTOR)).toList();
  }

  private static List<Want> scalars(int... inputs) {
    return java.util.Arrays.stream(inputs).mapToObj(i -> new Want(i, Rank.SCALAR)).toList();
  }
}
