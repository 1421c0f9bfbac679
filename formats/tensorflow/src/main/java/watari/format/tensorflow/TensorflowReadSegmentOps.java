package watari.format.tensorflow;

import java.util.Arrays;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Operators that bring the rows of each segment to one.
///
/// Source: TensorFlow 2.21, math_ops.
final class TensorflowReadSegmentOps {
  /// What becomes of the rows of a segment.
  private enum Kind {
    SUM,
    MEAN,
    SQRT_N,
    PROD,
    MAX,
    MIN
  }

  private TensorflowReadSegmentOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("SegmentMax", n -> sorted(n, Kind.MAX))
        .on("SegmentMean", n -> sorted(n, Kind.MEAN))
        .on("SegmentMin", n -> sorted(n, Kind.MIN))
        .on("SegmentProd", n -> sorted(n, Kind.PROD))
        .on("SegmentSum", n -> sorted(n, Kind.SUM))
        .on("SparseSegmentMean", n -> sparse(n, Kind.MEAN, -1))
        .on("SparseSegmentMeanWithNumSegments", n -> sparse(n, Kind.MEAN, 3))
        .on("SparseSegmentSqrtN", n -> sparse(n, Kind.SQRT_N, -1))
        .on("SparseSegmentSqrtNWithNumSegments", n -> sparse(n, Kind.SQRT_N, 3))
        .on("SparseSegmentSum", n -> sparse(n, Kind.SUM, -1))
        .on("SparseSegmentSumWithNumSegments", n -> sparse(n, Kind.SUM, 3))
        .on("UnsortedSegmentMax", n -> unsorted(n, Kind.MAX))
        .on("UnsortedSegmentMin", n -> unsorted(n, Kind.MIN))
        .on("UnsortedSegmentProd", n -> unsorted(n, Kind.PROD))
        .on("UnsortedSegmentSum", n -> unsorted(n, Kind.SUM));
  }

  // ---- ids in ascending order

  private static void sorted(TensorflowReadNode n, Kind kind) {
    n.give(0, reduced(n, kind, n.in(0), 1, behindLast(n, 1)));
  }

  /// Inputs: rows, which of them, the ids of those, and perhaps the number of segments.
  private static void sparse(TensorflowReadNode n, Kind kind, int count) {
    var f = n.formula();
    var rows = f.gather(n.in(0), TensorflowReadIndexOps.index(n, 1), 0);
    n.give(0, reduced(n, kind, rows, 2, count < 0 ? behindLast(n, 2) : vector(n, count)));
  }

  /// One more than the last id, which is the largest, as a vector.
  private static Value behindLast(TensorflowReadNode n, int ids) {
    var f = n.formula();
    if (n.shape(ids).isFixed() && n.shape(ids).elements().is(0)) return f.vector(0);
    var known = n.known(ids);
    if (known.isPresent()) return f.vector(known.get()[known.get().length - 1] + 1);
    return f.add(f.slice(n.integers64(ids), 0, -1, Integer.MAX_VALUE), 1);
  }

  private static Value vector(TensorflowReadNode n, int i) {
    var f = n.formula();
    var known = n.known(i);
    return known.map(f::vector).orElseGet(() -> f.reshape(f.cast(n.in(i), DataType.INT64), 1));
  }

  /// Segments without rows are 0, but 1 of products.
  private static Value reduced(
      TensorflowReadNode n, Kind kind, Value rows, int idInput, Value count) {
    var f = n.formula();
    var ids = f.unsqueeze(n.integers64(idInput), -1);
    var shape = withRest(f, count, rows, 1);
    var all = scattered(n, how(kind), start(kind, rows.dtype()), shape, ids, rows);
    if (kind == Kind.SUM || kind == Kind.PROD) return all;
    var ones = f.expand(f.scalar(rows, 1), f.dim(rows, 0));
    var sizes = scattered(n, Reduction.ADD, f.scalar(rows, 0), count, ids, ones);
    var column = column(n, sizes, n.rank(rows, "its rows"));
    return switch (kind) {
      case MEAN -> f.div(all, f.max(column, 1));
      case SQRT_N -> f.div(all, f.sqrt(f.max(column, 1)));
      default ->
          f.select(f.binary(Binary.Kind.EQUAL, column, f.scalar(column, 0)), f.scalar(all, 0), all);
    };
  }

  /// A vector along the first of so many axes.
  private static Value column(TensorflowReadNode n, Value vector, int rank) {
    var dims = new long[rank];
    Arrays.fill(dims, 1);
    dims[0] = -1;
    return n.formula().reshape(vector, dims);
  }

  // ---- ids in any order

  /// Rows with a negative id go into one segment more, which is cut off. Segments without rows have
  /// what changes nothing.
  private static void unsorted(TensorflowReadNode n, Kind kind) {
    var f = n.formula();
    int idRank = n.rank(1);
    var rows = n.in(0);
    var ids = f.cast(n.in(1), DataType.INT64);
    var count = vector(n, 2);
    if (idRank != 1) {
      rows = f.reshape(rows, withRest(f, f.vector(-1), rows, idRank));
      ids = f.reshape(ids, -1);
    }
    var isNegative = f.binary(Binary.Kind.LESS, ids, f.scalar(ids, 0));
    var kept = f.unsqueeze(f.select(isNegative, count, ids), -1);
    var more = n.known(count).map(c -> f.vector(c[0] + 1)).orElseGet(() -> f.add(count, 1));
    var shape = withRest(f, more, n.in(0), idRank);
    var all = scattered(n, how(kind), start(kind, rows.dtype()), shape, kept, rows);
    n.give(new watari.op.ShapeOp.Slice(), all, f.vector(0), count, f.vector(0));
  }

  // ---- parts

  private static Value scattered(
      TensorflowReadNode n, Reduction how, TensorData start, Value shape, Value ids, Value rows) {
    return scattered(n, how, n.builder().constant(start), shape, ids, rows);
  }

  private static Value scattered(
      TensorflowReadNode n, Reduction how, Value start, Value shape, Value ids, Value rows) {
    var f = n.formula();
    return f.op(new ScatterNd(how), f.expand(start, shape), ids, rows);
  }

  private static Reduction how(Kind kind) {
    return switch (kind) {
      case SUM, MEAN, SQRT_N -> Reduction.ADD;
      case PROD -> Reduction.MUL;
      case MAX -> Reduction.MAX;
      case MIN -> Reduction.MIN;
    };
  }

  private static TensorData start(Kind kind, DataType dtype) {
    return switch (kind) {
      case SUM, MEAN, SQRT_N -> TensorData.scalar(dtype, 0);
      case PROD -> TensorData.scalar(dtype, 1);
      case MAX -> lowest(dtype);
      case MIN -> highest(dtype);
    };
  }

  /// The lowest finite number of a type.
  static TensorData lowest(DataType dtype) {
    return dtype.isFloat()
        ? TensorData.scalar(dtype, -largest(dtype))
        : TensorData.ofLongs(dtype, watari.tensor.Shape.SCALAR, dtype.min());
  }

  private static TensorData highest(DataType dtype) {
    return dtype.isFloat()
        ? TensorData.scalar(dtype, largest(dtype))
        : TensorData.ofLongs(dtype, watari.tensor.Shape.SCALAR, dtype.max());
  }

  private static double largest(DataType dtype) {
    return switch (dtype) {
      case FLOAT64 -> Double.MAX_VALUE;
      case FLOAT32 -> Float.MAX_VALUE;
      case FLOAT16 -> 65504;
      case BFLOAT16 -> Float.intBitsToFloat(0x7F7F0000);
      default ->
          throw TensorflowRefusal.unsupported(
              "it compares numbers of type " + dtype, "compute with float32");
    };
  }

  /// A count, then the dims of a tensor from an axis on.
  private static Value withRest(Formula f, Value count, Value x, int axis) {
    int rank = x.shape().isRanked() ? x.shape().rank() : -1;
    if (rank < 0) throw TensorflowRefusal.dynamic("the rank of its rows is not known");
    if (rank == axis) return count;
    var rest = x.shape().slice(axis, rank);
    if (count.isConstant() && rest.isFixed()) {
      return f.constant(
          TensorData.joined(
              java.util.List.of(
                  count.constant().orElseThrow(), TensorData.vector(rest.fixedDims()))));
    }
    return f.concat(0, count, f.shape(x, axis, rank));
  }
}
