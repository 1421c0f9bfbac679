package watari.format.tflite;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.DepthToSpaceOptions;
import watari.format.tflite.schema.Pool2DOptions;
import watari.format.tflite.schema.ResizeBilinearOptions;
import watari.format.tflite.schema.ResizeNearestNeighborOptions;
import watari.format.tflite.schema.SpaceToDepthOptions;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
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
import watari.tensor.Layout;

/// Pooling, resizing, and what rearranges images.
final class TfliteReadPoolOps {
  private TfliteReadPoolOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("AVERAGE_POOL_2D", TfliteReadPoolOps::averagePool)
        .on(
            "BATCH_TO_SPACE_ND",
            node -> node.emitMoved(new BatchToSpace(), node.in(0), node.in(1), node.in(2)))
        .on("DEPTH_TO_SPACE", TfliteReadPoolOps::depthToSpace)
        .on("L2_POOL_2D", TfliteReadPoolOps::l2Pool)
        .on("MAX_POOL_2D", TfliteReadPoolOps::maxPool)
        .on("RESIZE_BILINEAR", TfliteReadPoolOps::resizeBilinear)
        .on("RESIZE_NEAREST_NEIGHBOR", TfliteReadPoolOps::resizeNearestNeighbor)
        .on(
            "SPACE_TO_BATCH_ND",
            node -> node.emitMoved(new SpaceToBatch(), node.in(0), node.in(1), node.in(2)))
        .on("SPACE_TO_DEPTH", TfliteReadPoolOps::spaceToDepth);
  }

  private static Window window(Pool2DOptions options) {
    return new Window(
        List.of(options.filterHeight(), options.filterWidth()),
        List.of(options.strideH(), options.strideW()),
        List.of(1, 1),
        TfliteReadConvOps.padding(options.padding(), 2),
        false);
  }

  private static void averagePool(TfliteNode node) {
    var options = node.options(new Pool2DOptions());
    var op = new AveragePool(window(options), Layout.CHANNELS_LAST, false);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(0));
  }

  private static void maxPool(TfliteNode node) {
    var options = node.options(new Pool2DOptions());
    var op = new MaxPool(window(options), Layout.CHANNELS_LAST);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(0));
  }

  /// The root of the mean of the squares.
  private static void l2Pool(TfliteNode node) {
    var options = node.options(new Pool2DOptions());
    var squares = node.add(new Unary(Unary.Kind.SQUARE), node.in(0));
    var mean = node.add(new AveragePool(window(options), Layout.CHANNELS_LAST, false), squares);
    node.emitActivated(options.fusedActivationFunction(), new Unary(Unary.Kind.SQRT), mean);
  }

  private static void resizeBilinear(TfliteNode node) {
    var options = node.options(new ResizeBilinearOptions());
    var coordinates =
        options.alignCorners()
            ? Coordinates.ALIGN_CORNERS
            : options.halfPixelCenters() ? Coordinates.HALF_PIXEL : Coordinates.ASYMMETRIC;
    resize(node, Mode.LINEAR, coordinates, Nearest.FLOOR);
  }

  private static void resizeNearestNeighbor(TfliteNode node) {
    var options = node.options(new ResizeNearestNeighborOptions());
    if (options.alignCorners() && options.halfPixelCenters()) {
      throw Unreadable.operator(
          "both 'align_corners' and 'half_pixel_centers' are set", "export it with one of them");
    }
    if (options.alignCorners()) {
      resize(node, Mode.NEAREST, Coordinates.ALIGN_CORNERS, Nearest.ROUND_PREFER_CEIL);
    } else if (options.halfPixelCenters()) {
      resize(node, Mode.NEAREST, Coordinates.TF_HALF_PIXEL_FOR_NN, Nearest.FLOOR);
    } else {
      resize(node, Mode.NEAREST, Coordinates.ASYMMETRIC, Nearest.FLOOR);
    }
  }

  private static void resize(TfliteNode node, Mode mode, Coordinates coordinates, Nearest nearest) {
    var op =
        new Resize(
            mode,
            coordinates,
            nearest,
            -0.75f,
            false,
            false,
            0,
            AspectPolicy.STRETCH,
            List.of(1, 2));
    node.emitMoved(op, node.in(0), Value.ABSENT, Value.ABSENT, node.int64(node.in(1)));
  }

  private static void depthToSpace(TfliteNode node) {
    int block = node.options(new DepthToSpaceOptions()).blockSize();
    node.emitMoved(new DepthToSpace(block, false, Layout.CHANNELS_LAST), node.in(0));
  }

  private static void spaceToDepth(TfliteNode node) {
    int block = node.options(new SpaceToDepthOptions()).blockSize();
    node.emitMoved(new SpaceToDepth(block, Layout.CHANNELS_LAST), node.in(0));
  }
}
