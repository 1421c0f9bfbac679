package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Node;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;

/// Images of another size where TensorFlow's `image.resize`, which layers call, means the same.
final class KerasWriteResizeOps {
  private static final int SCALES = 2;

  private KerasWriteResizeOps() {}

  static void addTo(KerasWriteTable table) {
    table.on(
        Resize.class,
        "UpSampling1D, UpSampling2D, UpSampling3D, Resizing",
        "repeated elements, or linear between half pixels; else gathered and weighed",
        KerasWriteResizeOps::resize);
  }

  private static void resize(Resize op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    boolean isImage = rank >= 3 && rank <= 5 && x.dtype().isFloat() && isSpatial(op, node, rank);
    if (!isImage || op.policy() != AspectPolicy.STRETCH) throw other();
    var factors = factors(op, node, rank);
    if (op.mode() == Mode.NEAREST && !factors.isEmpty() && repeats(op)) {
      var layer = out.layer("UpSampling%dD".formatted(rank - 2), node);
      layer = rank == 3 ? layer.set("size", factors.getFirst()) : layer.set("size", factors);
      out.give(node, layer.on(out.tensor(x), node.output().type()));
      return;
    }
    var name = interpolation(op, node);
    if (rank != 4 || name.isEmpty()) throw other();
    out.give(
        node,
        out.layer("Resizing", node)
            .set("height", KerasShapes.fixed(node.output(), 1))
            .set("width", KerasShapes.fixed(node.output(), 2))
            .set("interpolation", name)
            .on(out.tensor(x), node.output().type()));
  }

  private static KerasRefusal other() {
    return KerasRefusal.inexpressible("no layer resizes in that way");
  }

  /// Whether batch and channels stay what they are.
  private static boolean isSpatial(Resize op, Node node, int rank) {
    var from = node.input(0).shape();
    var to = node.output().shape();
    if (!to.isRanked()) return false;
    return op.axes().stream()
        .allMatch(axis -> axis > 0 && axis < rank - 1 || from.dim(axis).equals(to.dim(axis)));
  }

  /// How often elements are repeated along each spatial axis; empty where that is no whole number.
  private static List<Long> factors(Resize op, Node node, int rank) {
    var all = new ArrayList<Long>();
    for (int axis = 1; axis < rank - 1; axis++) {
      double scale = scale(op, node, axis);
      if (scale < 1 || scale != Math.rint(scale)) return List.of();
      all.add((long) scale);
    }
    return all;
  }

  private static double scale(Resize op, Node node, int axis) {
    int at = op.axes().indexOf(axis);
    if (at < 0) return 1;
    var scales = node.input(SCALES).constant();
    if (node.input(SCALES).isPresent()) return scales.isEmpty() ? 0 : scales.get().doubleAt(at);
    var from = node.input(0).shape().dim(axis);
    var to = node.output().shape().dim(axis);
    if (!from.isFixed() || !to.isFixed()) return 0;
    return (double) to.fixed() / from.fixed();
  }

  /// Whether a whole scale repeats each element.
  private static boolean repeats(Resize op) {
    return switch (op.coordinates()) {
      case ASYMMETRIC, TF_HALF_PIXEL_FOR_NN -> op.nearest() == Nearest.FLOOR;
      case HALF_PIXEL, HALF_PIXEL_SYMMETRIC ->
          op.nearest() == Nearest.ROUND_PREFER_FLOOR || op.nearest() == Nearest.ROUND_PREFER_CEIL;
      case PYTORCH_HALF_PIXEL, ALIGN_CORNERS, TF_CROP_AND_RESIZE -> false;
    };
  }

  /// What Resizing calls it; empty where it means something else.
  private static String interpolation(Resize op, Node node) {
    if (!isWhole(op, node) || op.antialias()) return "";
    boolean isHalf =
        op.coordinates() == Coordinates.HALF_PIXEL
            || op.coordinates() == Coordinates.HALF_PIXEL_SYMMETRIC;
    if (op.mode() == Mode.LINEAR && isHalf && !op.excludeOutside()) return "bilinear";
    boolean isNearest =
        op.mode() == Mode.NEAREST
            && op.coordinates() == Coordinates.TF_HALF_PIXEL_FOR_NN
            && op.nearest() == Nearest.FLOOR;
    return isNearest ? "nearest" : "";
  }

  /// Whether the scale is that of the dims, not one that was rounded.
  private static boolean isWhole(Resize op, Node node) {
    for (int axis : op.axes()) {
      var from = node.input(0).shape().dim(axis);
      var to = node.output().shape().dim(axis);
      if (!from.isFixed() || !to.isFixed()) return false;
      boolean isGiven = node.input(SCALES).isPresent();
      double size = isGiven ? from.fixed() * scale(op, node, axis) : to.fixed();
      if (Math.abs(size - to.fixed()) > 1e-6 * to.fixed()) return false;
    }
    return true;
  }
}
