package watari.format.tensorflow;

import java.util.Arrays;
import java.util.stream.LongStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Reductions and searches along axes.
final class TensorflowWriteReduce {
  private TensorflowWriteReduce() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Reduce.class, TensorflowWriteReduce::reduce)
        .on(ArgReduce.class, TensorflowWriteReduce::argReduce)
        .on(Cumulative.class, TensorflowWriteReduce::cumulative)
        .on(TopK.class, TensorflowWriteReduce::topK);
  }

  private static void reduce(Reduce op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var axes = axes(node, out);
    boolean isRounded = op.kind() == Reduce.Kind.MEAN && x.type().isInteger();
    var from = isRounded ? out.cast(x, DataType.FLOAT64) : x;
    boolean isLogical = x.type() == DataType.BOOL;
    var reduced =
        out.op(
            name(op.kind(), isLogical), step -> step.set("keep_dims", op.keepDims()), from, axes);
    out.give(node, out.cast(reduced, x.type()));
  }

  private static Port axes(Node node, TensorflowScope out) {
    var x = node.input(0).shape();
    var given = node.input(1).constant();
    if (given.isPresent()) {
      var axes = Arrays.stream(given.get().longs());
      if (x.isRanked()) axes = axes.map(axis -> Math.floorMod(axis, x.rank()));
      return out.ints(axes.distinct().toArray());
    }
    if (out.has(node, 1)) return out.in(node, 1);
    if (x.isRanked()) return out.ints(LongStream.range(0, x.rank()).toArray());
    var rank = out.op("Rank", out.in(node, 0));
    return out.op("Range", out.index(0), rank, out.index(1));
  }

  private static String name(Reduce.Kind kind, boolean isLogical) {
    return switch (kind) {
      case ALL -> "All";
      case ANY -> "Any";
      case MAX -> isLogical ? "Any" : "Max";
      case MEAN -> "Mean";
      case MIN -> isLogical ? "All" : "Min";
      case PROD -> "Prod";
      case SUM -> "Sum";
      case L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE ->
          throw TensorflowRefusal.unsupported(
              "reduction '" + kind + "' could not be taken apart",
              "end the model before this node with --outputs");
    };
  }

  private static void argReduce(ArgReduce op, Node node, TensorflowScope out) {
    if (op.last()) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow finds the first of equal elements, not the last",
          "end the model before this node with --outputs");
    }
    boolean isKnown = op.to() == DataType.INT32 || op.to() == DataType.INT64;
    var to = isKnown ? op.to() : DataType.INT64;
    var found =
        out.op(
            op.largest() ? "ArgMax" : "ArgMin",
            step -> step.set("output_type", to),
            out.in(node, 0),
            out.index(op.axis()));
    var kept = op.keepDims() ? out.op("ExpandDims", found, out.index(op.axis())) : found;
    out.give(node, out.cast(kept, op.to()));
  }

  private static void cumulative(Cumulative op, Node node, TensorflowScope out) {
    out.give(
        node,
        out.op(
            op.kind() == Cumulative.Kind.SUM ? "Cumsum" : "Cumprod",
            step -> step.set("exclusive", op.exclusive()).set("reverse", op.reverse()),
            out.in(node, 0),
            scalar(node, 1, out)));
  }

  /// An input of one element as a scalar.
  static Port scalar(Node node, int i, TensorflowScope out) {
    var value = node.input(i);
    if (value.constant().isPresent()) {
      var data = value.constant().get();
      return out.constant(data.reshaped(watari.tensor.Shape.SCALAR));
    }
    if (value.shape().hasRank(0)) return out.in(node, i);
    return out.op("Reshape", out.in(node, i), out.ints());
  }

  private static void topK(TopK op, Node node, TensorflowScope out) {
    var x = node.input(0).shape();
    boolean isLast = op.axis() == -1 || x.isRanked() && op.axis() == x.rank() - 1;
    if (!isLast || !op.largest()) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow finds the largest elements of the last axis",
          "end the model before this node with --outputs");
    }
    var found =
        out.ops(
            "TopKV2",
            step -> step.set("sorted", true).set("index_type", op.indices()),
            out.in(node, 0),
            scalar(node, 1, out));
    out.give(node, 0, found.get(0));
    out.give(node, 1, found.get(1));
  }
}
