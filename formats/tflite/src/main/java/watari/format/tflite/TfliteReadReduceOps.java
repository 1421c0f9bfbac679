package watari.format.tflite;

import static watari.op.ReduceOp.Reduce.Kind.*;

import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.legalize.MeanRounding;
import watari.format.tflite.schema.CumsumOptions;
import watari.format.tflite.schema.ReducerOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Operators that bring many elements to one, or to a few.
final class TfliteReadReduceOps {
  private TfliteReadReduceOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("ARG_MAX", node -> argReduce(node, true))
        .on("ARG_MIN", node -> argReduce(node, false))
        .on("CUMSUM", TfliteReadReduceOps::cumsum)
        .on("MEAN", TfliteReadReduceOps::mean)
        .on("REDUCE_ALL", node -> reduce(node, ALL))
        .on("REDUCE_ANY", node -> reduce(node, ANY))
        .on("REDUCE_MAX", node -> reduce(node, MAX))
        .on("REDUCE_MIN", node -> reduce(node, MIN))
        .on("REDUCE_PROD", node -> reduce(node, PROD))
        .on("SUM", node -> reduce(node, SUM))
        .on("TOPK_V2", TfliteReadReduceOps::topK);
  }

  private static void reduce(TfliteNode node, Reduce.Kind kind) {
    boolean keepDims = node.options(new ReducerOptions()).keepDims();
    node.emit(new Reduce(kind, keepDims), node.in(0), axes(node));
  }

  /// Means of quantized tensors are rounded twice.
  private static void mean(TfliteNode node) {
    var op = new Reduce(MEAN, node.options(new ReducerOptions()).keepDims());
    var axes = axes(node);
    var move = MeanRounding.move(node.in(0).type(), node.declared(0), count(node));
    if (move.isEmpty()) {
      node.emit(op, node.in(0), axes);
      return;
    }
    var mean = node.add(op, node.in(0), axes);
    var moved = MeanRounding.moved(mean, move.get(), node.builder());
    node.emit(new Binary(Binary.Kind.ADD), mean, moved);
  }

  /// How many elements are brought to one; 0 where that is not known.
  private static long count(TfliteNode node) {
    var axes = node.known(1);
    if (axes.isEmpty() || !node.shape(0).isFixed()) return 0;
    int rank = node.rank(0);
    var dims = node.fixedDims(0);
    if (rank == 0) return 1;
    return Arrays.stream(axes.get())
        .map(axis -> TfliteNode.axis(axis, rank))
        .distinct()
        .map(axis -> dims[(int) axis])
        .reduce(1, (a, b) -> a * b);
  }

  /// The axes, counted from 0 and each once; a scalar has none, whatever is asked for.
  private static Value axes(TfliteNode node) {
    var known = node.known(1);
    if (known.isEmpty() || !node.shape(0).isRanked()) return node.asVector(node.in(1));
    int rank = node.rank(0);
    if (rank == 0) return node.vector();
    var axes = Arrays.stream(known.get()).map(a -> TfliteNode.axis(a, rank)).distinct().sorted();
    return node.vector(axes.toArray());
  }

  private static void argReduce(TfliteNode node, boolean largest) {
    int axis = TfliteNode.axis(node.integer(1, "axis"), node.rank(0));
    var to = node.declared(0).dtype();
    node.emit(new ArgReduce(largest, axis, false, false, to), node.in(0));
  }

  private static void topK(TfliteNode node) {
    var to = node.declared(1).dtype();
    boolean usual = to == DataType.INT32 || to == DataType.INT64;
    if (usual) {
      var op = new TopK(-1, true, true, to);
      node.emit(List.of(0, 1), op, List.of(node.in(0), node.in(1)), List.of());
      return;
    }
    var op = new TopK(-1, true, true, DataType.INT32);
    var outputs = node.emit(Arrays.asList(0, -1), op, List.of(node.in(0), node.in(1)), List.of());
    node.emit(1, new Cast(to), List.of(outputs.get(1)));
  }

  private static void cumsum(TfliteNode node) {
    var options = node.options(new CumsumOptions());
    var op = new Cumulative(Cumulative.Kind.SUM, options.exclusive(), options.reverse());
    node.emit(op, node.in(0), node.in(1));
  }
}
