package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ShapeOp.Pad;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Regions of images: cut out, laid beside each other, or looked through for their maxima.
final class TensorflowReadRegionOps {
  private static final long MOST_OFFSETS = 256;

  private TensorflowReadRegionOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("CropAndResize", TensorflowReadRegionOps::cropAndResize)
        .on("ExtractImagePatches", TensorflowReadRegionOps::extractImagePatches)
        .on("MaxPoolWithArgmax", TensorflowReadRegionOps::maxPoolWithArgmax);
  }

  // ---- crops

  /// Inputs: images `[N, H, W, C]`, boxes `[R, 4]` (y1, x1, y2, x2, of which 1 is the last pixel),
  /// the image of each, the size of all crops. Output `[R, h, w, C]`.
  ///
  /// Each axis is a product with weights, two of which are not 0 in each row.
  private static void cropAndResize(TensorflowReadNode n) {
    var f = n.formula();
    var sizes = n.integers(3, "the size of its crops");
    var text = n.text("method", "bilinear");
    if (!text.equals("bilinear") && !text.equals("nearest")) {
      throw TensorflowReadNode.unknown("method", text, "'bilinear' or 'nearest'");
    }
    boolean isNearest = text.equals("nearest");
    var images = f.cast(n.in(0), DataType.FLOAT32);
    var all = f.gather(images, TensorflowReadIndexOps.index(n, 2), 0);
    var height = Crop.of(f, n.in(1), images, 0, sizes[0]);
    var width = Crop.of(f, n.in(1), images, 1, sizes[1]);
    int rank = 4;
    n.rank(all, "its images");
    var flat = f.reshape(all, f.concat(0, f.shape(all, 0, 2), f.vector(-1)));
    var rows = f.op(new MatMul(false, false), height.weights(f, isNearest), flat);
    var cut = f.concat(0, f.dim(all, 0), f.vector(sizes[0]), f.shape(all, 2, rank));
    var lines = f.reshape(rows, cut);
    var across = f.unsqueeze(width.weights(f, isNearest), 1);
    var crops = f.op(new MatMul(false, false), across, lines);
    var isInside =
        f.binary(
            Binary.Kind.AND,
            f.unsqueeze(height.isInside(f), 2, 3),
            f.unsqueeze(width.isInside(f), 1, 3));
    var outside = f.scalar(crops, n.real("extrapolation_value", 0));
    n.give(new watari.op.BinaryOp.Select(), isInside, crops, outside);
  }

  /// One axis of all crops.
  ///
  /// @param places `[R, size]`
  /// @param last the last pixel's place
  /// @param count of pixels, a vector of one int64
  private record Crop(Value places, Value last, Value count) {
    static Crop of(Formula f, Value boxes, Value images, int axis, long size) {
      var count = f.dim(images, axis + 1);
      var last = f.add(f.cast(count, DataType.FLOAT32), -1);
      var begin = f.slice(boxes, 1, axis, axis + 1L);
      var end = f.slice(boxes, 1, axis + 2L, axis + 3L);
      if (size <= 1) return new Crop(f.mul(f.mul(f.add(begin, end), 0.5), last), last, count);
      var steps = new float[(int) size];
      for (int i = 0; i < size; i++) steps[i] = i;
      var step = f.div(f.mul(f.sub(end, begin), last), f.scalar(last, size - 1.0));
      var along = f.mul(step, f.constant(TensorData.ofFloats(Shape.of(size), steps)));
      return new Crop(f.add(rounded(f, f.mul(begin, last)), rounded(f, along)), last, count);
    }

    /// OpenVINO would add to a product that it has not rounded yet: places just between two pixels,
    /// or just at the edge, would fall to the other side.
    private static Value rounded(Formula f, Value product) {
      return f.max(product, -Float.MAX_VALUE);
    }

    Value isInside(Formula f) {
      var isBehind = f.binary(Binary.Kind.GREATER_EQUAL, places, f.scalar(places, 0));
      return f.binary(Binary.Kind.AND, isBehind, f.binary(Binary.Kind.LESS_EQUAL, places, last));
    }

    /// `[R, size, count]`: of the pixels before and behind a place, or of the nearest one.
    Value weights(Formula f, boolean isNearest) {
      var pixels = f.cast(f.range(count), DataType.FLOAT32);
      var place = f.unsqueeze(isNearest ? nearest(f) : places, -1);
      var distance = f.abs(f.sub(place, pixels));
      return f.relu(f.sub(f.scalar(distance, 1), distance));
    }

    /// Halves go up: places inside are not negative.
    private Value nearest(Formula f) {
      var below = f.unary(Unary.Kind.FLOOR, places);
      var isUpper =
          f.binary(Binary.Kind.GREATER_EQUAL, f.sub(places, below), f.scalar(places, 0.5));
      return f.add(below, f.cast(isUpper, DataType.FLOAT32));
    }
  }

  // ---- windows

  /// Windows over an image of known size.
  ///
  /// @param sizes of the image
  private record Windows(
      List<Integer> kernel,
      List<Integer> strides,
      List<Integer> rates,
      boolean isSame,
      Shape sizes) {
    long size(int axis) {
      return sizes.dim(axis).fixed();
    }

    long extent(int axis) {
      return (kernel.get(axis) - 1L) * rates.get(axis) + 1;
    }

    long count(int axis) {
      long given = isSame ? size(axis) : size(axis) - extent(axis) + 1;
      return Math.max(0, Math.ceilDiv(given, strides.get(axis)));
    }

    long missing(int axis) {
      if (!isSame) return 0;
      return Math.max(0, (count(axis) - 1) * strides.get(axis) + extent(axis) - size(axis));
    }

    long before(int axis) {
      return missing(axis) / 2;
    }

    /// The pixels that an offset in all windows has, for each offset.
    List<Value> offsets(Formula f, Value x, Value outside) {
      if ((long) kernel.get(0) * kernel.get(1) > MOST_OFFSETS) {
        throw TensorflowRefusal.unsupported(
            "its windows of %s have more than %d elements".formatted(kernel, MOST_OFFSETS),
            "export the model with smaller windows");
      }
      var pads =
          f.vector(
              0, before(0), before(1), 0, 0, missing(0) - before(0), missing(1) - before(1), 0);
      boolean isPadded = missing(0) + missing(1) > 0;
      var padded = isPadded ? f.op(new Pad(Pad.Mode.CONSTANT), x, pads, outside) : x;
      var all = new ArrayList<Value>();
      for (int i = 0; i < kernel.get(0); i++) {
        var rows = sliced(f, padded, 0, i);
        for (int j = 0; j < kernel.get(1); j++) all.add(sliced(f, rows, 1, j));
      }
      return all;
    }

    private Value sliced(Formula f, Value x, int axis, int offset) {
      long start = (long) offset * rates.get(axis);
      long end = start + (count(axis) - 1) * strides.get(axis) + 1;
      return f.slice(x, axis + 1, start, end, strides.get(axis));
    }
  }

  private static Windows windows(TensorflowReadNode n, String kernel, List<Integer> rates) {
    var x = n.shape(0);
    if (!x.hasRank(4) || !x.slice(1, 3).isFixed()) {
      throw TensorflowReadNode.computed("the size of its image");
    }
    var padding = n.text("padding", "VALID");
    if (!padding.equals("SAME") && !padding.equals("VALID")) {
      throw TensorflowReadNode.unknown("padding", padding, "'SAME' or 'VALID'");
    }
    return new Windows(
        TensorflowReadConvOps.spatial(n, kernel, 2, Layout.CHANNELS_LAST),
        TensorflowReadConvOps.spatial(n, "strides", 2, Layout.CHANNELS_LAST),
        rates,
        padding.equals("SAME"),
        x.slice(1, 3));
  }

  /// All pixels of a window one after the other, each with its channels.
  private static void extractImagePatches(TensorflowReadNode n) {
    var rates = TensorflowReadConvOps.spatial(n, "rates", 2, Layout.CHANNELS_LAST);
    var windows = windows(n, "ksizes", rates);
    var f = n.formula();
    n.give(0, f.concat(3, windows.offsets(f, n.in(0), f.scalar(n.in(0), 0))));
  }

  /// The second output has the flat index of each maximum in the image, or in all images. The first
  /// one counts where there are several.
  private static void maxPoolWithArgmax(TensorflowReadNode n) {
    var f = n.formula();
    var layout = Layout.CHANNELS_LAST;
    var windows = windows(n, "ksize", List.of(1, 1));
    var padding = TensorflowReadConvOps.padding(n, 2, layout);
    var window = new Window(windows.kernel(), windows.strides(), List.of(1, 1), padding, false);
    n.give(0, new MaxPool(window, layout), n.in(0));
    var x = n.in(0);
    if (!x.shape().isFixed()) throw TensorflowReadNode.computed("the size of its images");
    var lowest = f.constant(TensorflowReadSegmentOps.lowest(x.dtype()));
    var each = f.stack(4, windows.offsets(f, x, lowest));
    var which = f.op(new ArgReduce(true, 4, false, false, DataType.INT64), each);
    var places = f.gather(f.constant(offsetPlaces(windows)), which, 0);
    boolean countsImages = n.flag("include_batch_in_index", false);
    var pixels = f.add(places, f.constant(firstPlaces(windows, x.shape(), countsImages)));
    var channels = x.shape().dim(3).fixed();
    var own = f.vector(java.util.stream.LongStream.range(0, channels).toArray());
    n.give(1, f.cast(f.add(f.mul(pixels, channels), own), n.type("Targmax", DataType.INT64)));
  }

  /// How far each offset is from the first pixel of its window.
  private static TensorData offsetPlaces(Windows windows) {
    int columns = windows.kernel().get(1);
    var all = new long[windows.kernel().get(0) * columns];
    for (int i = 0; i < all.length; i++) all[i] = i / columns * windows.size(1) + i % columns;
    return TensorData.vector(all);
  }

  /// The pixel at which each window begins, `[N or 1, h, w, 1]`; one outside lies before the image.
  private static TensorData firstPlaces(Windows windows, Shape x, boolean countsImages) {
    long images = countsImages ? x.dim(0).fixed() : 1;
    long height = windows.size(0);
    long width = windows.size(1);
    var all = new long[Math.toIntExact(images * windows.count(0) * windows.count(1))];
    int at = 0;
    for (long b = 0; b < images; b++) {
      for (long i = 0; i < windows.count(0); i++) {
        long y = i * windows.strides().get(0) - windows.before(0);
        for (long j = 0; j < windows.count(1); j++) {
          long first = j * windows.strides().get(1) - windows.before(1);
          all[at++] = (b * height + y) * width + first;
        }
      }
    }
    var shape = Shape.of(images, windows.count(0), windows.count(1), 1);
    return TensorData.ofLongs(shape, all);
  }
}
