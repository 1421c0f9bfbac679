package watari.format.tensorflow;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Compress;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.op.ReduceOp.Reduce;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that look for elements among others.
final class TensorflowReadSearchOps {
  private TensorflowReadSearchOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Bucketize", TensorflowReadSearchOps::bucketize)
        .on("InTopK", n -> inTopK(n, n.builder().scalar((long) n.integer("k", 1))))
        .on("InTopKV2", n -> inTopK(n, n.formula().cast(n.in(2), DataType.INT64)))
        .on("InvertPermutation", TensorflowReadSearchOps::invertPermutation)
        .on("ListDiff", TensorflowReadSearchOps::listDiff)
        .on("LowerBound", n -> bound(n, Binary.Kind.LESS))
        .on("UniqueWithCounts", TensorflowReadSearchOps::uniqueWithCounts)
        .on("UpperBound", n -> bound(n, Binary.Kind.LESS_EQUAL));
  }

  /// How many boundaries are not above each element.
  private static void bucketize(TensorflowReadNode n) {
    var f = n.formula();
    var boundaries = n.reals("boundaries");
    boolean isWide = n.dtype(0) == DataType.FLOAT64;
    var x = f.cast(n.in(0), isWide ? DataType.FLOAT64 : DataType.FLOAT32);
    if (boundaries.isEmpty()) {
      n.give(0, f.cast(f.mul(x, 0), DataType.INT32));
      return;
    }
    var limits = boundaries.stream().mapToDouble(Float::doubleValue).toArray();
    var all = f.constant(TensorData.ofDoubles(x.dtype(), Shape.of(limits.length), limits));
    n.give(0, count(n, f.binary(Binary.Kind.GREATER_EQUAL, f.unsqueeze(x, -1), all)));
  }

  /// How many conditions along the last axis hold.
  private static Value count(TensorflowReadNode n, Value conditions) {
    var f = n.formula();
    return f.reduce(Reduce.Kind.SUM, f.cast(conditions, DataType.INT32), false, List.of(-1));
  }

  /// Inputs: ascending rows, and values `[rows, count]` to be put among them.
  private static void bound(TensorflowReadNode n, Binary.Kind isBefore) {
    var f = n.formula();
    var sorted = f.unsqueeze(n.in(0), 1);
    var isPassed = f.binary(isBefore, sorted, f.unsqueeze(n.in(1), -1));
    n.give(0, f.cast(count(n, isPassed), n.type("out_type", DataType.INT32)));
  }

  /// Whether fewer than `k` predictions are above that of the target. Where a number is not finite,
  /// or there is no such target, it is not. Inputs: `[batch, classes]`, `[batch]`.
  private static void inTopK(TensorflowReadNode n, Value k) {
    var f = n.formula();
    var predictions = n.in(0);
    var targets = f.unsqueeze(f.cast(n.in(1), DataType.INT64), -1);
    var classes = f.dim(predictions, 1);
    var last = f.add(classes, -1);
    var there = f.min(f.max(targets, 0), last);
    var target = f.op(new GatherElements(1), predictions, there);
    var above = count(n, f.binary(Binary.Kind.GREATER, predictions, target));
    var isAmong = f.binary(Binary.Kind.LESS, f.cast(above, DataType.INT64), k);
    var size = f.unary(Unary.Kind.ABS, predictions);
    var isFinite = f.binary(Binary.Kind.LESS_EQUAL, size, f.scalar(predictions, Float.MAX_VALUE));
    var allFinite = f.reduce(Reduce.Kind.ALL, isFinite, false, List.of(-1));
    var isTarget = f.squeeze(f.binary(Binary.Kind.EQUAL, targets, there), -1);
    var holds = f.binary(Binary.Kind.AND, isAmong, allFinite);
    n.give(new Binary(Binary.Kind.AND), holds, isTarget);
  }

  /// At each place that an element names the element's own place.
  private static void invertPermutation(TensorflowReadNode n) {
    var f = n.formula();
    var count = f.dim(n.in(0), 0);
    var places = f.cast(f.range(count), n.dtype(0));
    var zeros = f.expand(f.scalar(places, 0), count);
    n.give(new ScatterNd(Reduction.REPLACE), zeros, f.unsqueeze(n.in(0), -1), places);
  }

  /// The elements of the first vector that the second one has not, and their places.
  private static void listDiff(TensorflowReadNode n) {
    var f = n.formula();
    var x = n.in(0);
    var isSame = f.binary(Binary.Kind.EQUAL, f.unsqueeze(x, -1), f.unsqueeze(n.in(1), 0));
    var isIn = f.reduce(Reduce.Kind.ANY, isSame, false, List.of(-1));
    var isKept = f.unary(Unary.Kind.NOT, isIn);
    var places = f.cast(f.range(f.dim(x, 0)), n.type("out_idx", DataType.INT32));
    n.give(0, new Compress(false, 0), x, isKept);
    n.give(1, new Compress(false, 0), places, isKept);
  }

  private static void uniqueWithCounts(TensorflowReadNode n) {
    var op = new Unique(true, 0, false, n.type("out_idx", DataType.INT32));
    var node = n.builder().add(op, List.of(n.in(0)), 4, List.of());
    n.give(0, node.output(0));
    n.give(1, node.output(2));
    n.give(2, node.output(3));
  }
}
