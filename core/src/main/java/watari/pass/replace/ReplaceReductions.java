package watari.pass.replace;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Identity;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Reductions and searches as simpler ones.
public final class ReplaceReductions {
  private ReplaceReductions() {}

  /// Reductions other than sum, mean, product, extremes, any and all.
  public static Rule<Reduce> reduce() {
    return new Replacement<>("ReplaceReduce", Reduce.class, ReplaceReductions::reduce);
  }

  /// The index of the last extreme by that of the first of what is reversed.
  public static Rule<ArgReduce> argReduce() {
    return new Replacement<>("ReplaceLastArgReduce", ArgReduce.class, ReplaceReductions::argReduce);
  }

  /// Products by doubling shifts.
  public static Rule<Cumulative> cumulative() {
    return new Replacement<>(
        "ReplaceCumulativeProduct", Cumulative.class, ReplaceReductions::cumulative);
  }

  /// The smallest, and those of other axes, by the largest of the last axis.
  public static Rule<TopK> topK() {
    return new Replacement<>("ReplaceTopK", TopK.class, ReplaceReductions::topK);
  }

  /// The reduced axes, where they are known.
  static Optional<List<Integer>> axes(Match<Reduce> match) {
    var shape = match.input(0).shape();
    if (!shape.isRanked()) return Optional.empty();
    if (!match.input(1).isPresent()) {
      return Optional.of(IntStream.range(0, shape.rank()).boxed().toList());
    }
    return match
        .integers(1)
        .map(all ->
            IntStream.range(0, all.length)
                .mapToObj(i -> Shapes.axis(all[i], shape.rank()))
                .distinct()
                .toList());
  }

  private static Outcome reduce(Reduce op, Match<Reduce> match, Formula f) {
    var x = match.input(0);
    boolean none = axes(match).filter(List::isEmpty).isPresent();
    return switch (op.kind()) {
      case L1 -> match.replaceWith(sum(f.abs(x), op, match, none, f));
      case L2 -> match.replaceWith(none ? f.abs(x) : f.sqrt(sum(f.square(x), op, match, false, f)));
      case LOG_SUM -> match.replaceWith(f.log(sum(x, op, match, none, f)));
      case SUM_SQUARE -> match.replaceWith(sum(f.square(x), op, match, none, f));
      case LOG_SUM_EXP -> none ? match.replaceWith(new Identity(), x) : logSumExp(op, match, f);
      case SUM, MEAN, PROD, MAX, MIN, ALL, ANY ->
          none ? match.replaceWith(new Identity(), x) : Replacement.left("it is an operator");
    };
  }

  private static Value sum(Value x, Reduce op, Match<Reduce> match, boolean none, Formula f) {
    return none ? x : reduced(Reduce.Kind.SUM, x, op.keepDims(), match, f);
  }

  private static Value reduced(
      Reduce.Kind kind, Value x, boolean keepDims, Match<Reduce> match, Formula f) {
    var op = new Reduce(kind, keepDims);
    return match.input(1).isPresent() ? f.op(op, x, match.input(1)) : f.op(op, x);
  }

  private static Outcome logSumExp(Reduce op, Match<Reduce> match, Formula f) {
    var x = match.input(0);
    var largest = reduced(Reduce.Kind.MAX, x, true, match, f);
    // Finite, so that infinities do not meet.
    var shift = f.max(f.min(largest, Float.MAX_VALUE), -Float.MAX_VALUE);
    var sum = reduced(Reduce.Kind.SUM, f.exp(f.sub(x, shift)), true, match, f);
    var result = f.add(f.log(sum), shift);
    if (op.keepDims()) return match.replaceWith(result);
    return match.replaceWith(reduced(Reduce.Kind.SUM, result, false, match, f));
  }

  private static Outcome argReduce(ArgReduce op, Match<ArgReduce> match, Formula f) {
    if (!op.last()) return Replacement.left("it gives the first");
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    if (!x.shape().dim(axis).isFixed()) return Replacement.left("the axis' dim is not fixed");
    var first = new ArgReduce(op.largest(), axis, op.keepDims(), false, op.to());
    var index = f.op(first, f.reversed(x, axis));
    return match.replaceWith(f.sub(f.scalar(index, x.shape().dim(axis).fixed() - 1), index));
  }

  private static Outcome cumulative(Cumulative op, Match<Cumulative> match, Formula f) {
    if (op.kind() != Cumulative.Kind.PROD) return Replacement.left("it is a sum");
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    int rank = x.shape().rank();
    var given = match.integers(1);
    if (given.isEmpty() && rank > 1) return productAlongComputedAxis(op, match, f);
    int axis = given.isPresent() ? Shapes.axis(given.get()[0], rank) : 0;
    if (!x.shape().dim(axis).isFixed()) return Replacement.left("the axis' dim is not fixed");
    return match.replaceWith(product(op, x, axis, f));
  }

  /// The products along every axis, of which the axis selects one.
  private static Outcome productAlongComputedAxis(
      Cumulative op, Match<Cumulative> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isFixed()) return Replacement.left("the axis is computed, and a dim not fixed");
    int rank = x.shape().rank();
    var asked = f.reshape(match.input(1), Shape.SCALAR);
    var result = product(op, x, 0, f);
    for (int axis = 1; axis < rank; axis++) {
      var isAxis = f.binary(Binary.Kind.EQUAL, asked, f.scalar(asked, axis));
      var isFromEnd = f.binary(Binary.Kind.EQUAL, asked, f.scalar(asked, axis - rank));
      var isIt = f.binary(Binary.Kind.OR, isAxis, isFromEnd);
      result = f.select(isIt, product(op, x, axis, f), result);
    }
    return match.replaceWith(result);
  }

  private static Value product(Cumulative op, Value x, int axis, Formula f) {
    long count = x.shape().dim(axis).fixed();
    var product = op.exclusive() ? shifted(x, axis, 1, op.reverse(), f) : x;
    for (long step = 1; step < count; step *= 2) {
      product = f.mul(product, shifted(product, axis, step, op.reverse(), f));
    }
    return product;
  }

  /// The elements moved along an axis, ones where there are none.
  private static Value shifted(Value x, int axis, long by, boolean back, Formula f) {
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    long count = x.shape().dim(axis).fixed();
    pads[back ? rank + axis : axis] = by;
    var padded = f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads), f.scalar(x, 1));
    return back ? f.slice(padded, axis, by, by + count) : f.slice(padded, axis, 0, count);
  }

  private static Outcome topK(TopK op, Match<TopK> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    int rank = x.shape().rank();
    int axis = Shapes.axis(op.axis(), rank);
    if (axis == rank - 1 && op.largest() && op.indices() == DataType.INT32) {
      return Replacement.left("it is an operator");
    }
    if (!op.largest() && !x.dtype().isFloat() && !x.type().isQuantized()) {
      return smallestInteger(op, match, f);
    }
    var searched = op.largest() ? x : f.neg(x);
    var made =
        f.builder()
            .add(
                new TopK(rank - 1, true, op.sorted(), DataType.INT32),
                List.of(f.toLast(searched, axis), match.input(1)),
                2,
                List.of());
    var values = f.toLast(made.output(0), axis);
    var indices = f.cast(f.toLast(made.output(1), axis), op.indices());
    return match.replaceWith(op.largest() ? values : f.neg(values), indices);
  }

  /// The order of integers is turned by what never overflows: `-1 - x`.
  private static Outcome smallestInteger(TopK op, Match<TopK> match, Formula f) {
    if (!match.input(0).dtype().isSigned()) return Replacement.left("it is unsigned");
    var turned = f.sub(f.scalar(match.input(0), -1), match.input(0));
    var made =
        f.builder()
            .add(
                new TopK(op.axis(), true, op.sorted(), op.indices()),
                List.of(turned, match.input(1)),
                2,
                List.of());
    var values = f.sub(f.scalar(turned, -1), made.output(0));
    return match.replaceWith(values, made.output(1));
  }

  /// A constant of one element, of the neutral element of a reduction.
  static TensorData neutral(Reduce.Kind kind, DataType dtype) {
    double value =
        switch (kind) {
          case MAX -> dtype.isFloat() ? Double.NEGATIVE_INFINITY : dtype.min();
          case MIN -> dtype.isFloat() ? Double.POSITIVE_INFINITY : dtype.max();
          case PROD, ALL -> 1;
          case MEAN -> Double.NaN;
          case LOG_SUM, LOG_SUM_EXP -> Double.NEGATIVE_INFINITY;
          default -> 0;
        };
    return TensorData.scalar(dtype, value);
  }

  /// Reductions of no elements, and operators without elements: constants.
  public static Rule<Reduce> emptyReduce() {
    return new Replacement<>(
        "ReplaceReductionOfNothing",
        Reduce.class,
        (op, match, f) -> {
          var from = match.input(0).shape();
          var to = match.output().shape();
          boolean isEmpty = from.isRanked() && from.dims().stream().anyMatch(dim -> dim.is(0));
          if (!isEmpty || !to.isFixed()) return Replacement.left("there are elements");
          return match.replaceWith(
              f.constant(TensorData.filled(neutral(op.kind(), match.input(0).dtype()), to)));
        });
  }
}
