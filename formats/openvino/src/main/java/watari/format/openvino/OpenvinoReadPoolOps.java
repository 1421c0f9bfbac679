package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Reshape;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Windows that bring the elements below them to one.
final class OpenvinoReadPoolOps {
  private static final Layout LAYOUT = OpenvinoReadConvOps.LAYOUT;

  /// Cells of an adaptive pool that are written out one by one.
  private static final long MOST_CELLS = 4096;

  private OpenvinoReadPoolOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("AvgPool", OpenvinoReadPoolOps::avgPool)
        .on("MaxPool", OpenvinoReadPoolOps::maxPool)
        .on("AdaptiveAvgPool", 8, OpenvinoReadPoolOps::adaptiveAvgPool)
        .on("AdaptiveMaxPool", 8, OpenvinoReadPoolOps::adaptiveMaxPool)
        .on("ROIAlign", 3, n -> roiAlign(n, "asymmetric"))
        .on("ROIAlign", 9, n -> roiAlign(n, n.text("aligned_mode", "asymmetric")));
  }

  private static Window window(OpenvinoReadNode n) {
    var window = OpenvinoReadWindow.pool(n);
    if (n.shape(0).isRanked() && OpenvinoReadWindow.beginsOutside(n, window, n.shape(0))) {
      throw OpenvinoRefusal.unsupported(
          "its last window, rounded up, begins behind the input",
          "set rounding_type to 'ceil_torch' or 'floor'");
    }
    return window;
  }

  /// Padding that counts is made explicit.
  private static void avgPool(OpenvinoReadNode n) {
    var window = window(n);
    boolean counts = !n.flag("exclude-pad", n.flag("exclude_pad", false));
    if (counts && window.padding() instanceof Padding.Same) {
      window = window.withPadding(OpenvinoReadWindow.explicit(window, n.shape(0)));
    }
    n.give(new AveragePool(window, LAYOUT, counts), n.in(0));
  }

  /// Indices count the elements from axis `axis` on.
  private static void maxPool(OpenvinoReadNode n) {
    var op = new MaxPool(window(n), LAYOUT);
    if (!n.isUsed(1)) {
      n.give(0, op, n.in(0));
      n.skip(1);
      return;
    }
    var f = n.formula();
    var node = n.builder().add(op, List.of(n.in(0)), 2, List.of());
    n.give(0, node.output(0));
    var indices = node.output(1);
    int axis = n.axis(n.integer("axis", 0), n.rank(0));
    if (axis > 0) {
      var shape = f.slice(f.shapeOf(n.in(0)), 0, axis, Long.MAX_VALUE);
      var count = f.reduce(Reduce.Kind.PROD, shape, false, List.of(0));
      indices = f.binary(Binary.Kind.FLOOR_MOD, indices, count);
    }
    n.give(1, f.cast(indices, n.element("index_element_type", DataType.INT64)));
  }

  // ---- adaptive

  /// Where bin `i` of `count` begins on an axis; it ends where the next one begins, rounded up.
  private static long begin(long dim, long count, long i) {
    return i * dim / count;
  }

  private static long end(long dim, long count, long i) {
    return Math.ceilDiv((i + 1) * dim, count);
  }

  private static long[] sizes(OpenvinoReadNode n) {
    var sizes = n.integers(1, "its output shape");
    var shape = n.shape(0);
    boolean fits = shape.isRanked() && shape.rank() == sizes.length + 2;
    for (int i = 0; fits && i < sizes.length; i++) {
      fits = shape.dim(i + 2).isFixed() && sizes[i] > 0 && sizes[i] <= MOST_CELLS;
    }
    if (fits) return sizes;
    throw OpenvinoRefusal.unsupported(
        "it pools '" + shape + "', and its windows depend on the spatial dims",
        "fix the input's shape");
  }

  /// The window that all bins have, if they are alike.
  private static boolean isEven(OpenvinoReadNode n, long[] sizes) {
    for (int i = 0; i < sizes.length; i++) {
      if (n.shape(0).dim(i + 2).fixed() % sizes[i] != 0) return false;
    }
    return true;
  }

  private static Window even(OpenvinoReadNode n, long[] sizes) {
    var kernel = new ArrayList<Integer>();
    var ones = new ArrayList<Integer>();
    for (int i = 0; i < sizes.length; i++) {
      kernel.add(Math.toIntExact(n.shape(0).dim(i + 2).fixed() / sizes[i]));
      ones.add(1);
    }
    return new Window(kernel, kernel, ones, Padding.none(sizes.length), false);
  }

  /// The mean of each bin: a product with the bins' weights along each axis.
  private static void adaptiveAvgPool(OpenvinoReadNode n) {
    var sizes = sizes(n);
    n.floats(0);
    if (isEven(n, sizes)) {
      n.give(new AveragePool(even(n, sizes), LAYOUT, false), n.in(0));
      return;
    }
    var f = n.formula();
    var x = n.in(0);
    for (int i = 0; i < sizes.length; i++) {
      var weights = f.constant(weights(n.shape(0).dim(i + 2).fixed(), sizes[i]));
      x = f.toLast(f.op(new MatMul(false, false), f.toLast(x, i + 2), weights), i + 2);
    }
    n.give(0, x);
  }

  private static TensorData weights(long dim, long count) {
    var all = new float[Math.toIntExact(dim * count)];
    for (long i = 0; i < count; i++) {
      long begin = begin(dim, count, i);
      long end = end(dim, count, i);
      for (long at = begin; at < end; at++) all[(int) (at * count + i)] = 1f / (end - begin);
    }
    return TensorData.ofFloats(Shape.of(dim, count), all);
  }

  private static void adaptiveMaxPool(OpenvinoReadNode n) {
    var sizes = sizes(n);
    if (n.isUsed(1)) {
      maximaWithIndices(n, sizes);
      return;
    }
    n.skip(1);
    if (isEven(n, sizes)) {
      n.give(0, new MaxPool(even(n, sizes), LAYOUT), n.in(0));
      return;
    }
    var f = n.formula();
    var x = n.in(0);
    for (int i = 0; i < sizes.length; i++) {
      int axis = i + 2;
      long dim = n.shape(0).dim(axis).fixed();
      var parts = new ArrayList<Value>();
      for (long bin = 0; bin < sizes[i]; bin++) {
        var part = f.slice(x, axis, begin(dim, sizes[i], bin), end(dim, sizes[i], bin));
        parts.add(f.reduce(Reduce.Kind.MAX, part, true, List.of(axis)));
      }
      x = f.concat(axis, parts);
    }
    n.give(0, x);
  }

  /// The maximum of each bin and its index among the elements of its channel: each bin is gathered
  /// from them.
  private static void maximaWithIndices(OpenvinoReadNode n, long[] sizes) {
    var f = n.formula();
    var shape = n.shape(0);
    var flat = f.op(new Reshape(false), n.in(0), f.vector(0, 0, -1));
    var maxima = new ArrayList<Value>();
    var places = new ArrayList<Value>();
    long cells = Shape.of(sizes).elements().fixed();
    if (cells > MOST_CELLS) {
      throw OpenvinoRefusal.unsupported(
          "it has " + cells + " bins with indices", "do without the indices");
    }
    for (long cell = 0; cell < cells; cell++) {
      var indices = f.vector(elements(shape, sizes, cell));
      var bin = f.gather(flat, indices, 2);
      maxima.add(f.reduce(Reduce.Kind.MAX, bin, true, List.of(2)));
      var at = f.op(new ArgReduce(true, 2, false, false, DataType.INT64), bin);
      places.add(f.unsqueeze(f.gather(indices, at, 0), 2));
    }
    var dims = new long[sizes.length + 2];
    System.arraycopy(sizes, 0, dims, 2, sizes.length);
    var to = f.vector(dims);
    var copying = new Reshape(false);
    n.give(0, copying, f.concat(2, maxima), to);
    var indices = f.op(copying, f.concat(2, places), to);
    n.give(1, f.cast(indices, n.element("index_element_type", DataType.INT64)));
  }

  /// The flat indices of a bin's elements.
  private static long[] elements(Shape shape, long[] sizes, long cell) {
    long[] all = {0};
    long rest = cell;
    var bins = new long[sizes.length];
    for (int i = sizes.length - 1; i >= 0; i--) {
      bins[i] = rest % sizes[i];
      rest /= sizes[i];
    }
    for (int i = 0; i < sizes.length; i++) {
      long dim = shape.dim(i + 2).fixed();
      long begin = begin(dim, sizes[i], bins[i]);
      int count = Math.toIntExact(end(dim, sizes[i], bins[i]) - begin);
      var next = new long[all.length * count];
      for (int j = 0; j < next.length; j++) next[j] = all[j / count] * dim + begin + j % count;
      all = next;
    }
    return all;
  }

  // ---- regions

  /// Coordinates are `(roi + before) · scale - behind`: both half a pixel in mode `half_pixel`, the
  /// second alone in `half_pixel_for_nn`.
  private static void roiAlign(OpenvinoReadNode n, String alignedMode) {
    var f = n.formula();
    boolean isShifted =
        switch (alignedMode.toLowerCase(Locale.ROOT)) {
          case "asymmetric" -> false;
          case "half_pixel", "half_pixel_for_nn" -> true;
          default -> throw n.unknown("aligned_mode", "asymmetric, half_pixel_for_nn or half_pixel");
        };
    var regions = alignedMode.equalsIgnoreCase("half_pixel") ? f.add(n.in(1), 0.5) : n.in(1);
    switch (n.text("mode").toLowerCase(Locale.ROOT)) {
      case "avg" -> n.give(0, align(n, regions, isShifted, 1, n.integer("sampling_ratio", 0)));
      case "max" -> n.give(0, maxima(n, regions, isShifted));
      default -> throw n.unknown("mode", "avg or max");
    }
  }

  private static Value align(
      OpenvinoReadNode n, Value regions, boolean isShifted, int finer, int samples) {
    var op =
        new RoiAlign(
            true,
            isShifted,
            n.integer("pooled_h") * finer,
            n.integer("pooled_w") * finer,
            samples,
            (float) n.real("spatial_scale", 1));
    return n.formula().op(op, n.in(0), regions, n.formula().cast(n.in(2), DataType.INT64));
  }

  /// Every sample alone, then the maximum of those of a bin; OpenVINO begins it with 0.
  private static Value maxima(OpenvinoReadNode n, Value regions, boolean isShifted) {
    int samples = n.integer("sampling_ratio", 0);
    if (samples < 1) {
      throw OpenvinoRefusal.unsupported(
          "it takes maxima of as many samples as a region has pixels", "set sampling_ratio");
    }
    var each = align(n, regions, isShifted, samples, 1);
    var bins = List.of(samples, samples);
    var window = new Window(bins, bins, List.of(1, 1), Padding.none(2), false);
    return n.formula().relu(n.formula().op(new MaxPool(window, LAYOUT), each));
  }
}
