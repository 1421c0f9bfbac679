package watari.pass.request;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import watari.graph.Value;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.rewrite.Match;
import watari.rewrite.Outcome;

/// Windows and sizes that a device can take.
final class Windows {
  private static final long MOST_ELEMENTS = 256;

  private Windows() {}

  /// What TFLite says without `align_corners` and `half_pixel_centers`.
  static Outcome resizeAsymmetric(Resize op, Match<Resize> match, Formula f) {
    if (op.coordinates() == Coordinates.ASYMMETRIC) return OnRequest.left("it is asymmetric");
    if (op.coordinates() == Coordinates.TF_CROP_AND_RESIZE) return OnRequest.left("it crops");
    if (op.mode() == Mode.CUBIC) return OnRequest.left("it is cubic");
    var nearest = op.mode() == Mode.NEAREST ? Nearest.FLOOR : op.nearest();
    var other =
        new Resize(
            op.mode(),
            Coordinates.ASYMMETRIC,
            nearest,
            op.cubicCoefficient(),
            op.excludeOutside(),
            op.antialias(),
            op.extrapolation(),
            op.policy(),
            op.axes());
    var inputs = match.node().inputs().toArray(Value[]::new);
    return match.replaceWith(f.op(other, inputs));
  }

  static Outcome splitMean(Reduce op, Match<Reduce> match, Formula f) {
    if (op.kind() != Reduce.Kind.MEAN) return OnRequest.left("it is no mean");
    var x = match.input(0);
    var axes = match.integers(1);
    if (axes.isEmpty() || axes.get().length < 2) return OnRequest.left("it has one axis");
    if (!x.shape().isRanked()) return OnRequest.left("its rank is not known");
    int rank = x.shape().rank();
    var sorted = new ArrayList<Integer>();
    for (long axis : axes.get()) sorted.add((int) (axis < 0 ? axis + rank : axis));
    long elements = 1;
    for (int axis : sorted) {
      if (!x.shape().dim(axis).isFixed()) return OnRequest.left("dim " + axis + " is not fixed");
      elements *= x.shape().dim(axis).fixed();
    }
    if (elements <= MOST_ELEMENTS) return OnRequest.left("it is over " + elements + " elements");
    Collections.sort(sorted, Collections.reverseOrder());
    for (int axis : sorted) x = f.reduce(Reduce.Kind.MEAN, x, op.keepDims(), List.of(axis));
    return match.replaceWith(x);
  }

  /// Padding that does not count gives windows of different sizes, whose means do not factor.
  static Outcome splitAveragePool(AveragePool op, Match<AveragePool> match, Formula f) {
    var reason = reason(op.window());
    if (!reason.isEmpty()) return OnRequest.left(reason);
    if (!isUnpadded(op.window())) return OnRequest.left("it pads");
    return match.replaceWith(
        split(op.window(), match, f, (w, x) -> new AveragePool(w, op.layout(), op.countPadding())));
  }

  static Outcome splitMaxPool(MaxPool op, Match<MaxPool> match, Formula f) {
    if (match.node().outputs().size() > 1) return OnRequest.left("it has indices");
    var reason = reason(op.window());
    if (!reason.isEmpty()) return OnRequest.left(reason);
    return match.replaceWith(
        split(op.window(), match, f, (w, x) -> new MaxPool(w, op.layout(), op.columnMajor())));
  }

  private static String reason(Window window) {
    long elements = 1;
    for (int size : window.kernel()) elements *= size;
    if (elements <= MOST_ELEMENTS) return "its window has " + elements + " elements";
    return window.kernel().stream().filter(size -> size > 1).count() < 2 ? "it has one axis" : "";
  }

  private static boolean isUnpadded(Window window) {
    return window.padding() instanceof Padding.Explicit(var begins, var ends)
        && begins.stream().allMatch(pad -> pad == 0)
        && ends.stream().allMatch(pad -> pad == 0)
        && !window.ceil();
  }

  private static Value split(
      Window window, Match<?> match, Formula f, BiFunction<Window, Value, Op> pool) {
    var x = match.input(0);
    for (int axis = window.kernel().size() - 1; axis >= 0; axis--) {
      x = f.op(pool.apply(alone(window, axis), x), x);
    }
    return x;
  }

  /// The window along one axis.
  private static Window alone(Window window, int axis) {
    var padding =
        window.padding() instanceof Padding.Explicit(var begins, var ends)
            ? new Padding.Explicit(only(begins, axis, 0), only(ends, axis, 0))
            : window.padding();
    return new Window(
        only(window.kernel(), axis, 1),
        only(window.strides(), axis, 1),
        only(window.dilations(), axis, 1),
        padding,
        window.ceil());
  }

  private static List<Integer> only(List<Integer> values, int axis, int others) {
    var all = new ArrayList<>(Collections.nCopies(values.size(), others));
    all.set(axis, values.get(axis));
    return all;
  }
}
