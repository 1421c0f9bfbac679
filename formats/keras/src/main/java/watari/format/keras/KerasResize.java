package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.tensor.Layout;

/// Images of another size, as TensorFlow's `image.resize` makes them.
final class KerasResize {
  private KerasResize() {}

  static Resize nearest(Coordinates coordinates, Nearest nearest, List<Integer> axes) {
    return of(Mode.NEAREST, coordinates, nearest, -0.75f, false, false, axes);
  }

  private static Resize of(
      Mode mode,
      Coordinates coordinates,
      Nearest nearest,
      float cubic,
      boolean excludes,
      boolean antialias,
      List<Integer> axes) {
    return new Resize(
        mode, coordinates, nearest, cubic, excludes, antialias, 0, AspectPolicy.STRETCH, axes);
  }

  /// The operator for an interpolation that Keras names.
  private static Resize named(
      KerasCall call, String interpolation, boolean antialias, List<Integer> axes) {
    return switch (interpolation) {
      // Its kernel takes the element at floor((x + 0.5) · scale).
      case "nearest" -> nearest(Coordinates.TF_HALF_PIXEL_FOR_NN, Nearest.FLOOR, axes);
      case "bilinear" ->
          of(
              Mode.LINEAR,
              Coordinates.HALF_PIXEL,
              Nearest.FLOOR,
              -0.75f,
              antialias,
              antialias,
              axes);
      case "bicubic" ->
          of(Mode.CUBIC, Coordinates.HALF_PIXEL, Nearest.FLOOR, -0.5f, true, antialias, axes);
      case "area" -> throw unread(call, interpolation);
      default -> throw unread(call, interpolation);
    };
  }

  private static KerasRefusal unread(KerasCall call, String interpolation) {
    return KerasRefusal.unsupported(
        "interpolation '" + interpolation + "' has no operator",
        "use nearest, bilinear or bicubic in " + call.layer().name());
  }

  /// Each spatial dim times a factor.
  static Value by(KerasCall call, Value x, List<Integer> factors, String interpolation) {
    var f = call.formula();
    var axes = call.layout().spatialAxes(call.rank(x));
    var sizes = new ArrayList<Value>();
    for (int i = 0; i < axes.size(); i++) {
      var dim = x.shape().dim(axes.get(i));
      sizes.add(
          dim.isFixed()
              ? f.vector(dim.fixed() * factors.get(i))
              : f.mul(f.dim(x, axes.get(i)), f.vector(factors.get(i))));
    }
    boolean isFixed = axes.stream().allMatch(axis -> x.shape().dim(axis).isFixed());
    var all =
        isFixed
            ? f.vector(
                sizes.stream().mapToLong(each -> each.constant().orElseThrow().longAt(0)).toArray())
            : f.concat(0, sizes);
    return to(call, x, all, interpolation, false);
  }

  /// @param sizes one for each spatial axis
  static Value to(KerasCall call, Value x, Value sizes, String interpolation, boolean antialias) {
    var axes = call.layout().spatialAxes(call.rank(x));
    var op = named(call, interpolation, antialias, axes);
    if (op.mode() != Mode.CUBIC || call.layout() == Layout.CHANNELS_FIRST) {
      return call.builder().add(op, x, Value.ABSENT, Value.ABSENT, sizes);
    }
    // Runtimes have the cubic kernel for the last two axes alone.
    var f = call.formula();
    int rank = call.rank(x);
    var first = f.transpose(x, Layout.CHANNELS_LAST.permutationTo(Layout.CHANNELS_FIRST, rank));
    var inner = op.withAxes(Layout.CHANNELS_FIRST.spatialAxes(rank));
    var resized = f.op(inner, first, Value.ABSENT, Value.ABSENT, sizes);
    return f.transpose(resized, Layout.CHANNELS_FIRST.permutationTo(Layout.CHANNELS_LAST, rank));
  }
}
