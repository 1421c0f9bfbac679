package watari.format.onnx;

import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Operators that bring many elements along axes to one, or to a few.
final class OnnxReadReduceOps {
  private OnnxReadReduceOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    reduce(table, "ReduceL1", Reduce.Kind.L1, 18);
    reduce(table, "ReduceL2", Reduce.Kind.L2, 18);
    reduce(table, "ReduceLogSum", Reduce.Kind.LOG_SUM, 18);
    reduce(table, "ReduceLogSumExp", Reduce.Kind.LOG_SUM_EXP, 18);
    reduce(table, "ReduceMax", Reduce.Kind.MAX, 18);
    reduce(table, "ReduceMean", Reduce.Kind.MEAN, 18);
    reduce(table, "ReduceMin", Reduce.Kind.MIN, 18);
    reduce(table, "ReduceProd", Reduce.Kind.PROD, 18);
    reduce(table, "ReduceSum", Reduce.Kind.SUM, 13);
    reduce(table, "ReduceSumSquare", Reduce.Kind.SUM_SQUARE, 18);
    table
        .on("ArgMax", n -> argReduce(n, true))
        .on("ArgMin", n -> argReduce(n, false))
        .on("CumSum", n -> cumulative(n, Cumulative.Kind.SUM))
        .on("CumProd", n -> cumulative(n, Cumulative.Kind.PROD))
        .on("TopK", n -> topK(n, n.vector(n.integer("k"))))
        .on("TopK", 10, n -> topK(n, n.in(1)));
  }

  private static void reduce(
      ReadTable<OnnxReadOps.Entry> table, String name, Reduce.Kind kind, int sinceInput) {
    table
        .on(name, n -> reduceByAttribute(n, kind))
        .on(name, sinceInput, n -> reduceByInput(n, kind));
  }

  private static void reduceByAttribute(OnnxReadNode n, Reduce.Kind kind) {
    var axes = n.integers("axes");
    give(n, kind, axes.isEmpty() ? Value.ABSENT : n.vector(axes));
  }

  /// No axes, or an empty list of them, means all axes, or none with `noop_with_empty_axes`.
  private static void reduceByInput(OnnxReadNode n, Reduce.Kind kind) {
    boolean isNone = n.flag("noop_with_empty_axes", false);
    if (!n.has(1)) {
      give(n, kind, isNone ? n.vector() : Value.ABSENT);
      return;
    }
    var count = n.shape(1);
    boolean isFixed = count.hasRank(1) && count.dim(0).isFixed();
    if (isFixed && count.dim(0).is(0)) {
      give(n, kind, isNone ? n.vector() : Value.ABSENT);
    } else if (isFixed || isNone) {
      give(n, kind, n.in(1));
    } else {
      throw OnnxRefusal.unsupported(
          "the number of its axes is not known, and none would mean all",
          "give the axes as a constant");
    }
  }

  private static void give(OnnxReadNode n, Reduce.Kind kind, Value axes) {
    var op = new Reduce(ofType(kind, n.dtype(0)), n.flag("keepdims", true));
    if (axes.isPresent()) n.give(op, n.in(0), axes);
    else n.give(op, n.in(0));
  }

  /// The largest of bools is whether any holds, the smallest whether all do.
  private static Reduce.Kind ofType(Reduce.Kind kind, DataType dtype) {
    if (dtype != DataType.BOOL) return kind;
    if (kind == Reduce.Kind.MAX) return Reduce.Kind.ANY;
    return kind == Reduce.Kind.MIN ? Reduce.Kind.ALL : kind;
  }

  private static void argReduce(OnnxReadNode n, boolean largest) {
    n.give(
        new ArgReduce(
            largest,
            n.integer("axis", 0),
            n.flag("keepdims", true),
            n.flag("select_last_index", false),
            DataType.INT64),
        n.in(0));
  }

  private static void cumulative(OnnxReadNode n, Cumulative.Kind kind) {
    n.give(
        new Cumulative(kind, n.flag("exclusive", false), n.flag("reverse", false)),
        n.in(0),
        n.in(1));
  }

  private static void topK(OnnxReadNode n, Value k) {
    n.give(
        new TopK(
            n.integer("axis", -1), n.flag("largest", true), n.flag("sorted", true), DataType.INT64),
        java.util.List.of(n.in(0), k),
        2,
        java.util.List.of());
  }
}
