package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.List;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Resize;
import watari.pass.replace.Formula;
import watari.pass.replace.ReplaceResize;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Takes resizes apart that Interpolate does not compute the same way.
final class OpenvinoResizeRules {
  /// The first axis behind batch and channels.
  private static final int SPATIAL = 2;

  /// Two axes before the last of four, which the CPU plugin resizes as well.
  private static final List<Integer> BEFORE_LAST = List.of(1, 2);

  private OpenvinoResizeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("ResizeBeforeLast", Resize.class, OpenvinoResizeRules::beforeLast),
        ReplaceResize.resize(match -> isNative(match) || isUncertain(match.op(), match.node())));
  }

  /// Where only the two axes before the last are resized, no others are named.
  private static Outcome beforeLast(Resize op, Match<Resize> match, Formula f) {
    var places = BEFORE_LAST.stream().map(op.axes()::indexOf).toList();
    boolean isMore = op.axes().size() > 2 && match.input(0).shape().hasRank(4);
    if (!isMore || places.contains(-1) || !keepsLast(op, match.node())) {
      return left("it resizes other axes, or names none");
    }
    if (!hasMode(op, match.node()) || !isOfChannels(op, match.node())) return left("IR has it");
    var x = match.input(0);
    var scales = picked(match.input(2), places, f);
    var sizes = picked(match.input(3), places, f);
    return match.replaceWith(op.withAxes(BEFORE_LAST), x, Value.ABSENT, scales, sizes);
  }

  private static Value picked(Value extents, List<Integer> places, Formula f) {
    if (!extents.isPresent()) return extents;
    if (!extents.isConstant()) return f.gather(extents, f.builder().vector(places), 0);
    var data = extents.constant().orElseThrow();
    var few = places.stream().mapToDouble(data::doubleAt).toArray();
    return f.constant(TensorData.ofDoubles(data.dtype(), Shape.of(few.length), few));
  }

  /// Before layouts are assigned: what is last of all may yet become the channels' place.
  static List<Rule<?>> beforeLayouts() {
    return List.of(
        ReplaceResize.resize(match ->
            isUncertain(match.op(), match.node())
                || isNative(match)
                || hasMode(match.op(), match.node()) && keepsLast(match.op(), match.node())));
  }

  /// Whether batch and the last axis stay as they are, as they do where channels are last.
  private static boolean keepsLast(Resize op, Node node) {
    int last = node.input(0).shape().rank() - 1;
    for (int i = 0; i < op.axes().size(); i++) {
      int axis = op.axes().get(i);
      if ((axis == 0 || axis == last) && !isKept(i, op, node)) return false;
    }
    return true;
  }

  /// Whether the elements along the axis at a position stay where they are.
  private static boolean isKept(int i, Resize op, Node node) {
    if (node.input(2).isPresent()) {
      return node.input(2).constant().filter(scales -> scales.doubleAt(i) == 1).isPresent();
    }
    int axis = op.axes().get(i);
    var x = node.input(0).shape();
    var y = node.output().shape();
    return x.isRanked() && y.isRanked() && x.dim(axis).equals(y.dim(axis));
  }

  /// Whether batch or channels are known to change, which the CPU plugin resizes not.
  private static boolean isOfChannels(Resize op, Node node) {
    var x = node.input(0).shape();
    var y = node.output().shape();
    if (!x.isRanked() || x.rank() <= SPATIAL) return false;
    for (int i = 0; i < op.axes().size(); i++) {
      int axis = op.axes().get(i);
      if (axis >= SPATIAL || isKept(i, op, node)) continue;
      if (node.input(2).constant().isPresent()) return true;
      if (y.isRanked() && x.dim(axis).isFixed() && y.dim(axis).isFixed()) return true;
    }
    return false;
  }

  /// Whether the corners are to be aligned with a last element that lies between two: the sizes are
  /// then no whole multiples, and runtimes differ. Or whether a scale is computed while it runs:
  /// OpenVINO's quotients are not exact, and a tie would go either way.
  static boolean isUncertain(Resize op, Node node) {
    var sizes = node.input(3);
    boolean isComputed =
        op.policy() != AspectPolicy.STRETCH && sizes.isPresent() && !sizes.isConstant();
    if (isComputed && op.mode() == Mode.NEAREST) return true;
    if (op.coordinates() != Coordinates.ALIGN_CORNERS || !node.input(2).isPresent()) return false;
    var scales = node.input(2).constant();
    var x = node.input(0).shape();
    if (scales.isEmpty()) return !isMultiple(op, x, node.output().shape());
    for (int i = 0; i < op.axes().size(); i++) {
      var dim = x.dim(op.axes().get(i));
      if (!dim.isFixed()) return true;
      double size = dim.fixed() * scales.get().doubleAt(i);
      if (Math.abs(size - Math.rint(size)) > 1e-3) return true;
    }
    return false;
  }

  private static boolean isMultiple(Resize op, Shape from, Shape to) {
    return op.axes().stream()
        .allMatch(axis -> {
          boolean isFixed = from.dim(axis).isFixed() && to.dim(axis).isFixed();
          return isFixed && to.dim(axis).fixed() % from.dim(axis).fixed() == 0;
        });
  }

  static boolean isNative(Match<Resize> match) {
    return isNative(match.op(), match.node());
  }

  static boolean isNative(Resize op, Node node) {
    boolean isBeforeLast = op.axes().equals(BEFORE_LAST) && node.input(0).shape().hasRank(4);
    return hasMode(op, node) && (isBeforeLast || !isOfChannels(op, node));
  }

  private static boolean hasMode(Resize op, Node node) {
    var x = node.input(0).shape();
    boolean isPlain =
        op.policy() == AspectPolicy.STRETCH && !op.excludeOutside() && !op.antialias();
    boolean isKnown =
        op.coordinates() != Coordinates.TF_CROP_AND_RESIZE
            && op.coordinates() != Coordinates.HALF_PIXEL_SYMMETRIC;
    boolean isHalf =
        op.coordinates() != Coordinates.TF_HALF_PIXEL_FOR_NN || op.mode() == Mode.NEAREST;
    boolean isRanked = x.isRanked() && x.rank() <= 5;
    return isPlain && isKnown && isHalf && isRanked;
  }
}
