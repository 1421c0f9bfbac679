package watari.format.tensorflow;

import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Operators that walk along axes.
final class TensorflowReadReduceOps {
  private TensorflowReadReduceOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("All", n -> reduce(n, Reduce.Kind.ALL))
        .on("Any", n -> reduce(n, Reduce.Kind.ANY))
        .on("ArgMax", n -> arg(n, true))
        .on("ArgMin", n -> arg(n, false))
        .on("Cumprod", n -> cumulative(n, Cumulative.Kind.PROD))
        .on("Cumsum", n -> cumulative(n, Cumulative.Kind.SUM))
        .on("EuclideanNorm", n -> reduce(n, Reduce.Kind.L2))
        .on("L2Loss", TensorflowReadReduceOps::l2Loss)
        .on("Max", n -> reduce(n, Reduce.Kind.MAX))
        .on("Mean", n -> reduce(n, Reduce.Kind.MEAN))
        .on("Min", n -> reduce(n, Reduce.Kind.MIN))
        .on("Prod", n -> reduce(n, Reduce.Kind.PROD))
        .on("Sum", n -> reduce(n, Reduce.Kind.SUM))
        .on("TopK", TensorflowReadReduceOps::topK)
        .on("TopKV2", TensorflowReadReduceOps::topKV2);
  }

  /// No axes reduce none.
  private static void reduce(TensorflowReadNode n, Reduce.Kind kind) {
    boolean keepDims = n.flag("keep_dims", false);
    var axes = n.known(1);
    if (axes.isPresent() && axes.get().length == 0) {
      boolean isAbsolute = kind == Reduce.Kind.L2;
      n.give(0, isAbsolute ? n.formula().abs(n.in(0)) : n.in(0));
      return;
    }
    var given = axes.map(n.formula()::vector).orElseGet(() -> vector(n));
    n.give(new Reduce(kind, keepDims), n.in(0), given);
  }

  private static watari.graph.Value vector(TensorflowReadNode n) {
    return n.formula().reshape(n.formula().cast(n.in(1), DataType.INT64), -1);
  }

  private static void l2Loss(TensorflowReadNode n) {
    var f = n.formula();
    var sum = f.op(new Reduce(Reduce.Kind.SUM, false), f.square(n.in(0)));
    n.give(0, f.mul(sum, 0.5));
  }

  private static void arg(TensorflowReadNode n, boolean largest) {
    int axis = n.inputCount() > 1 ? n.axisInput(1, n.rank(0)) : 0;
    var to = n.type("output_type", DataType.INT64);
    var index = to == DataType.INT32 ? to : DataType.INT64;
    var found = n.formula().op(new ArgReduce(largest, axis, false, false, index), n.in(0));
    n.give(0, n.formula().cast(found, to));
  }

  private static void cumulative(TensorflowReadNode n, Cumulative.Kind kind) {
    int axis = n.axisInput(1, n.rank(0));
    var op = new Cumulative(kind, n.flag("exclusive", false), n.flag("reverse", false));
    n.give(op, n.in(0), n.builder().scalar((long) axis));
  }

  private static void topK(TensorflowReadNode n) {
    var op = new TopK(-1, true, n.flag("sorted", true), DataType.INT32);
    n.give(op, n.in(0), n.builder().constant(TensorData.vector(n.integer("k", 1))));
  }

  private static void topKV2(TensorflowReadNode n) {
    var indices = n.type("index_type", DataType.INT32);
    var op = new TopK(-1, true, n.flag("sorted", true), indices);
    var count = n.formula().reshape(n.formula().cast(n.in(1), DataType.INT64), 1);
    n.give(op, n.in(0), n.known(1).map(n.formula()::vector).orElse(count));
  }
}
