package watari.eval;

import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import watari.op.ElementwiseOp.Unary;

/// Functions of one real number, in double precision.
final class Functions {
  private static final double LARGE_ERF = 3;

  private Functions() {}

  static Optional<DoubleUnaryOperator> of(Unary.Kind kind) {
    return switch (kind) {
      case ABS -> Optional.of(Math::abs);
      case ACOS -> Optional.of(Math::acos);
      case ACOSH -> Optional.of(x -> Math.log(x + Math.sqrt(x * x - 1)));
      case ASIN -> Optional.of(Math::asin);
      case ASINH -> Optional.of(Functions::asinh);
      case ATAN -> Optional.of(Math::atan);
      case ATANH -> Optional.of(x -> 0.5 * (Math.log1p(x) - Math.log1p(-x)));
      case CEIL -> Optional.of(Math::ceil);
      case COS -> Optional.of(Math::cos);
      case COSH -> Optional.of(Math::cosh);
      case ERF -> Optional.of(Functions::erf);
      case EXP -> Optional.of(Math::exp);
      case FLOOR -> Optional.of(Math::floor);
      case HARD_SWISH -> Optional.of(x -> x * Math.clamp(x / 6 + 0.5, 0.0, 1.0));
      case LOG -> Optional.of(Math::log);
      case MISH -> Optional.of(x -> x * Math.tanh(softplus(x)));
      case NEG -> Optional.of(x -> -x);
      case RECIPROCAL -> Optional.of(x -> 1 / x);
      case RELU -> Optional.of(x -> Math.max(x, 0));
      case ROUND -> Optional.of(Math::rint);
      case RSQRT -> Optional.of(x -> 1 / Math.sqrt(x));
      case SIGMOID -> Optional.of(Functions::sigmoid);
      case SIGN -> Optional.of(Math::signum);
      case SIN -> Optional.of(Math::sin);
      case SINH -> Optional.of(Math::sinh);
      case SOFTPLUS -> Optional.of(Functions::softplus);
      case SOFTSIGN -> Optional.of(x -> x / (1 + Math.abs(x)));
      case SQRT -> Optional.of(Math::sqrt);
      case SQUARE -> Optional.of(x -> x * x);
      case TAN -> Optional.of(Math::tan);
      case TANH -> Optional.of(Math::tanh);
      case BITWISE_NOT, IS_NAN, NOT -> Optional.empty();
    };
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  static double asinh(double x) {
    double size = Math.abs(x);
    return Math.copySign(Math.log1p(size + size * size / (1 + Math.hypot(1, size))), x);
  }

  static double gelu(double x) {
    return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
  }

  static double geluTanh(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /// The error function: its series near 0, the continued fraction of its complement far out.
  static double erf(double x) {
    if (Double.isNaN(x)) return x;
    double size = Math.abs(x);
    return Math.copySign(size < LARGE_ERF ? erfSeries(size) : 1 - erfcFraction(size), x);
  }

  private static double erfSeries(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-18 * sum; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private static double erfcFraction(double x) {
    double fraction = x;
    for (int n = 60; n > 0; n--) fraction = x + n / 2.0 / fraction;
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
  }
}
