package watari.format.tensorflow;

import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.rewrite.Match;
import watari.tensor.DataType;

/// Resizes of images, channels last.
final class TensorflowWriteResize {
  private TensorflowWriteResize() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table.on(Resize.class, TensorflowWriteResize::resize);
  }

  static boolean isNative(Match<Resize> match) {
    return isNative(match.op(), match.node());
  }

  private static boolean isNative(Resize op, Node node) {
    var x = node.input(0);
    boolean isImage = x.shape().hasRank(4) && op.axes().equals(List.of(1, 2));
    boolean isPlain = !op.antialias() && op.policy() == AspectPolicy.STRETCH;
    boolean isFloat = x.dtype().isFloat() || op.mode() == Mode.NEAREST;
    if (!isImage || !isPlain || !isFloat || !hasScale(node)) return false;
    return switch (op.mode()) {
      case LINEAR ->
          !op.excludeOutside()
              && (op.coordinates() == Coordinates.HALF_PIXEL
                  || op.coordinates() == Coordinates.ASYMMETRIC
                  || op.coordinates() == Coordinates.ALIGN_CORNERS);
      case NEAREST ->
          switch (op.coordinates()) {
            case TF_HALF_PIXEL_FOR_NN, ASYMMETRIC -> op.nearest() == Nearest.FLOOR;
            case ALIGN_CORNERS -> op.nearest() == Nearest.ROUND_PREFER_CEIL;
            default -> false;
          };
      case CUBIC -> false;
    };
  }

  /// TensorFlow's scale is that of the dims.
  private static boolean hasScale(Node node) {
    if (node.input(3).isPresent()) return true;
    var scales = node.input(2).constant();
    var from = node.input(0).shape();
    var to = node.output().shape();
    if (scales.isEmpty() || !to.slice(1, 3).isFixed() || !from.slice(1, 3).isFixed()) return false;
    for (int i = 0; i < 2; i++) {
      float scale = (float) scales.get().doubleAt(i);
      if (from.dim(i + 1).fixed() * scale != to.dim(i + 1).fixed()) return false;
    }
    return true;
  }

  private static void resize(Resize op, Node node, TensorflowScope out) {
    if (!isNative(op, node)) {
      throw TensorflowRefusal.unsupported(
          "a resize of mode %s, coordinates %s of shape %s could not be taken apart"
              .formatted(op.mode(), op.coordinates(), node.input(0).shape()),
          "state the shapes with --input-shape");
    }
    var x = out.in(node, 0);
    var to = node.output().shape().slice(1, 3);
    var sizes = to.isFixed() ? out.ints(to.fixedDims()) : out.cast(out.in(node, 3), DataType.INT32);
    boolean isHalf =
        op.coordinates() == Coordinates.HALF_PIXEL
            || op.coordinates() == Coordinates.TF_HALF_PIXEL_FOR_NN;
    var y =
        out.op(
            op.mode() == Mode.LINEAR ? "ResizeBilinear" : "ResizeNearestNeighbor",
            s ->
                s.set("half_pixel_centers", isHalf)
                    .set("align_corners", op.coordinates() == Coordinates.ALIGN_CORNERS),
            x,
            sizes);
    out.give(node, out.cast(y, x.type()));
  }
}
