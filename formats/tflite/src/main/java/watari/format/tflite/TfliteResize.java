package watari.format.tflite;

import java.util.List;
import java.util.Optional;
import watari.graph.Node;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;

/// Which resizes LiteRT's two kernels compute.
final class TfliteResize {
  /// The kernels' options.
  record Kernel(boolean alignCorners, boolean halfPixel) {}

  private TfliteResize() {}

  /// The options with which a kernel gives what the operator says; empty where none does.
  static Optional<Kernel> kernel(Resize op, Node node) {
    var from = node.input(0).shape();
    var to = node.output().shape();
    boolean plain =
        op.axes().equals(List.of(1, 2))
            && from.hasRank(4)
            && to.hasRank(4)
            && !op.antialias()
            && !op.excludeOutside()
            && op.policy() == AspectPolicy.STRETCH;
    if (!plain || op.mode() == Mode.CUBIC) return Optional.empty();
    boolean sized = node.input(3).isPresent();
    if (!sized && !(from.isFixed() && to.isFixed())) return Optional.empty();
    if (!sized && !isRatio(node)) return Optional.empty();
    return op.mode() == Mode.LINEAR ? linear(op, node) : nearest(op);
  }

  /// Whether the scales are what the sizes say, so that the kernel's scale is the operator's.
  private static boolean isRatio(Node node) {
    var scales = node.input(2).constant();
    if (scales.isEmpty()) return false;
    for (int i = 0; i < 2; i++) {
      float ratio =
          (float) node.output().shape().dim(i + 1).fixed()
              / node.input(0).shape().dim(i + 1).fixed();
      if ((float) scales.get().doubleAt(i) != ratio) return false;
    }
    return true;
  }

  private static Optional<Kernel> linear(Resize op, Node node) {
    return switch (op.coordinates()) {
      case HALF_PIXEL, HALF_PIXEL_SYMMETRIC -> Optional.of(new Kernel(false, true));
      case PYTORCH_HALF_PIXEL ->
          isAboveOne(node) ? Optional.of(new Kernel(false, true)) : Optional.empty();
      case ALIGN_CORNERS -> Optional.of(new Kernel(true, false));
      case ASYMMETRIC -> Optional.of(new Kernel(false, false));
      case TF_CROP_AND_RESIZE, TF_HALF_PIXEL_FOR_NN -> Optional.empty();
    };
  }

  private static boolean isAboveOne(Node node) {
    var to = node.output().shape();
    return to.isFixed() && to.dim(1).fixed() > 1 && to.dim(2).fixed() > 1;
  }

  private static Optional<Kernel> nearest(Resize op) {
    boolean half =
        op.coordinates() == Coordinates.HALF_PIXEL && op.nearest() == Nearest.ROUND_PREFER_CEIL;
    boolean halfDown =
        op.coordinates() == Coordinates.TF_HALF_PIXEL_FOR_NN && op.nearest() == Nearest.FLOOR;
    if (half || halfDown) return Optional.of(new Kernel(false, true));
    if (op.coordinates() == Coordinates.ASYMMETRIC && op.nearest() == Nearest.FLOOR) {
      return Optional.of(new Kernel(false, false));
    }
    boolean aligned =
        op.coordinates() == Coordinates.ALIGN_CORNERS && op.nearest() == Nearest.ROUND_PREFER_CEIL;
    return aligned ? Optional.of(new Kernel(true, false)) : Optional.empty();
  }
}
