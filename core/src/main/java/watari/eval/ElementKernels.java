package watari.eval;

import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import watari.op.ElementwiseOp;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Functions of each element alone.
final class ElementKernels {
  private ElementKernels() {}

  static Optional<TensorData> run(ElementwiseOp op, TensorData x, TensorType out) {
    return switch (op) {
      case Identity _ -> Optional.of(x);
      case Cast(var to, _) -> cast(x, to);
      case Bitcast(var to) -> bitcast(x, to, out);
      case Unary(var kind) -> unary(kind, x, out);
      case Clip(double min, double max) -> clip(min, max, x, out);
      case IsInf(boolean negative, boolean positive) ->
          bools(x, out, v -> Double.isInfinite(v) && (v < 0 ? negative : positive));
      case LeakyRelu(float alpha) -> real(x, out, v -> v >= 0 ? v : alpha * v);
      case Elu(float alpha) -> real(x, out, v -> v >= 0 ? v : alpha * Math.expm1(v));
      case Selu(float alpha, float gamma) ->
          real(x, out, v -> gamma * (v > 0 ? v : alpha * Math.expm1(v)));
      case Celu(float alpha) ->
          real(x, out, v -> Math.max(0, v) + Math.min(0, alpha * Math.expm1(v / alpha)));
      case HardSigmoid(float alpha, float beta) ->
          real(x, out, v -> Math.clamp(alpha * v + beta, 0.0, 1.0));
      case ThresholdedRelu(float alpha) -> real(x, out, v -> v > alpha ? v : 0);
      case Shrink(float bias, float lambda) ->
          real(x, out, v -> v < -lambda ? v + bias : v > lambda ? v - bias : 0);
      case Gelu(boolean approximate) ->
          real(x, out, approximate ? Functions::geluTanh : Functions::gelu);
      case Swish(float alpha) -> real(x, out, v -> v * Functions.sigmoid(alpha * v));
    };
  }

  private static Optional<TensorData> cast(TensorData x, DataType to) {
    if (x.dtype() == DataType.STRING || to == DataType.STRING) return Optional.empty();
    if (x.dtype().isComplex() != to.isComplex()) return Optional.empty();
    return Optional.of(x.cast(to));
  }

  private static Optional<TensorData> bitcast(TensorData x, DataType to, TensorType out) {
    if (x.dtype().bits() % 8 != 0 || to.bits() % 8 != 0) return Optional.empty();
    var bytes = x.copied().contiguous();
    return bytes.map(segment -> TensorData.of(to, out.shape(), segment));
  }

  private static Optional<TensorData> clip(double min, double max, TensorData x, TensorType out) {
    if (x.dtype().isFloat()) {
      return real(x, out, v -> Double.isNaN(v) ? v : Math.min(Math.max(v, min), max));
    }
    if (!x.dtype().isInteger() || x.dtype() == DataType.UINT64) return Optional.empty();
    long low = min < -0x1p63 ? Long.MIN_VALUE : (long) Math.ceil(min);
    long high = max > 0x1p63 ? Long.MAX_VALUE : (long) Math.floor(max);
    return whole(x, out, v -> Math.max(low, Math.min(high, v)));
  }

  private static Optional<TensorData> unary(Unary.Kind kind, TensorData x, TensorType out) {
    if (kind == Unary.Kind.IS_NAN) return bools(x, out, Double::isNaN);
    if (kind == Unary.Kind.NOT) return whole(x, out, v -> 1 - v);
    if (x.dtype().isFloat()) return Functions.of(kind).flatMap(f -> real(x, out, f));
    return switch (kind) {
      case ABS -> whole(x, out, Math::abs);
      case BITWISE_NOT -> whole(x, out, v -> ~v);
      case NEG -> whole(x, out, v -> -v);
      case RELU -> whole(x, out, v -> Math.max(v, 0));
      case SIGN -> whole(x, out, Long::signum);
      case SQUARE -> whole(x, out, v -> v * v);
      case CEIL, FLOOR, ROUND -> Optional.of(x);
      default -> Optional.empty();
    };
  }

  private static Optional<TensorData> real(TensorData x, TensorType out, DoubleUnaryOperator f) {
    if (!x.dtype().isFloat()) return Optional.empty();
    return Optional.of(
        Operands.reals(out.dtype(), out.shape(), i -> f.applyAsDouble(x.doubleAt(i))));
  }

  private static Optional<TensorData> whole(
      TensorData x, TensorType out, java.util.function.LongUnaryOperator f) {
    boolean known = x.dtype().isInteger() && x.dtype() != DataType.UINT64;
    if (!known && x.dtype() != DataType.BOOL) return Optional.empty();
    return Optional.of(Operands.wholes(out.dtype(), out.shape(), i -> f.applyAsLong(x.longAt(i))));
  }

  private static Optional<TensorData> bools(
      TensorData x, TensorType out, java.util.function.DoublePredicate f) {
    if (!x.dtype().isFloat()) return Optional.empty();
    return Optional.of(
        Operands.wholes(DataType.BOOL, out.shape(), i -> f.test(x.doubleAt(i)) ? 1 : 0));
  }
}
