package watari.format.tflite;

import static watari.op.BinaryOp.Binary.Kind.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.BucketizeOptions;
import watari.format.tflite.schema.CombinerType;
import watari.format.tflite.schema.EmbeddingLookupSparseOptions;
import watari.format.tflite.schema.ReduceWindowFunction;
import watari.format.tflite.schema.ReduceWindowOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that gather rows into segments, diagonals and windows: compositions of simpler ones.
final class TfliteReadSegmentOps {
  private static final int MAX_WINDOW = 256;

  private TfliteReadSegmentOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BUCKETIZE", TfliteReadSegmentOps::bucketize)
        .on("DILATE", TfliteReadSegmentOps::dilate)
        .on("EMBEDDING_LOOKUP_SPARSE", TfliteReadSegmentOps::embeddingLookupSparse)
        .on("MATRIX_DIAG", TfliteReadSegmentOps::matrixDiag)
        .on("MATRIX_SET_DIAG", TfliteReadSegmentOps::matrixSetDiag)
        .on("REDUCE_WINDOW", TfliteReadSegmentOps::reduceWindow)
        .on("SEGMENT_SUM", TfliteReadSegmentOps::segmentSum)
        .on("UNSORTED_SEGMENT_MAX", node -> unsortedSegment(node, Reduction.MAX))
        .on("UNSORTED_SEGMENT_MIN", node -> unsortedSegment(node, Reduction.MIN))
        .on("UNSORTED_SEGMENT_PROD", node -> unsortedSegment(node, Reduction.MUL))
        .on("UNSORTED_SEGMENT_SUM", node -> unsortedSegment(node, Reduction.ADD));
  }

  // ---- segments

  /// Rows are added to the segment that each names; the last id, the largest, says how many there
  /// are.
  private static void segmentSum(TfliteNode node) {
    var ids = node.int64(node.in(1));
    var last = node.add(new Slice(), ids, node.vector(-1), node.vector(Integer.MAX_VALUE));
    var count = node.add(new Binary(ADD), last, node.vector(1));
    var shape = withRest(node, count, 0, 1);
    var zeros = TfliteReadIndexOps.filled(node, node.in(0), 0, shape);
    node.emit(new ScatterNd(Reduction.ADD), zeros, rows(node, ids), node.in(0));
  }

  private static Value rows(TfliteNode node, Value ids) {
    return node.add(new Unsqueeze(), ids, node.vector(-1));
  }

  /// A count followed by the dims of input `i` from an axis on.
  private static Value withRest(TfliteNode node, Value count, int i, int axis) {
    var rest = node.add(new ShapeOf(axis, Integer.MAX_VALUE, DataType.INT64), node.in(i));
    return node.add(new Concat(0), count, rest);
  }

  /// Rows with a negative id go into one segment more, which is cut off.
  private static void unsortedSegment(TfliteNode node, Reduction how) {
    int idRank = node.rank(1);
    var data = node.in(0);
    var ids = node.int64(node.in(1));
    var count = node.asVector(node.int64(node.in(2)));
    if (idRank != 1) {
      data =
          node.move(
              new watari.op.ShapeOp.Reshape(true),
              data,
              withRest(node, node.vector(-1), 0, idRank));
      ids = node.reshaped(ids, -1);
    }
    var isNegative = node.add(new Binary(LESS), ids, node.builder().scalar(0L));
    var kept = node.add(new Select(), isNegative, count, ids);
    var more = node.add(new Binary(ADD), count, node.vector(1));
    double start = start(how, TfliteNode.computed(data));
    var shape = withRest(node, more, 0, idRank);
    var all = TfliteReadIndexOps.scattered(node, how, start, shape, rows(node, kept), data);
    node.emit(new Slice(), all, node.vector(0), count, node.vector(0));
  }

  private static double start(Reduction how, DataType dtype) {
    return switch (how) {
      case ADD, REPLACE -> 0;
      case MUL -> 1;
      case MAX -> dtype.isFloat() ? -Float.MAX_VALUE : dtype.min();
      case MIN -> dtype.isFloat() ? Float.MAX_VALUE : dtype.max();
    };
  }

  /// Sums of weighed rows, divided by the sum of the weights, or by the root of that of their
  /// squares.
  private static void embeddingLookupSparse(TfliteNode node) {
    int combiner = node.options(new EmbeddingLookupSparseOptions()).combiner();
    int rank = node.rank(4);
    long depth = node.fixedDims(1)[1];
    var rows = node.add(new Gather(0, 0), node.in(4), node.in(0));
    var weights = node.in(3);
    var column = new long[rank];
    Arrays.fill(column, 1);
    column[0] = -1;
    var weighed = node.add(new Binary(MUL), rows, node.reshaped(weights, column));
    var places =
        node.add(
            new Slice(),
            node.int64(node.in(1)),
            node.vector(0),
            node.vector(depth - 1),
            node.vector(1));
    var outer =
        node.add(new Slice(), node.int64(node.in(2)), node.vector(0), node.vector(depth - 1));
    var shape = withRest(node, outer, 4, 1);
    if (combiner == CombinerType.SUM) {
      var zeros = TfliteReadIndexOps.filled(node, weighed, 0, shape);
      node.emit(new ScatterNd(Reduction.ADD), zeros, places, weighed);
      return;
    }
    var sums = TfliteReadIndexOps.scattered(node, Reduction.ADD, 0, shape, places, weighed);
    var parts =
        combiner == CombinerType.MEAN ? weights : node.add(new Unary(Unary.Kind.SQUARE), weights);
    var total = TfliteReadIndexOps.scattered(node, Reduction.ADD, 0, outer, places, parts);
    if (combiner == CombinerType.SQRTN) total = node.add(new Unary(Unary.Kind.SQRT), total);
    var isEmpty = node.add(new Binary(EQUAL), total, node.builder().scalar(0f));
    var divisor = node.add(new Select(), isEmpty, node.builder().scalar(1f), total);
    var axes = new long[rank - 1];
    for (int i = 0; i < axes.length; i++) axes[i] = -1L - i;
    if (axes.length > 0) divisor = node.add(new Unsqueeze(), divisor, node.vector(axes));
    node.emit(new Binary(DIV), sums, divisor);
  }

  // ---- buckets

  /// How many boundaries are not above each element.
  private static void bucketize(TfliteNode node) {
    var options = node.options(new BucketizeOptions());
    var boundaries = new float[options.boundariesLength()];
    for (int i = 0; i < boundaries.length; i++) boundaries[i] = options.boundaries(i);
    var x = node.in(0);
    if (TfliteNode.computed(x) != DataType.FLOAT32) x = node.add(new Cast(DataType.FLOAT32), x);
    var each = node.add(new Unsqueeze(), x, node.vector(-1));
    var limits = node.constant(TensorData.ofFloats(Shape.of(boundaries.length), boundaries));
    var passed = node.add(new Binary(GREATER_EQUAL), each, limits);
    var numbers = node.add(new Cast(DataType.INT32), passed);
    node.emit(new Reduce(Reduce.Kind.SUM, false), numbers, node.vector(-1));
  }

  // ---- diagonals

  private static Value eye(TfliteNode node, long rows, long columns) {
    if (rows * columns > Integer.MAX_VALUE / 8) throw Unreadable.broken("its matrix is too large");
    var ones = new byte[Math.toIntExact(rows * columns)];
    for (int i = 0; i < Math.min(rows, columns); i++) ones[(int) (i * columns + i)] = 1;
    var bytes = java.lang.foreign.MemorySegment.ofArray(ones);
    return node.constant(TensorData.of(DataType.BOOL, Shape.of(rows, columns), bytes));
  }

  private static long lastDim(TfliteNode node, int back) {
    var dim = node.shape(0).dim(-back);
    if (!dim.isFixed()) throw Unreadable.dynamic("the size of its matrices is not fixed");
    return dim.fixed();
  }

  private static void matrixDiag(TfliteNode node) {
    if (node.rank(0) < 1) throw Unreadable.broken("its input is a scalar");
    long size = lastDim(node, 1);
    var columns = node.add(new Unsqueeze(), node.in(0), node.vector(-2));
    var zero = node.scalar(TfliteNode.computed(node.in(0)), 0);
    node.emit(new Select(), eye(node, size, size), columns, zero);
  }

  private static void matrixSetDiag(TfliteNode node) {
    if (node.rank(0) < 2) throw Unreadable.broken("its input is no matrix");
    long rows = lastDim(node, 2);
    long columns = lastDim(node, 1);
    var diagonal = node.in(1);
    if (columns > rows) {
      var pads = new long[2 * node.rank(1)];
      pads[pads.length - 1] = columns - rows;
      diagonal = node.add(new Pad(Pad.Mode.CONSTANT), diagonal, node.vector(pads));
    }
    var spread = node.add(new Unsqueeze(), diagonal, node.vector(-2));
    node.emit(new Select(), eye(node, rows, columns), spread, node.in(0));
  }

  // ---- windows

  private static void dilate(TfliteNode node) {
    var value = node.in(2).shape().hasRank(0) ? node.in(2) : node.reshaped(node.in(2));
    var spread = spread(node, node.in(0), value, node.integers(1, "dilations"));
    node.emit(new Identity(), spread);
  }

  /// Puts a value between neighbours: each element gets followers along an axis of its own, then
  /// the last ones are cut off.
  static Value spread(TfliteNode node, Value x, Value value, long... factors) {
    if (!x.shape().isFixed())
      throw Unreadable.dynamic("the shape %s is not fixed".formatted(x.shape()));
    var dims = x.shape().fixedDims();
    int rank = dims.length;
    var ends = new long[rank];
    boolean spreads = false;
    for (int axis = 0; axis < rank; axis++) {
      ends[axis] = Math.max(0, (dims[axis] - 1) * factors[axis] + 1);
      if (factors[axis] < 1) throw Unreadable.broken("a dilation is '%d'".formatted(factors[axis]));
      if (factors[axis] == 1) continue;
      spreads = true;
      var pads = new long[2 * (rank + 1)];
      pads[rank + 1 + axis + 1] = factors[axis] - 1;
      var column = node.move(new Unsqueeze(), x, node.vector(axis + 1L));
      var padded = node.move(new Pad(Pad.Mode.CONSTANT), column, node.vector(pads), value);
      dims[axis] *= factors[axis];
      x = node.reshaped(padded, dims.clone());
    }
    if (!spreads) return x;
    return node.move(new Slice(), x, node.vector(new long[rank]), node.vector(ends));
  }

  /// How a window lies: its size, its steps and the steps inside of it, along each axis.
  record Windows(List<Long> sizes, List<Long> strides, List<Long> dilations) {
    private static List<Long> of(long[] values) {
      return Arrays.stream(values).boxed().toList();
    }
  }

  private static void reduceWindow(TfliteNode node) {
    int function = node.options(new ReduceWindowOptions()).reduceFunction();
    var windows =
        new Windows(
            Windows.of(node.integers(2, "window shape")),
            Windows.of(node.integers(3, "window strides")),
            Windows.of(node.integers(4, "window dilations")));
    var start = node.in(1).shape().hasRank(0) ? node.in(1) : node.reshaped(node.in(1));
    reduceWindow(node, new Binary(windowFunction(function)), node.in(0), start, windows);
  }

  /// Brings the elements at each place of the window together, one place after the other.
  static void reduceWindow(TfliteNode node, Binary op, Value x, Value start, Windows windows) {
    long places = 1;
    for (long size : windows.sizes()) places *= size;
    if (places > MAX_WINDOW || places < 1) {
      throw Unreadable.operator(
          "its window has %d places, not 1 to %d".formatted(places, MAX_WINDOW),
          "reduce in smaller windows");
    }
    var all = start;
    for (int place = 0; place < places; place++) {
      var part = windowPart(node, x, place, windows);
      if (place == places - 1) node.emit(op, all, part);
      else all = node.add(op, all, part);
    }
  }

  private static Value windowPart(TfliteNode node, Value x, int place, Windows windows) {
    if (!x.shape().isFixed())
      throw Unreadable.dynamic("the shape %s is not fixed".formatted(x.shape()));
    var dims = x.shape().fixedDims();
    var starts = new long[dims.length];
    var ends = new long[dims.length];
    var axes = new ArrayList<Integer>();
    long rest = place;
    for (int axis = dims.length - 1; axis >= 0; axis--) {
      long size = windows.sizes().get(axis);
      long stride = windows.strides().get(axis);
      long dilation = windows.dilations().get(axis);
      if (stride < 1 || dilation < 1) throw Unreadable.broken("a stride or dilation is below 1");
      long span = (size - 1) * dilation + 1;
      long outputs = dims[axis] < span ? 0 : (dims[axis] - span) / stride + 1;
      starts[axis] = rest % size * dilation;
      ends[axis] = starts[axis] + Math.max(0, (outputs - 1) * stride + 1);
      rest /= size;
    }
    for (int axis = 0; axis < dims.length; axis++) axes.add(axis);
    return node.move(
        new Slice(),
        x,
        node.vector(starts),
        node.vector(ends),
        node.builder().vector(axes),
        node.builder().vector(windows.strides()));
  }

  private static Binary.Kind windowFunction(int function) {
    return switch (function) {
      case ReduceWindowFunction.ADD -> ADD;
      case ReduceWindowFunction.MUL -> MUL;
      case ReduceWindowFunction.MINIMUM -> MIN;
      case ReduceWindowFunction.MAXIMUM -> MAX;
      case ReduceWindowFunction.ALL -> AND;
      case ReduceWindowFunction.ANY -> OR;
      default -> throw Unreadable.broken("its function is '%d'".formatted(function));
    };
  }
}
