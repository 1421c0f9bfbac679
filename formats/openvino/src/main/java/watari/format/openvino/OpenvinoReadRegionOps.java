package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp;
import watari.op.ResizeOp.GridSample;
import watari.op.ShapeOp.Reshape;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Regions of images: of YOLO, and those that are pooled.
final class OpenvinoReadRegionOps {
  private OpenvinoReadRegionOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("RegionYolo", OpenvinoReadRegionOps::regionYolo)
        .on("ROIPooling", 2, OpenvinoReadRegionOps::roiPooling)
        .on("PSROIPooling", OpenvinoReadRegionOps::psroiPooling);
  }

  // ---- RegionYolo

  /// Each region has coordinates, of which the first two are squashed, whether there is something,
  /// and classes.
  private static void regionYolo(OpenvinoReadNode n) {
    var f = n.formula();
    boolean isSoft = n.flag("do_softmax", true);
    int coordinates = n.integer("coords");
    int classes = n.integer("classes");
    int regions = isSoft ? n.integer("num") : n.integers("mask").size();
    int entries = coordinates + classes + 1;
    var shape = n.shape(0);
    if (!shape.hasRank(4) || !shape.slice(1, 4).isFixed() || coordinates < 2 || regions < 1) {
      throw OpenvinoRefusal.unsupported(
          "it has %d coordinates and regions in '%s'".formatted(coordinates, shape),
          "fix the shape of the model's inputs");
    }
    long area = shape.product(2, 4).fixed();
    var x =
        f.reshape(n.in(0), Shape.of(shape.dim(0), Dim.of(regions), Dim.of(entries), Dim.of(area)));
    var centre = squash(f, f.slice(x, 2, 0, 2));
    var size = f.slice(x, 2, 2, coordinates);
    var isThere = squash(f, f.slice(x, 2, coordinates, coordinates + 1L));
    var kinds = f.slice(x, 2, coordinates + 1L, entries);
    kinds = isSoft ? f.op(new Softmax(2), kinds) : squash(f, kinds);
    var all = f.concat(2, List.of(centre, size, isThere, kinds));
    n.give(0, isSoft ? flattened(n, all) : f.reshape(all, shape));
  }

  private static Value squash(Formula f, Value x) {
    return f.unary(Unary.Kind.SIGMOID, x);
  }

  /// In the input's shape, with the axes from `axis` to `end_axis` as one.
  private static Value flattened(OpenvinoReadNode n, Value all) {
    var shape = n.shape(0);
    int from = n.axis(n.integer("axis", 1), 4);
    int to = n.axis(n.integer("end_axis", 3), 4) + 1;
    var dims = new ArrayList<>(shape.dims().subList(0, from));
    dims.add(shape.product(from, to));
    dims.addAll(shape.dims().subList(to, 4));
    return n.formula().reshape(all, Shape.of(dims));
  }

  // ---- ROIPooling

  private static void roiPooling(OpenvinoReadNode n) {
    int height = pooled(n, "pooled_h", 0);
    int width = pooled(n, "pooled_w", 1);
    switch (n.text("method", "max").toLowerCase(Locale.ROOT)) {
      case "max" -> {
        var op = new MaxRoiPool(height, width, (float) n.real("spatial_scale", 1));
        n.give(op, n.in(0), n.in(1));
      }
      case "bilinear" -> n.give(0, bilinear(n, height, width));
      default -> throw n.unknown("method", "max or bilinear");
    }
  }

  private static int pooled(OpenvinoReadNode n, String name, int i) {
    if (n.hasAttribute(name)) return n.integer(name);
    var sizes = n.hasAttribute("output_roi") ? n.integers("output_roi") : n.integers("output_size");
    if (sizes.size() == 2) return sizes.get(i);
    throw OpenvinoRefusal.broken("attribute '" + name + "' is missing");
  }

  /// Samples each region, given in parts of the image, from edge to edge; what is outside of the
  /// image is 0.
  private static Value bilinear(OpenvinoReadNode n, int height, int width) {
    var f = n.formula();
    var shape = n.shape(0);
    if (!shape.hasRank(4) || !shape.slice(2, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the size of its image, '" + shape + "', is not known", "fix the input's shape");
    }
    var regions = n.in(1);
    var batch = f.cast(f.slice(regions, 1, 0, 1), DataType.INT64);
    var images = f.gather(n.in(0), f.squeeze(batch, 1), 0);
    var columns = places(f, regions, 1, width, shape.dim(3).fixed());
    var rows = places(f, regions, 2, height, shape.dim(2).fixed());
    var x = f.add(f.unsqueeze(columns, 1), zeros(f, height, 1));
    var y = f.add(f.unsqueeze(rows, 2), zeros(f, 1, width));
    var grid =
        f.stack(3, List.of(unit(f, x, shape.dim(3).fixed()), unit(f, y, shape.dim(2).fixed())));
    var op =
        new GridSample(
            ResizeOp.Mode.LINEAR, GridSample.Outside.BORDER, true, OpenvinoReadConvOps.LAYOUT);
    var sampled = f.op(op, images, grid);
    var isInside =
        f.binary(
            Binary.Kind.AND,
            inside(f, x, shape.dim(3).fixed()),
            inside(f, y, shape.dim(2).fixed()));
    return f.select(f.unsqueeze(isInside, 1), sampled, f.scalar(sampled, 0));
  }

  private static Value zeros(Formula f, long height, long width) {
    return f.constant(TensorData.filled(TensorData.scalar(0f), Shape.of(1, height, width)));
  }

  /// The positions of a region's samples along an axis, `[R, count]`: from its begin to its end, or
  /// its middle if there is one only.
  private static Value places(Formula f, Value regions, int from, int count, long dim) {
    var begin = f.mul(f.slice(regions, 1, from, from + 1L), dim - 1);
    var end = f.mul(f.slice(regions, 1, from + 2L, from + 3L), dim - 1);
    if (count == 1) return f.mul(f.add(begin, end), 0.5);
    var steps = new float[count];
    for (int i = 0; i < count; i++) steps[i] = i;
    var step = f.mul(f.sub(end, begin), 1.0 / (count - 1));
    var all = f.constant(TensorData.ofFloats(Shape.of(1, count), steps));
    return f.add(f.mul(step, all), begin);
  }

  private static Value unit(Formula f, Value places, long dim) {
    return dim == 1 ? f.mul(places, 0) : f.add(f.mul(places, 2.0 / (dim - 1)), -1);
  }

  private static Value inside(Formula f, Value places, long dim) {
    return f.binary(
        Binary.Kind.AND,
        f.binary(Binary.Kind.GREATER_EQUAL, places, f.scalar(places, 0)),
        f.binary(Binary.Kind.LESS_EQUAL, places, f.scalar(places, dim - 1)));
  }

  // ---- PSROIPooling

  /// The mean of each bin of a region, each bin from a channel of its own: sums over masks of rows
  /// and columns.
  private static void psroiPooling(OpenvinoReadNode n) {
    var mode = n.text("mode", "average").toLowerCase(Locale.ROOT);
    if (!mode.equals("average")) {
      throw OpenvinoRefusal.unsupported(
          "its mode is '" + mode + "', and Watari reads 'average'", "use mode 'average'");
    }
    var f = n.formula();
    var shape = n.shape(0);
    long group = n.integer("group_size", 1);
    long outputs = n.integer("output_dim");
    if (!shape.hasRank(4) || !shape.slice(1, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the size of its image, '" + shape + "', is not known", "fix the input's shape");
    }
    long height = shape.dim(2).fixed();
    long width = shape.dim(3).fixed();
    var regions = n.in(1);
    var batch = f.cast(f.slice(regions, 1, 0, 1), DataType.INT64);
    var images = f.gather(n.in(0), f.squeeze(batch, 1), 0);
    // [R, output, row bin, column bin · rows, columns]: five axes, as many as TFLite multiplies.
    var x = f.op(new Reshape(false), images, f.vector(-1, outputs, group, group * height, width));
    var columns = mask(n, f, regions, 1, group, width);
    var rows = mask(n, f, regions, 2, group, height);
    var ofColumns =
        f.op(
            new Reshape(false),
            spread(f, columns, height),
            f.vector(-1, 1, 1, group * height, width));
    var sums = f.reduce(Reduce.Kind.SUM, f.mul(x, ofColumns), false, List.of(4));
    var parted = f.op(new Reshape(false), sums, f.vector(-1, outputs, group, group, height));
    var ofRows = f.op(new Reshape(false), rows, f.vector(-1, 1, group, 1, height));
    var total = f.reduce(Reduce.Kind.SUM, f.mul(parted, ofRows), false, List.of(4));
    var counts =
        f.mul(
            f.op(new Reshape(false), count(f, rows), f.vector(-1, 1, group, 1)),
            f.op(new Reshape(false), count(f, columns), f.vector(-1, 1, 1, group)));
    n.give(0, f.div(total, f.max(counts, 1)));
  }

  private static Value count(Formula f, Value mask) {
    return f.reduce(Reduce.Kind.SUM, mask, false, List.of(2));
  }

  /// The masks of columns for each row: `[R, group, rows, columns]`.
  private static Value spread(Formula f, Value columns, long height) {
    var ones = TensorData.filled(TensorData.scalar(1f), Shape.of(1, 1, height, 1));
    return f.mul(f.unsqueeze(columns, 2), f.constant(ones));
  }

  /// Which cells of an axis belong to which bin, `[R, group, dim]`.
  private static Value mask(
      OpenvinoReadNode n, Formula f, Value regions, int from, long group, long dim) {
    double scale = n.real("spatial_scale", 1);
    var begin = f.mul(rounded(f, f.slice(regions, 1, from, from + 1L)), scale);
    var end = f.mul(f.add(rounded(f, f.slice(regions, 1, from + 2L, from + 3L)), 1), scale);
    var size = f.mul(f.max(f.sub(end, begin), 0.1), 1.0 / group);
    var bins = f.constant(counting(group));
    var first = f.unary(Unary.Kind.FLOOR, f.add(f.mul(size, bins), begin));
    var last = f.unary(Unary.Kind.CEIL, f.add(f.mul(size, f.add(bins, 1)), begin));
    var cells = f.constant(counting(dim));
    var isBehind =
        f.binary(Binary.Kind.GREATER_EQUAL, cells, f.unsqueeze(limited(f, first, dim), 2));
    var isBefore = f.binary(Binary.Kind.LESS, cells, f.unsqueeze(limited(f, last, dim), 2));
    return f.cast(f.binary(Binary.Kind.AND, isBehind, isBefore), DataType.FLOAT32);
  }

  private static Value limited(Formula f, Value places, long dim) {
    return f.op(new Clip(0, dim), places);
  }

  /// To the nearest whole number, halves up, as C's `round` does with numbers that are not
  /// negative.
  private static Value rounded(Formula f, Value x) {
    return f.unary(Unary.Kind.FLOOR, f.add(x, 0.5));
  }

  private static TensorData counting(long count) {
    var all = new float[Math.toIntExact(count)];
    for (int i = 0; i < all.length; i++) all[i] = i;
    return TensorData.ofFloats(Shape.of(1, count), all);
  }
}
