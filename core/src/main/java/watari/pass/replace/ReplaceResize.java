package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import watari.graph.Value;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Resize;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Resize → for each axis elements gathered at computed places, weighed and added up; with
/// antialiasing a product with a matrix of weights.
///
/// Holds for fixed dims; scales, sizes and regions may be computed.
public final class ReplaceResize {
  private static final int REGION = 1;
  private static final int SCALES = 2;
  private static final int SIZES = 3;

  private final Resize op;
  private final Match<Resize> match;
  private final Formula f;

  private ReplaceResize(Resize op, Match<Resize> match, Formula f) {
    this.op = op;
    this.match = match;
    this.f = f;
  }

  /// @param isNative whether the target has an operator for it
  public static Rule<Resize> resize(Predicate<Match<Resize>> isNative) {
    return new Replacement<>(
        "ReplaceResize",
        Resize.class,
        (op, match, f) -> {
          if (isNative.test(match)) return Replacement.left("it is an operator");
          return new ReplaceResize(op, match, f).replace();
        });
  }

  private Outcome replace() {
    var x = match.input(0);
    var to = match.output().shape();
    if (!isFixed(x.shape()) || !isFixed(to)) return Replacement.left("its dims are not fixed");
    boolean isUnknown = x.shape().dims().stream().filter(dim -> !dim.isFixed()).count() > 1;
    if (op.antialias() && isUnknown) return Replacement.left("the other dims are not fixed");
    boolean isMoved = op.mode() == Mode.NEAREST && !usesRegion();
    if (!isMoved && !x.dtype().isFloat()) {
      return Replacement.left("how integers between elements are rounded is not defined");
    }
    var exact = isMoved || x.dtype().bits() >= 32 ? x : f.cast(x, DataType.FLOAT32);
    var axes = axes(to);
    var result = exact;
    for (var axis : axes) {
      if (!isKept(axis)) result = axis.resized(result);
    }
    if (usesRegion()) result = extrapolated(result, axes);
    return match.replaceWith(f.cast(result, x.dtype()));
  }

  private boolean isFixed(Shape shape) {
    return shape.isRanked() && op.axes().stream().allMatch(axis -> shape.dim(axis).isFixed());
  }

  private boolean usesRegion() {
    return op.coordinates() == Coordinates.TF_CROP_AND_RESIZE;
  }

  /// Whether each element stays where it is.
  private boolean isKept(ResizedAxis axis) {
    if (usesRegion() || axis.from() != axis.to()) return false;
    return axis.scale().constant().filter(data -> data.isAll(1)).isPresent();
  }

  private List<ResizedAxis> axes(Shape to) {
    var axes = new ArrayList<ResizedAxis>();
    int count = op.axes().size();
    for (int i = 0; i < count; i++) {
      int axis = op.axes().get(i);
      long from = match.input(0).shape().dim(axis).fixed();
      var start = usesRegion() ? element(match.input(REGION), i) : Value.ABSENT;
      var end = usesRegion() ? element(match.input(REGION), i + count) : Value.ABSENT;
      long size = to.dim(axis).fixed();
      axes.add(new ResizedAxis(op, f, axis, from, size, scale(i, from, size), start, end));
    }
    return axes;
  }

  private Value scale(int i, long from, long to) {
    if (match.input(SCALES).isPresent()) return element(match.input(SCALES), i);
    if (op.policy() == AspectPolicy.STRETCH) return f.builder().scalar((float) to / from);
    var sizes = f.cast(match.input(SIZES), DataType.FLOAT32);
    var dims = new float[op.axes().size()];
    for (int k = 0; k < dims.length; k++) {
      dims[k] = match.input(0).shape().dim(op.axes().get(k)).fixed();
    }
    var ratios = f.div(sizes, f.constant(TensorData.ofFloats(Shape.of(dims.length), dims)));
    var kind = op.policy() == AspectPolicy.NOT_LARGER ? Reduce.Kind.MIN : Reduce.Kind.MAX;
    return f.reduce(kind, ratios, false, List.of(0));
  }

  private Value element(Value vector, int i) {
    var known = Match.constantOf(vector);
    if (known.isPresent()) return f.builder().scalar((float) known.get().doubleAt(i));
    var element = f.gather(vector, f.builder().scalar((long) i), 0);
    return f.cast(element, DataType.FLOAT32);
  }

  private Value extrapolated(Value x, List<ResizedAxis> axes) {
    var result = x;
    var outside = f.scalar(x, op.extrapolation());
    for (var axis : axes) {
      result = f.select(axis.isInside(x.shape().rank()), result, outside);
    }
    return result;
  }
}
