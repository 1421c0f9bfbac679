package watari.format.tflite.legalize;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Unsqueeze;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Slices and pads whose axes, steps or pads are computed, as those of every axis.
final class EveryAxis {
  private EveryAxis() {}

  static List<Rule<?>> rules() {
    return List.of(
        new SmallRule<>("SliceEveryAxis", Slice.class, EveryAxis::slice),
        new SmallRule<>("PadEveryAxis", Pad.class, EveryAxis::pad),
        new SmallRule<>("PadByIndices", Pad.class, EveryAxis::padByIndices));
  }

  private static Outcome slice(Slice op, Match<Slice> match, Formula f) {
    boolean isKnown = isConstant(match.input(3)) && isConstant(match.input(4));
    if (isKnown) return Replacement.left("its axes and steps are known");
    var x = match.input(0);
    var starts = match.input(1);
    if (!x.shape().isRanked() || !starts.shape().isFixed() || !starts.shape().hasRank(1)) {
      return Replacement.left("it is not known how many axes it has");
    }
    int rank = x.shape().rank();
    if (isEveryAxis(match.input(3), rank)) return Replacement.left("it slices every axis");
    var given = given(match.input(3), starts.shape().dim(0).fixed(), rank, f);
    var steps = match.input(4);
    return match.replaceWith(
        op,
        x,
        spread(starts, 0, given, f),
        spread(match.input(2), Integer.MAX_VALUE, given, f),
        counting(rank, f),
        steps.isPresent() ? spread(steps, 1, given, f) : ones(rank, f));
  }

  private static Outcome pad(Pad op, Match<Pad> match, Formula f) {
    var x = match.input(0);
    var axes = match.input(3);
    if (!axes.isPresent() || axes.isConstant() && match.input(1).isConstant()) {
      return Replacement.left("its pads are known, or of every axis");
    }
    if (!x.shape().isRanked() || !axes.shape().isFixed() || !axes.shape().hasRank(1)) {
      return Replacement.left("it is not known how many axes it has");
    }
    long count = axes.shape().dim(0).fixed();
    var given = given(axes, count, x.shape().rank(), f);
    var before = spread(f.slice(match.input(1), 0, 0, count), 0, given, f);
    var after = spread(f.slice(match.input(1), 0, count, 2 * count), 0, given, f);
    var pads = f.concat(0, List.of(before, after));
    return match.input(2).isPresent()
        ? match.replaceWith(op, x, pads, match.input(2))
        : match.replaceWith(op, x, pads);
  }

  /// Computed pads of the nearest elements, or of those of the other end: an index for each place.
  private static Outcome padByIndices(Pad op, Match<Pad> match, Formula f) {
    var x = match.input(0);
    boolean isOther = op.mode() != Pad.Mode.EDGE && op.mode() != Pad.Mode.WRAP;
    if (isOther || match.input(1).isConstant() || match.input(3).isPresent()) {
      return Replacement.left("it is a kernel, or its pads are known");
    }
    if (!x.shape().isFixed() || x.type().isQuantized()) return Replacement.left("no fixed shape");
    int rank = x.shape().rank();
    var result = x;
    for (int axis = 0; axis < rank; axis++) {
      long dim = x.shape().dim(axis).fixed();
      var first = f.neg(wide(scalar(match.input(1), axis, f), f));
      var last = f.add(wide(scalar(match.input(1), rank + axis, f), f), dim);
      var places = f.op(new Range(), first, last, f.scalar(first, 1));
      var indices =
          op.mode() == Pad.Mode.EDGE
              ? f.max(f.min(places, dim - 1), 0)
              : f.binary(Binary.Kind.FLOOR_MOD, places, f.scalar(places, dim));
      result = f.gather(result, indices, axis);
    }
    return match.replaceWith(result);
  }

  private static Value scalar(Value vector, int at, Formula f) {
    return f.gather(vector, f.builder().scalar((long) at), 0);
  }

  /// 1 in row `i`, column `axis` where the `i`-th number is for that axis, else 0.
  private static Value given(Value some, long count, int rank, Formula f) {
    var axes = some.isPresent() ? wide(some, f) : counting((int) count, f);
    var isNegative = f.binary(Binary.Kind.LESS, axes, f.scalar(axes, 0));
    axes = f.select(isNegative, f.add(axes, rank), axes);
    var places = f.reshape(axes, count, 1);
    var isPlace = f.binary(Binary.Kind.EQUAL, places, f.reshape(counting(rank, f), 1, rank));
    return f.cast(isPlace, DataType.INT64);
  }

  private static boolean isConstant(Value value) {
    return !value.isPresent() || value.isConstant();
  }

  static boolean isEveryAxis(Value axes, int rank) {
    var known = axes.constant();
    if (known.isEmpty() || known.get().size() != rank) return false;
    for (int i = 0; i < rank; i++) if (known.get().longAt(i) != i) return false;
    return true;
  }

  private static Value wide(Value x, Formula f) {
    return x.dtype() == DataType.INT64 ? x : f.cast(x, DataType.INT64);
  }

  private static Value counting(int count, Formula f) {
    var numbers = new long[count];
    for (int i = 0; i < count; i++) numbers[i] = i;
    return f.vector(numbers);
  }

  private static Value ones(int rank, Formula f) {
    return f.constant(TensorData.filled(TensorData.scalar(1L), Shape.of(rank)));
  }

  /// What is given for some axes, within 32 bits, and something else for the others.
  ///
  /// @param given 1 in row `i`, column `axis` where the `i`-th number is for that axis, else 0
  private static Value spread(Value some, long other, Value given, Formula f) {
    var limited = f.max(f.min(wide(some, f), Integer.MAX_VALUE), -Integer.MAX_VALUE);
    var column = f.op(new Unsqueeze(), limited, f.vector(1));
    var axes = List.of(0);
    var spread = f.reduce(Reduce.Kind.SUM, f.mul(given, column), false, axes);
    var isGiven = f.reduce(Reduce.Kind.SUM, given, false, axes);
    return f.add(spread, f.mul(f.sub(f.scalar(isGiven, 1), isGiven), other));
  }
}
