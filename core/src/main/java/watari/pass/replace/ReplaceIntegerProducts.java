package watari.pass.replace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Products of raw integers by products of floats that hold every partial sum exactly, and
/// quantization by the range of a tensor written out.
public final class ReplaceIntegerProducts {
  /// Floats hold all integers up to this one.
  private static final double EXACT = 1 << 24;

  /// The largest difference of two integers of 8 bits.
  private static final double LARGEST = 255;

  /// Products of so many differences fit.
  private static final long EXACT_TERMS = (long) (EXACT / (LARGEST * LARGEST));

  private static final double NIBBLE = 16;

  private ReplaceIntegerProducts() {}

  public static List<Rule<?>> all() {
    return List.of(
        new Replacement<>(
            "ReplaceDynamicQuantize", DynamicQuantize.class, (_, match, f) -> quantize(match, f)),
        new Replacement<>(
            "ReplaceMatMulInteger", MatMulInteger.class, (_, match, f) -> matMul(match, f)),
        new Replacement<>(
            "ReplaceConvInteger", ConvInteger.class, ReplaceIntegerProducts::convolution));
  }

  // ---- quantization

  /// `scale = (max - min) / 255` of a range that holds 0; a range of nothing has scale 1.
  private static Outcome quantize(Match<DynamicQuantize> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var low = f.min(f.op(new Reduce(Reduce.Kind.MIN, false), x), 0);
    var high = f.max(f.op(new Reduce(Reduce.Kind.MAX, false), x), 0);
    var step = f.div(f.sub(high, low), f.scalar(x, LARGEST));
    var isNothing = f.binary(Binary.Kind.EQUAL, step, f.scalar(step, 0));
    var scale = f.select(isNothing, f.scalar(step, 1), step);
    var zero = rounded(f.neg(f.div(low, scale)), f);
    var stored = limited(f.add(f.unary(Unary.Kind.ROUND, f.div(x, scale)), zero), f);
    return match.replaceWith(f.cast(stored, DataType.UINT8), scale, f.cast(zero, DataType.UINT8));
  }

  private static Value rounded(Value x, Formula f) {
    return f.unary(Unary.Kind.ROUND, limited(x, f));
  }

  private static Value limited(Value x, Formula f) {
    return f.min(f.max(x, 0), LARGEST);
  }

  // ---- products

  private static Value differences(Value x, Value zero, Formula f) {
    var real = f.cast(x, DataType.FLOAT32);
    return zero.isPresent() ? f.sub(real, f.cast(zero, DataType.FLOAT32)) : real;
  }

  private static Outcome matMul(Match<MatMulInteger> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    if (!a.shape().isRanked() || !b.shape().isRanked() || b.shape().rank() == 0) {
      return Replacement.left("a rank is not known");
    }
    if (a.dtype().bits() != 8 || b.dtype().bits() != 8) return Replacement.left("it is not 8 bits");
    int axis = Math.max(b.shape().rank() - 2, 0);
    var terms = b.shape().dim(axis);
    if (!terms.isFixed()) return Replacement.left("the number of terms is not fixed");
    var left = differences(a, perRow(match.input(2), f), f);
    var right = differences(b, match.input(3), f);
    boolean isOne = largestSum(b, match.input(3), axis).orElse(EXACT) * LARGEST < EXACT;
    long each = isOne ? terms.fixed() : EXACT_TERMS;
    var parts = new ArrayList<Value>();
    for (long from = 0; from < terms.fixed(); from += each) {
      long to = Math.min(from + each, terms.fixed());
      boolean isWhole = from == 0 && to == terms.fixed();
      var some = isWhole ? left : f.slice(left, left.shape().rank() - 1, from, to);
      var others = isWhole ? right : f.slice(right, axis, from, to);
      parts.add(f.cast(f.op(new MatMul(false, false), some, others), DataType.INT32));
    }
    return match.replaceWith(parts.stream().reduce(f::add).orElseThrow());
  }

  /// A zero for each row stands along the last axis but one.
  private static Value perRow(Value zero, Formula f) {
    boolean isVector = zero.isPresent() && zero.shape().hasRank(1) && !zero.shape().dim(0).is(1);
    return isVector ? f.op(new Unsqueeze(), zero, f.vector(1)) : zero;
  }

  /// The largest sum of absolute differences along an axis of constant weights; `axis < 0` for sums
  /// over all axes but the first.
  private static Optional<Double> largestSum(Value weights, Value zero, int axis) {
    var data = Match.constantOf(weights);
    boolean isZero = !zero.isPresent() || zero.constant().filter(z -> z.isAll(0)).isPresent();
    if (data.isEmpty() || !isZero) return Optional.empty();
    var dims = weights.shape().fixedDims();
    long inner = 1;
    for (int i = Math.max(axis, 0) + 1; i < dims.length; i++) inner *= dims[i];
    long count = data.get().size();
    long along = axis < 0 ? inner : dims[axis];
    long stride = axis < 0 ? 1 : inner;
    var sums = new double[(int) (count / Math.max(along, 1))];
    for (long i = 0; i < count; i++) {
      long at = axis < 0 ? i / inner : i / (along * stride) * stride + i % stride;
      sums[(int) at] += Math.abs(data.get().doubleAt(i));
    }
    double largest = 0;
    for (double sum : sums) largest = Math.max(largest, sum);
    return Optional.of(largest);
  }

  private static Outcome convolution(ConvInteger op, Match<ConvInteger> match, Formula f) {
    var x = match.input(0);
    var filter = match.input(1);
    if (!filter.shape().isFixed()) return Replacement.left("the filter's shape is not fixed");
    if (x.dtype().bits() != 8 || filter.dtype().bits() != 8) {
      return Replacement.left("it is not 8 bits");
    }
    double terms = filter.shape().elements().fixed() / (double) filter.shape().dim(0).fixed();
    double sum = largestSum(filter, match.input(3), -1).orElse(terms * LARGEST);
    var conv = new Conv(op.strides(), op.dilations(), op.padding(), op.groups(), op.layout());
    var numbers = differences(x, match.input(2), f);
    var weights = differences(filter, perOutput(match.input(3), filter, f), f);
    if (sum * LARGEST < EXACT) {
      return match.replaceWith(f.cast(f.op(conv, numbers, weights), DataType.INT32));
    }
    if (sum * NIBBLE >= EXACT) return Replacement.left("float32 does not hold its sums");
    var high = f.unary(Unary.Kind.FLOOR, f.mul(numbers, 1 / NIBBLE));
    var low = f.sub(numbers, f.mul(high, NIBBLE));
    var upper = f.cast(f.op(conv, high, weights), DataType.INT32);
    var lower = f.cast(f.op(conv, low, weights), DataType.INT32);
    return match.replaceWith(f.add(f.mul(upper, NIBBLE), lower));
  }

  private static Value perOutput(Value zero, Value filter, Formula f) {
    if (!zero.isPresent() || !zero.shape().hasRank(1) || zero.shape().dim(0).is(1)) return zero;
    var dims = new long[filter.shape().rank()];
    Arrays.fill(dims, 1);
    dims[0] = filter.shape().dim(0).fixed();
    return f.reshape(zero, Shape.of(dims));
  }
}
