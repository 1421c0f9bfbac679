package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.op.ShapeOp.Expand;
import watari.op.Shapes;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that pick elements by index, or find them.
final class TfliteIndexOps {
  private TfliteIndexOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Gather.class, TfliteIndexOps::gather)
        .on(GatherNd.class, TfliteIndexOps::gatherNd)
        .on(OneHot.class, TfliteIndexOps::oneHot)
        .on(NonZero.class, TfliteIndexOps::nonZero)
        .on(Unique.class, TfliteIndexOps::unique)
        .on(ScatterNd.class, TfliteIndexOps::scatterNd);
  }

  private static void requireIndices(Value indices) {
    if (indices.dtype() != DataType.INT32 && indices.dtype() != DataType.INT64) {
      throw Refusal.dtype("the indices are " + indices.dtype(), "convert them to int32");
    }
  }

  private static void gather(Gather op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    requireIndices(node.input(1));
    if (!node.input(0).shape().isRanked()) throw Refusal.dynamic("the rank is not known");
    int axis = Shapes.axis(op.axis(), node.input(0).shape().rank());
    out.add(
        GATHER,
        op.batchDims() != 0 ? 5 : 1,
        TfliteOptions.gather(axis, op.batchDims()),
        List.of(out.tensor(node.input(0)), indices(node.input(1), out)),
        List.of(out.tensor(node.output())));
  }

  /// Constant indices as int32.
  private static int indices(Value indices, TfliteSubgraph out) {
    return indices.isConstant() ? out.int32(indices) : out.tensor(indices);
  }

  private static void gatherNd(GatherNd op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    requireIndices(node.input(1));
    if (op.batchDims() != 0) throw Refusal.operator("GATHER_ND has no batch axes", "add indices");
    out.add(
        GATHER_ND,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), indices(node.input(1), out)),
        List.of(out.tensor(node.output())));
  }

  /// SCATTER_ND adds to zeros; other forms are made of it before, or are segments.
  private static void scatterNd(ScatterNd op, Node node, TfliteSubgraph out) {
    requireIndices(node.input(1));
    if (isSegments(op, node)) {
      segments(op, node, out);
      return;
    }
    boolean toZeros = isZero(node.input(0));
    var spread = node.producer(0, Expand.class).filter(made -> isZero(made.input(0)));
    if (op.reduction() != Reduction.ADD || !toZeros && spread.isEmpty()) {
      throw Refusal.operator("SCATTER_ND adds to zeros only", "scatter into zeros");
    }
    TfliteQuantized.requireNone(node);
    int shape =
        toZeros || node.output().shape().isFixed()
            ? out.ints(out.fixedDims(node.output()))
            : out.int32(spread.orElseThrow().input(1));
    out.add(
        SCATTER_ND,
        TfliteOptions.NONE,
        List.of(out.int32(node.input(1)), out.tensor(node.input(2)), shape),
        List.of(out.tensor(node.output())));
  }

  /// Whether numbers go to places along one axis, and the largest or smallest at each stays.
  private static boolean isSegments(ScatterNd op, Node node) {
    var dtype = node.output().dtype();
    return (op.reduction() == Reduction.MAX || op.reduction() == Reduction.MIN)
        && (dtype == DataType.FLOAT32 || dtype == DataType.INT32)
        && node.output().shape().isFixed()
        && node.output().shape().rank() == 1
        && node.input(1).shape().hasRank(2)
        && node.input(2).shape().isFixed()
        && !TfliteQuantized.isAny(node, node.output());
  }

  private static void segments(ScatterNd op, Node node, TfliteSubgraph out) {
    boolean isMax = op.reduction() == Reduction.MAX;
    var updates = node.input(2).shape();
    int ids = out.temporary(TensorType.of(DataType.INT32, updates.fixedDims()));
    TfliteShapeOps.reshape(out.int32(node.input(1)), ids, updates, out);
    int found = out.temporary(node.output().type());
    int count = out.scalar(Math.toIntExact(node.output().shape().dim(0).fixed()));
    out.add(
        isMax ? UNSORTED_SEGMENT_MAX : UNSORTED_SEGMENT_MIN,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(2)), ids, count),
        List.of(found));
    out.add(
        isMax ? MAXIMUM : MINIMUM,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), found),
        List.of(out.tensor(node.output())));
  }

  private static boolean isZero(Value value) {
    return value.constant().filter(data -> data.isAll(0)).isPresent();
  }

  private static void oneHot(OneHot op, Node node, TfliteSubgraph out) {
    var indices = node.input(0);
    if (op.wrapsNegative())
      throw Refusal.operator("ONE_HOT takes no negative indices", "wrap them");
    requireIndices(indices);
    int axis = Shapes.axis(op.axis(), node.output().shape().rank());
    boolean isLast = axis == node.output().shape().rank() - 1;
    int depth = scalar(node.input(1), out);
    var values = node.input(2);
    out.add(
        ONE_HOT,
        TfliteOptions.oneHot(isLast ? -1 : axis),
        List.of(out.tensor(indices), depth, pick(values, 1, out), pick(values, 0, out)),
        List.of(out.tensor(node.output())));
  }

  private static int scalar(Value value, TfliteSubgraph out) {
    int given = out.int32(value);
    if (value.shape().hasRank(0)) return given;
    if (value.isConstant()) return out.scalar(value.constant().orElseThrow().ints()[0]);
    int made = out.temporary(TensorType.of(DataType.INT32));
    TfliteShapeOps.reshape(given, made, Shape.SCALAR, out);
    return made;
  }

  private static int pick(Value values, int index, TfliteSubgraph out) {
    if (values.isConstant()) {
      return out.constant(
          TensorData.scalar(values.dtype(), values.constant().orElseThrow().doubleAt(index)));
    }
    int made = out.temporary(new TensorType(values.dtype(), Shape.SCALAR));
    out.add(
        GATHER,
        TfliteOptions.gather(0, 0),
        List.of(out.tensor(values), out.scalar(index)),
        List.of(made));
    return made;
  }

  private static void nonZero(NonZero op, Node node, TfliteSubgraph out) {
    var x = node.input(0);
    if (!x.shape().isRanked() || x.shape().rank() == 0) {
      throw Refusal.operator("WHERE takes no scalar", "reshape it to a vector");
    }
    var type = node.output().type();
    var moved = new TensorType(type.dtype(), type.shape().transposed(List.of(1, 0)));
    int rows = out.temporary(moved);
    out.add(WHERE, TfliteOptions.NONE, List.of(out.tensor(x)), List.of(rows));
    out.add(
        TRANSPOSE,
        TfliteOptions.NONE,
        List.of(rows, out.ints(1, 0)),
        List.of(out.tensor(node.output())));
  }

  private static void unique(Unique op, Node node, TfliteSubgraph out) {
    boolean plain = op.flat() && !op.sorted() && node.input(0).shape().hasRank(1);
    for (int i = 1; i < node.outputs().size(); i++) {
      var output = node.output(i);
      if (i != 2 && output.isPresent() && isUsed(output, node)) plain = false;
    }
    if (!plain) throw Refusal.operator("UNIQUE takes a vector and does not sort", "sort before");
    boolean hasInverse = node.outputs().size() > 2 && node.output(2).isPresent();
    var count = node.input(0).shape();
    int inverse =
        hasInverse
            ? out.tensor(node.output(2))
            : out.temporary(new TensorType(op.indices(), count));
    out.add(
        UNIQUE,
        TfliteOptions.unique(TfliteSubgraph.number(op.indices())),
        List.of(out.tensor(node.input(0))),
        List.of(out.tensor(node.output(0)), inverse));
  }

  private static boolean isUsed(Value value, Node node) {
    return !value.uses().isEmpty() || node.graph().isOutput(value);
  }
}
