package watari.format.tflite;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import watari.graph.Node;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.tensor.Shape;

/// Which resizes LiteRT's two kernels compute.
public final class TfliteResize {
  /// The kernels' options.
  public record Kernel(boolean alignCorners, boolean halfPixel) {
    /// The element that the nearest-neighbour kernel picks.
    private int place(int x, int from, int to) {
      boolean isAligned = alignCorners && to > 1;
      float scale = isAligned ? (from - 1) / (float) (to - 1) : from / (float) to;
      float at = (x + (halfPixel ? 0.5f : 0)) * scale;
      float whole = (float) Math.floor(at);
      if (alignCorners && at - whole >= 0.5f) whole++;
      return Math.clamp((int) whole, 0, from - 1);
    }
  }

  private static final List<Kernel> NEAREST =
      List.of(new Kernel(false, false), new Kernel(false, true), new Kernel(true, false));

  private TfliteResize() {}

  /// The options with which a kernel gives what the operator says; empty where none does.
  public static Optional<Kernel> kernel(Resize op, Node node) {
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
    boolean isFixed = isFixed(from) && isFixed(to);
    boolean isOwn = node.origin().operator().equals("RESIZE_NEAREST_NEIGHBOR");
    if (op.mode() == Mode.NEAREST && isFixed && !isOwn) return nearest(op, node);
    if (!sized && !(isFixed && isRatio(node))) return Optional.empty();
    return op.mode() == Mode.LINEAR ? linear(op, node) : nearest(op);
  }

  private static boolean isFixed(Shape shape) {
    return shape.dim(1).isFixed() && shape.dim(2).isFixed();
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

  /// The options with which the kernel picks the same elements, by the arithmetic of both.
  private static Optional<Kernel> nearest(Resize op, Node node) {
    for (var kernel : NEAREST) {
      boolean isSame = true;
      for (int i = 0; i < 2; i++) isSame &= picksSame(op, node, i, kernel);
      if (isSame) return Optional.of(kernel);
    }
    return Optional.empty();
  }

  private static boolean picksSame(Resize op, Node node, int i, Kernel kernel) {
    int from = Math.toIntExact(node.input(0).shape().dim(i + 1).fixed());
    int to = Math.toIntExact(node.output().shape().dim(i + 1).fixed());
    float scale = (float) to / from;
    if (!node.input(3).isPresent()) {
      var scales = node.input(2).constant();
      if (scales.isEmpty()) return false;
      scale = (float) scales.get().doubleAt(i);
    }
    for (int x = 0; x < to; x++) {
      var place = place(op, x, from, to, scale);
      if (place.isEmpty() || place.getAsInt() != kernel.place(x, from, to)) return false;
    }
    return true;
  }

  private static OptionalInt place(Resize op, int x, int from, int to, float scale) {
    float at;
    switch (op.coordinates()) {
      case HALF_PIXEL -> at = (x + 0.5f) / scale - 0.5f;
      case ALIGN_CORNERS -> at = to == 1 ? 0 : x * (from - 1f) / (scale * from - 1);
      case ASYMMETRIC -> at = x / scale;
      case TF_HALF_PIXEL_FOR_NN -> at = (x + 0.5f) / scale;
      default -> {
        return OptionalInt.empty();
      }
    }
    float floor = (float) Math.floor(at);
    int place =
        (int)
            switch (op.nearest()) {
              case FLOOR -> floor;
              case CEIL -> (float) Math.ceil(at);
              case ROUND_PREFER_FLOOR -> at - floor > 0.5f ? floor + 1 : floor;
              case ROUND_PREFER_CEIL -> at - floor >= 0.5f ? floor + 1 : floor;
            };
    return OptionalInt.of(Math.clamp(place, 0, from - 1));
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
