package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Pooling, resizing, and what rearranges images.
final class TensorflowReadPoolOps {
  private TensorflowReadPoolOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("AvgPool", n -> averagePool(n, 2))
        .on("AvgPool3D", n -> averagePool(n, 3))
        .on("BatchToSpace", n -> n.give(new BatchToSpace(), n.in(0), blocks(n), matrix64(n, 1)))
        .on(
            "BatchToSpaceND",
            n -> n.give(new BatchToSpace(), n.in(0), n.integers64(1), matrix64(n, 2)))
        .on("DepthToSpace", TensorflowReadPoolOps::depthToSpace)
        .on("MaxPool", n -> maxPool(n, 2))
        .on("MaxPool3D", n -> maxPool(n, 3))
        .on("MaxPoolV2", TensorflowReadPoolOps::maxPoolV2)
        .on("ResizeArea", TensorflowReadPoolOps::resizeArea)
        .on("ResizeBicubic", TensorflowReadPoolOps::resizeBicubic)
        .on("ResizeBilinear", TensorflowReadPoolOps::resizeBilinear)
        .on("ResizeNearestNeighbor", TensorflowReadPoolOps::resizeNearestNeighbor)
        .on("SpaceToBatch", n -> n.give(new SpaceToBatch(), n.in(0), blocks(n), matrix64(n, 1)))
        .on(
            "SpaceToBatchND",
            n -> n.give(new SpaceToBatch(), n.in(0), n.integers64(1), matrix64(n, 2)))
        .on("SpaceToDepth", TensorflowReadPoolOps::spaceToDepth);
  }

  // ---- pooling

  private static Window window(
      TensorflowReadNode n, List<Integer> kernel, List<Integer> strides, Layout layout) {
    int axes = kernel.size();
    var padding = TensorflowReadConvOps.padding(n, axes, layout);
    return new Window(kernel, strides, Collections.nCopies(axes, 1), padding, false);
  }

  private static Window window(TensorflowReadNode n, int axes, Layout layout) {
    return window(
        n,
        TensorflowReadConvOps.spatial(n, "ksize", axes, layout),
        TensorflowReadConvOps.spatial(n, "strides", axes, layout),
        layout);
  }

  private static void averagePool(TensorflowReadNode n, int axes) {
    var layout = n.layout();
    var x = TensorflowReadConvOps.ranked(n, n.in(0), axes + 2);
    n.give(new AveragePool(window(n, axes, layout), layout, false), x);
  }

  private static void maxPool(TensorflowReadNode n, int axes) {
    var layout = n.layout();
    var x = TensorflowReadConvOps.ranked(n, n.in(0), axes + 2);
    n.give(new MaxPool(window(n, axes, layout), layout), x);
  }

  /// Sizes and strides are inputs.
  private static void maxPoolV2(TensorflowReadNode n) {
    var layout = n.layout();
    var kernel = spatial(n.integers(1, "the size of its window"), layout);
    var strides = spatial(n.integers(2, "its strides"), layout);
    n.give(new MaxPool(window(n, kernel, strides, layout), layout), n.in(0));
  }

  private static List<Integer> spatial(long[] all, Layout layout) {
    var spatial = new ArrayList<Integer>();
    for (int axis : layout.spatialAxes(all.length)) spatial.add(Math.toIntExact(all[axis]));
    return spatial;
  }

  // ---- resizing

  private static void resizeBilinear(TensorflowReadNode n) {
    var coordinates =
        n.flag("align_corners", false)
            ? Coordinates.ALIGN_CORNERS
            : n.flag("half_pixel_centers", false) ? Coordinates.HALF_PIXEL : Coordinates.ASYMMETRIC;
    resize(n, Mode.LINEAR, coordinates, Nearest.FLOOR, 0, false);
  }

  /// The kernel's coefficient is -0.5 with half pixel centers, where positions outside weigh
  /// nothing, and -0.75 without, where the edge is repeated.
  ///
  /// TensorFlow takes weights from a table of 1024 positions between two elements: what lies
  /// between these has weights of its own.
  private static void resizeBicubic(TensorflowReadNode n) {
    var x = n.in(0).shape();
    if (!x.hasRank(4) || !x.slice(1, 3).isFixed()) {
      throw TensorflowReadNode.computed("the size of its image");
    }
    var sizes = n.integers(1, "its size");
    boolean aligns = n.flag("align_corners", false);
    boolean halfPixel = n.flag("half_pixel_centers", false);
    boolean isExact =
        isTabulated(n, x.dim(1).fixed(), sizes[0]) && isTabulated(n, x.dim(2).fixed(), sizes[1]);
    if (!isExact) {
      n.give(0, new TensorflowCubic(aligns, halfPixel).resized(n, sizes));
      return;
    }
    var coordinates =
        aligns
            ? Coordinates.ALIGN_CORNERS
            : halfPixel ? Coordinates.HALF_PIXEL : Coordinates.ASYMMETRIC;
    resize(n, Mode.CUBIC, coordinates, Nearest.FLOOR, halfPixel ? -0.5f : -0.75f, halfPixel);
  }

  private static boolean isTabulated(TensorflowReadNode n, long from, long to) {
    boolean aligns = n.flag("align_corners", false) && to > 1;
    double step = aligns ? (from - 1) / (double) (to - 1) : from / (double) to;
    double first = n.flag("half_pixel_centers", false) ? 0.5 * step - 0.5 : 0;
    for (long i = 0; i < to; i++) {
      double entry = 1024 * (first + i * step);
      if (Math.abs(entry - Math.rint(entry)) > 1e-3) return false;
    }
    return true;
  }

  private static void resizeNearestNeighbor(TensorflowReadNode n) {
    boolean aligns = n.flag("align_corners", false);
    boolean halfPixel = n.flag("half_pixel_centers", false);
    if (aligns) {
      resize(n, Mode.NEAREST, Coordinates.ALIGN_CORNERS, Nearest.ROUND_PREFER_CEIL, 0, false);
    } else if (halfPixel) {
      resize(n, Mode.NEAREST, Coordinates.TF_HALF_PIXEL_FOR_NN, Nearest.FLOOR, 0, false);
    } else {
      resize(n, Mode.NEAREST, Coordinates.ASYMMETRIC, Nearest.FLOOR, 0, false);
    }
  }

  private static void resize(
      TensorflowReadNode n,
      Mode mode,
      Coordinates coordinates,
      Nearest nearest,
      float coefficient,
      boolean excludeOutside) {
    var op =
        new Resize(
            mode,
            coordinates,
            nearest,
            coefficient,
            excludeOutside,
            false,
            0,
            AspectPolicy.STRETCH,
            List.of(1, 2));
    boolean keepsType = mode == Mode.NEAREST;
    var x = keepsType ? n.in(0) : n.formula().cast(n.in(0), DataType.FLOAT32);
    n.give(op, x, Value.ABSENT, Value.ABSENT, n.integers64(1));
  }

  /// The mean of whole windows, where the size comes out even.
  private static void resizeArea(TensorflowReadNode n) {
    var x = n.in(0);
    var sizes = n.integers(1, "its size");
    if (!x.shape().slice(1, 3).isFixed() || n.flag("align_corners", false)) {
      throw TensorflowReadNode.computed("the size of its image");
    }
    var kernel = new ArrayList<Integer>();
    for (int i = 0; i < 2; i++) {
      long dim = x.shape().dim(i + 1).fixed();
      if (sizes[i] == 0 || dim % sizes[i] != 0) {
        throw TensorflowRefusal.unsupported(
            "%d elements are averaged to %d, which does not come out even".formatted(dim, sizes[i]),
            "export the model with a size that divides the image's");
      }
      kernel.add(Math.toIntExact(dim / sizes[i]));
    }
    var window = new Window(kernel, kernel, List.of(1, 1), Padding.none(2), false);
    n.give(
        new AveragePool(window, Layout.CHANNELS_LAST, false),
        n.formula().cast(x, DataType.FLOAT32));
  }

  // ---- blocks

  private static void depthToSpace(TensorflowReadNode n) {
    n.give(new DepthToSpace(n.integer("block_size", 2), false, n.layout()), n.in(0));
  }

  private static void spaceToDepth(TensorflowReadNode n) {
    n.give(new SpaceToDepth(n.integer("block_size", 2), n.layout()), n.in(0));
  }

  private static Value blocks(TensorflowReadNode n) {
    int block = n.integer("block_size", 2);
    return n.formula().vector(block, block);
  }

  private static Value matrix64(TensorflowReadNode n, int i) {
    var constant = n.constant(i);
    if (constant.isPresent()) return n.builder().constant(constant.get().cast(DataType.INT64));
    return n.formula().op(new Cast(DataType.INT64), n.in(i));
  }
}
