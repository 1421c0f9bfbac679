package watari.format.keras;

import java.util.Arrays;
import java.util.List;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Stored integers of real numbers, which Keras knows nothing of, by arithmetic.
final class KerasQuantizeRules {
  private KerasQuantizeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("ReplaceConvert", Convert.class, KerasQuantizeRules::convert),
        new SmallRule<>(
            "ReplaceDynamicQuantize", DynamicQuantize.class, KerasQuantizeRules::dynamic));
  }

  private static Outcome convert(Convert op, Match<Convert> match, Formula f) {
    var x = match.input(0);
    var from = x.type().quantization();
    var to = match.output().type().quantization();
    if (from instanceof Quantization.Blocked || to instanceof Quantization.Blocked) {
      return Replacement.left("it has scales for blocks");
    }
    if (x.isConstant() && to.isNone() && !from.isNone()) {
      var data = x.constant().orElseThrow().dequantized(from, op.to());
      return match.replaceWith(f.constant(data));
    }
    if (!match.output().shape().isRanked()) return Replacement.left("the rank is not known");
    if (from.isNone() && to.isNone()) return match.replaceWith(f.cast(x, op.to()));
    var real = from.isNone() ? x : decoded(x, from, to.isNone() ? op.to() : DataType.FLOAT32, f);
    if (to.isNone()) return match.replaceWith(real);
    var stored = encoded(real, to, match.output().dtype(), f);
    stored.setType(match.output().type());
    return match.replaceWith(stored);
  }

  /// `(stored - zeroPoint) · scale`.
  private static Value decoded(Value x, Quantization q, DataType to, Formula f) {
    boolean isWide = x.dtype().isInteger() && x.dtype().bits() > 16;
    var whole = f.cast(x, isWide ? DataType.FLOAT64 : DataType.FLOAT32);
    var shifted = f.sub(whole, zeroPoints(x.shape(), q, whole.dtype(), f));
    var scaled = f.mul(f.cast(shifted, DataType.FLOAT32), scales(x.shape(), q, f));
    return f.cast(scaled, to);
  }

  private static Value encoded(Value x, Quantization q, DataType to, Formula f) {
    var real = f.cast(x, DataType.FLOAT32);
    var steps = f.unary(Unary.Kind.ROUND, f.div(real, scales(x.shape(), q, f)));
    boolean isWide = to.bits() > 16;
    var whole = isWide ? f.cast(steps, DataType.FLOAT64) : steps;
    var moved = f.add(whole, zeroPoints(x.shape(), q, whole.dtype(), f));
    var limited = f.op(new Clip((double) to.min(), (double) to.max()), moved);
    return f.cast(limited, to);
  }

  private static Value scales(Shape shape, Quantization q, Formula f) {
    return switch (q) {
      case Quantization.PerTensor(float scale, _) -> f.constant(TensorData.scalar(scale));
      case Quantization.PerAxis(int axis, var scales, _) ->
          along(shape, axis, scales.stream().mapToDouble(s -> s).toArray(), DataType.FLOAT32, f);
      case Quantization.None _, Quantization.Blocked _ -> throw new IllegalStateException("none");
    };
  }

  private static Value zeroPoints(Shape shape, Quantization q, DataType dtype, Formula f) {
    return switch (q) {
      case Quantization.PerTensor(_, long zero) -> f.constant(TensorData.scalar(dtype, zero));
      case Quantization.PerAxis(int axis, _, var zeros) ->
          along(shape, axis, zeros.stream().mapToDouble(z -> z).toArray(), dtype, f);
      case Quantization.None _, Quantization.Blocked _ -> throw new IllegalStateException("none");
    };
  }

  private static Value along(Shape shape, int axis, double[] all, DataType dtype, Formula f) {
    var dims = new long[shape.rank()];
    Arrays.fill(dims, 1);
    dims[axis] = all.length;
    return f.constant(TensorData.ofDoubles(dtype, Shape.of(dims), all));
  }

  /// By the range of the tensor itself, with 0 in it.
  private static Outcome dynamic(DynamicQuantize op, Match<DynamicQuantize> match, Formula f) {
    var x = match.input(0);
    if (match.node().outputs().size() != 3 || !x.shape().isRanked()) {
      return Replacement.left("it has no three outputs");
    }
    var axes = java.util.stream.IntStream.range(0, x.shape().rank()).boxed().toList();
    var low = f.min(f.reduce(watari.op.ReduceOp.Reduce.Kind.MIN, x, false, axes), 0);
    var high = f.max(f.reduce(watari.op.ReduceOp.Reduce.Kind.MAX, x, false, axes), 0);
    var scale = f.div(f.sub(high, low), f.scalar(x, 255));
    var zero = f.unary(Unary.Kind.ROUND, f.div(f.neg(low), scale));
    var limited = f.op(new Clip(0, 255), zero);
    var steps = f.add(f.unary(Unary.Kind.ROUND, f.div(x, scale)), limited);
    var y = f.cast(f.op(new Clip(0, 255), steps), DataType.UINT8);
    return match.replaceWith(y, scale, f.cast(limited, DataType.UINT8));
  }
}
