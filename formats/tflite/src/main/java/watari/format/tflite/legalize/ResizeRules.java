package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.tflite.TfliteResize;
import watari.graph.Value;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.ShapeOf;
import watari.pass.replace.Formula;
import watari.pass.replace.ReplaceResize;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Resizes as LiteRT's two kernels take them: of axes 1 and 2 of four.
final class ResizeRules {
  private ResizeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("SizeResize", Resize.class, ResizeRules::size),
        new SmallRule<>("FrameResize", Resize.class, ResizeRules::frame),
        ReplaceResize.resize(ResizeRules::isNative));
  }

  private static boolean isNative(Match<Resize> match) {
    return TfliteResize.kernel(match.op(), match.node()).isPresent();
  }

  /// Whole scales of unknown dims → computed sizes: the scale is their ratio.
  private static Outcome size(Resize op, Match<Resize> match, Formula f) {
    var x = match.input(0);
    var scales = match.constant(2);
    if (scales.isEmpty() || !x.shape().isRanked()) return Replacement.left("no constant scales");
    boolean isFixed = op.axes().stream().allMatch(axis -> x.shape().dim(axis).isFixed());
    if (isFixed) return Replacement.left("its dims are fixed");
    var factors = scales.get().doubles();
    boolean isWhole = IntStream.range(0, factors.length).allMatch(i -> factors[i] % 1 == 0);
    if (!isWhole || op.coordinates() == Coordinates.TF_CROP_AND_RESIZE) {
      return Replacement.left("its scales are not whole");
    }
    var dims = f.gather(f.op(new ShapeOf(DataType.INT64), x), f.builder().vector(op.axes()), 0);
    var times = f.constant(TensorData.ofDoubles(DataType.INT64, Shape.of(factors.length), factors));
    var result = f.op(op, x, Value.ABSENT, Value.ABSENT, f.mul(dims, times));
    Match.carryQuantization(result, match.output().type());
    return match.replaceWith(result);
  }

  /// Resize of one axis or two neighbours → Reshape, Resize of the axes 1 and 2 of four, Reshape.
  private static Outcome frame(Resize op, Match<Resize> match, Formula f) {
    if (isNative(match)) return Replacement.left("it is an operator");
    if (match.output().type().isQuantized()) return Replacement.left("it is quantized");
    var axes = moved(op, match);
    if (axes.isEmpty()) return Replacement.left("its axes are not one or two neighbours");
    var x = match.input(0).shape();
    var to = match.output().shape();
    int first = axes.get().get(0);
    int behind = first + axes.get().size();
    var outer = x.product(0, first);
    var inner = x.product(behind, x.rank());
    if (!outer.isFixed() && !inner.isFixed()) return Replacement.left("too many unknown dims");
    var height = x.dim(first);
    var width = axes.get().size() == 2 ? x.dim(first + 1) : Dim.ONE;
    var framed = f.reshape(match.input(0), Shape.of(outer, height, width, inner));
    long toHeight = to.dim(first).fixed();
    long toWidth = axes.get().size() == 2 ? to.dim(first + 1).fixed() : 1;
    var resized =
        f.op(
            op.withAxes(List.of(1, 2)),
            framed,
            Value.ABSENT,
            Value.ABSENT,
            f.vector(toHeight, toWidth));
    var node = resized.producer().orElseThrow();
    if (TfliteResize.kernel((Resize) node.op(), node).isEmpty()) {
      return Replacement.left("no kernel does the same");
    }
    return match.replaceWith(f.reshape(resized, to));
  }

  /// The axes that change, if they are one or two neighbours scaled by the ratio of their dims.
  private static Optional<List<Integer>> moved(Resize op, Match<Resize> match) {
    var x = match.input(0).shape();
    var to = match.output().shape();
    boolean isPlain =
        op.policy() == AspectPolicy.STRETCH
            && op.coordinates() != Coordinates.TF_CROP_AND_RESIZE
            && x.isRanked()
            && to.isRanked();
    if (!isPlain) return Optional.empty();
    var moved = new ArrayList<Integer>();
    for (int i = 0; i < op.axes().size(); i++) {
      int axis = op.axes().get(i);
      if (!x.dim(axis).isFixed() || !to.dim(axis).isFixed()) return Optional.empty();
      float ratio = (float) to.dim(axis).fixed() / x.dim(axis).fixed();
      if (!match.input(3).isPresent() && !isScaled(match, i, ratio)) return Optional.empty();
      if (ratio != 1) moved.add(axis);
    }
    boolean isOne = moved.size() == 1;
    boolean isTwo = moved.size() == 2 && moved.get(1) == moved.get(0) + 1;
    return isOne || isTwo ? Optional.of(moved) : Optional.empty();
  }

  private static boolean isScaled(Match<Resize> match, int i, float ratio) {
    return match.constant(2).filter(scales -> (float) scales.doubleAt(i) == ratio).isPresent();
  }
}
