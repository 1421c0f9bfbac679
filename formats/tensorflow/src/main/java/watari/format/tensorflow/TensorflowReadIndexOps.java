package watari.format.tensorflow;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Transpose;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Operators that pick elements by indices, put them there, or find them.
final class TensorflowReadIndexOps {
  private TensorflowReadIndexOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Gather", n -> gather(n, 0, 0))
        .on("GatherNd", n -> n.give(new GatherNd(0), n.in(0), index(n, 1)))
        .on("GatherV2", TensorflowReadIndexOps::gatherV2)
        .on("OneHot", TensorflowReadIndexOps::oneHot)
        .on("ScatterNd", TensorflowReadIndexOps::scatterNd)
        .on("SparseToDense", TensorflowReadIndexOps::sparseToDense)
        .on("TensorScatterAdd", n -> scatter(n, Reduction.ADD))
        .on("TensorScatterMax", n -> scatter(n, Reduction.MAX))
        .on("TensorScatterMin", n -> scatter(n, Reduction.MIN))
        .on("TensorScatterSub", TensorflowReadIndexOps::scatterSub)
        .on("TensorScatterUpdate", n -> scatter(n, Reduction.REPLACE))
        .on("Unique", TensorflowReadIndexOps::unique)
        .on("Where", TensorflowReadIndexOps::where);
  }

  /// Indices of a type that all indexing operators take.
  static Value index(TensorflowReadNode n, int i) {
    boolean usual = n.dtype(i) == DataType.INT32 || n.dtype(i) == DataType.INT64;
    return usual ? n.in(i) : n.formula().cast(n.in(i), DataType.INT32);
  }

  private static void gatherV2(TensorflowReadNode n) {
    int batchDims = n.integer("batch_dims", 0);
    if (batchDims < 0) batchDims += n.rank(1);
    gather(n, n.axisInput(2, n.rank(0)), batchDims);
  }

  private static void gather(TensorflowReadNode n, int axis, int batchDims) {
    n.give(new Gather(axis, batchDims), n.in(0), index(n, 1));
  }

  /// Inputs: indices, depth, on, off.
  private static void oneHot(TensorflowReadNode n) {
    var f = n.formula();
    var values = f.concat(0, f.reshape(n.in(3), 1), f.reshape(n.in(2), 1));
    var depth = n.known(1).map(f::vector).orElseGet(() -> f.reshape(n.in(1), 1));
    n.give(new OneHot(n.integer("axis", -1), false), index(n, 0), depth, values);
  }

  // ---- scattering

  /// Adds where an index comes twice. Inputs: indices, updates, shape.
  private static void scatterNd(TensorflowReadNode n) {
    var f = n.formula();
    var updates = n.in(1);
    boolean isBool = updates.dtype() == DataType.BOOL;
    if (isBool) updates = f.cast(updates, DataType.INT32);
    var zeros = filled(n, TensorData.scalar(updates.dtype(), 0), n.integers64(2));
    var all = f.op(new ScatterNd(Reduction.ADD), zeros, index(n, 0), updates);
    n.give(0, isBool ? f.cast(all, DataType.BOOL) : all);
  }

  static Value filled(TensorflowReadNode n, TensorData one, Value shape) {
    return n.formula().op(new Expand(), n.builder().constant(one), shape);
  }

  private static void scatter(TensorflowReadNode n, Reduction how) {
    n.give(new ScatterNd(how), n.in(0), index(n, 1), n.in(2));
  }

  private static void scatterSub(TensorflowReadNode n) {
    n.give(new ScatterNd(Reduction.ADD), n.in(0), index(n, 1), n.formula().neg(n.in(2)));
  }

  /// Inputs: indices, shape, values, default.
  private static void sparseToDense(TensorflowReadNode n) {
    var f = n.formula();
    var indices = index(n, 0);
    if (n.rank(0) < 2) indices = f.reshape(indices, -1, 1);
    var values = n.in(2);
    if (values.shape().hasRank(0)) values = f.expand(values, f.dim(indices, 0));
    var dense = f.expand(n.in(3), n.integers64(1));
    n.give(new ScatterNd(Reduction.REPLACE), dense, indices, values);
  }

  // ---- finding

  private static void unique(TensorflowReadNode n) {
    var indices = n.type("out_idx", DataType.INT32);
    var node = n.builder().add(new Unique(true, 0, false, indices), List.of(n.in(0)), 3, List.of());
    n.give(0, node.output(0));
    n.give(1, node.output(2));
  }

  /// The places of all elements that are not 0, one a row.
  private static void where(TensorflowReadNode n) {
    n.give(new Transpose(List.of(1, 0)), n.formula().op(new NonZero(), n.in(0)));
  }
}
