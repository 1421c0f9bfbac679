package watari.op;

import java.util.List;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.TensorType;

/// Functions of each element alone; the output has the input's shape and, unless said otherwise,
/// its dtype.
public sealed interface ElementwiseOp extends Op {
  @Override
  default List<TensorType> infer(InferContext in) {
    return List.of(in.type(0).withoutQuantization());
  }

  /// A function without parameters, named by its `kind`.
  record Unary(Kind kind) implements ElementwiseOp {
    /// Which function.
    public enum Kind {
      ABS,
      ACOS,
      ACOSH,
      ASIN,
      ASINH,
      ATAN,
      ATANH,
      BITWISE_NOT,
      CEIL,
      COS,
      COSH,
      ERF,
      EXP,
      FLOOR,
      /// `x · clip(x / 6 + 0.5, 0, 1)`.
      HARD_SWISH,
      /// To bool: whether the element is NaN.
      IS_NAN,
      LOG,
      /// `x · tanh(softplus(x))`.
      MISH,
      NEG,
      /// Of bools.
      NOT,
      RECIPROCAL,
      RELU,
      /// To the nearest integer, ties to even.
      ROUND,
      /// `1 / sqrt(x)`.
      RSQRT,
      SIGMOID,
      /// -1, 0 or 1.
      SIGN,
      SIN,
      SINH,
      /// `log(1 + exp(x))`.
      SOFTPLUS,
      /// `x / (1 + |x|)`.
      SOFTSIGN,
      SQRT,
      /// `x · x`.
      SQUARE,
      TAN,
      TANH
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var type = in.type(0).withoutQuantization();
      return List.of(kind == Kind.IS_NAN ? type.with(DataType.BOOL) : type);
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return kind == Kind.NEG
          ? in.integers(0).map(all -> all.stream().map(dim -> dim.times(-1)).toList())
          : Optional.empty();
    }

    @Override
    public String name() {
      return kind.name();
    }
  }

  /// The input itself.
  record Identity() implements ElementwiseOp {
    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return in.integers(0);
    }
  }

  /// `x` limited to `[min, max]`; `min <= max`, either may be infinite. Integers are limited to the
  /// whole numbers inside.
  record Clip(double min, double max) implements ElementwiseOp {
    public Clip {
      if (!(min <= max)) throw new IllegalArgumentException("min " + min + " is above max " + max);
    }
  }

  /// `x` where `x >= 0`, else `alpha · x`.
  record LeakyRelu(float alpha) implements ElementwiseOp {}

  /// `x` where `x >= 0`, else `alpha · (exp(x) - 1)`.
  record Elu(float alpha) implements ElementwiseOp {}

  /// `gamma · x` where `x > 0`, else `gamma · alpha · (exp(x) - 1)`.
  record Selu(float alpha, float gamma) implements ElementwiseOp {}

  /// `max(0, x) + min(0, alpha · (exp(x / alpha) - 1))`.
  record Celu(float alpha) implements ElementwiseOp {}

  /// `clip(alpha · x + beta, 0, 1)`.
  record HardSigmoid(float alpha, float beta) implements ElementwiseOp {}

  /// `x` where `x > alpha`, else 0.
  record ThresholdedRelu(float alpha) implements ElementwiseOp {}

  /// `x + bias` where `x < -lambda`, `x - bias` where `x > lambda`, else 0.
  record Shrink(float bias, float lambda) implements ElementwiseOp {}

  /// `x · Φ(x)`: exact by the error function, or by the usual approximation with tanh.
  record Gelu(boolean approximate) implements ElementwiseOp {}

  /// `x · sigmoid(alpha · x)`; SiLU where `alpha` is 1.
  record Swish(float alpha) implements ElementwiseOp {}

  /// Whether an element is an infinity, of the signs asked for; the output is bool.
  record IsInf(boolean negative, boolean positive) implements ElementwiseOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(DataType.BOOL, in.shape(0)));
    }
  }

  /// Numbers to numbers of another type: floats to integers truncate, to `bool` is `!= 0`. On
  /// quantized tensors it takes the stored integers; [QuantizeOp.Convert] takes what they denote.
  ///
  /// @param saturate whether float8 results out of range become the largest number, not NaN
  record Cast(DataType to, boolean saturate) implements ElementwiseOp {
    public Cast(DataType to) {
      this(to, true);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(to, in.shape(0)));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return to.isInteger() && to.bits() >= 32 && in.dtype(0).isInteger()
          ? in.integers(0)
          : Optional.empty();
    }
  }

  /// The same bits as another type. From wider to narrower elements an axis of the ratio is added
  /// at the end, from narrower to wider it is removed.
  ///
  /// Source: TFLite BITCAST; ONNX BitCast-26 where the widths are equal.
  record Bitcast(DataType to) implements ElementwiseOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = in.shape(0);
      int from = in.dtype(0).bits();
      if (from == to.bits() || !shape.isRanked()) return List.of(new TensorType(to, shape));
      if (from > to.bits()) {
        var added = shape.concat(watari.tensor.Shape.of(from / to.bits()));
        return List.of(new TensorType(to, added));
      }
      return List.of(new TensorType(to, shape.slice(0, shape.rank() - 1)));
    }
  }
}
