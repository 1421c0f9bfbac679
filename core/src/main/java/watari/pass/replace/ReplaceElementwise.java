package watari.pass.replace;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// Functions of each element as arithmetic on simpler ones.
public final class ReplaceElementwise {
  /// Numerator and denominator of a rational approximation of the error function, in powers of the
  /// square, highest first; its error is below 4e-7 of the result. Source: Eigen's erf.
  private static final double[] ERF_ABOVE = {
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02
  };

  private static final double[] ERF_BELOW = {
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02
  };

  /// Beyond this the error function is 1 in float32.
  private static final double ERF_ONE = 4;

  private ReplaceElementwise() {}

  /// Of the parametrised activations.
  public static List<Rule<?>> activations() {
    return List.of(
        new Replacement<>("ReplaceElu", Elu.class, ReplaceElementwise::elu),
        new Replacement<>("ReplaceSelu", Selu.class, ReplaceElementwise::selu),
        new Replacement<>("ReplaceCelu", Celu.class, ReplaceElementwise::celu),
        new Replacement<>("ReplaceHardSigmoid", HardSigmoid.class, ReplaceElementwise::hardSigmoid),
        new Replacement<>("ReplaceThreshold", ThresholdedRelu.class, ReplaceElementwise::threshold),
        new Replacement<>("ReplaceShrink", Shrink.class, ReplaceElementwise::shrink),
        new Replacement<>("ReplaceSwish", Swish.class, ReplaceElementwise::swish),
        new Replacement<>("ReplaceIsInf", IsInf.class, ReplaceElementwise::isInf));
  }

  /// Of [Unary] without a kernel of its own in TFLite.
  public static Rule<Unary> unary() {
    return new Replacement<>("ReplaceUnary", Unary.class, ReplaceElementwise::unary);
  }

  private static Outcome unary(Unary op, Match<Unary> match, Formula f) {
    var x = match.input(0);
    return switch (op.kind()) {
      case ACOS -> match.replaceWith(f.binary(Binary.Kind.ATAN2, leg(x, f), x));
      case ASIN -> match.replaceWith(f.binary(Binary.Kind.ATAN2, x, leg(x, f)));
      case ATAN -> match.replaceWith(f.binary(Binary.Kind.ATAN2, x, f.scalar(x, 1)));
      case ACOSH -> match.replaceWith(acosh(x, f));
      case ASINH -> match.replaceWith(asinh(x, f));
      case ATANH -> match.replaceWith(atanh(x, f));
      case SINH -> match.replaceWith(sinh(x, f));
      case COSH -> match.replaceWith(f.mul(f.add(f.exp(x), f.exp(f.neg(x))), 0.5));
      case TAN -> match.replaceWith(f.div(f.unary(Unary.Kind.SIN, x), f.unary(Unary.Kind.COS, x)));
      case ERF -> match.replaceWith(erf(x, f));
      case IS_NAN -> match.replaceWith(f.binary(Binary.Kind.NOT_EQUAL, x, x));
      case MISH -> match.replaceWith(f.mul(x, f.unary(Unary.Kind.TANH, softplus(x, f))));
      case SOFTPLUS -> match.replaceWith(softplus(x, f));
      case SOFTSIGN -> match.replaceWith(f.div(x, f.add(f.abs(x), 1)));
      case RECIPROCAL -> match.replaceWith(f.div(f.scalar(x, 1), x));
      case BITWISE_NOT ->
          x.dtype().isSigned() || x.dtype().bits() < 64
              ? match.replaceWith(f.binary(Binary.Kind.BITWISE_XOR, x, ones(x, f)))
              : Replacement.left("64 bits");
      case RELU ->
          x.dtype().isFloat() || x.type().isQuantized()
              ? Replacement.left("it is an operator")
              : match.replaceWith(f.max(x, 0));
      case SQUARE ->
          x.dtype().isFloat() || x.type().isQuantized()
              ? Replacement.left("it is an operator")
              : match.replaceWith(f.mul(x, x));
      default -> Replacement.left("it is an operator");
    };
  }

  private static Value ones(Value x, Formula f) {
    return f.scalar(x, x.dtype().isSigned() ? -1 : x.dtype().max());
  }

  /// `sqrt(1 - x²)`.
  private static Value leg(Value x, Formula f) {
    return f.sqrt(f.mul(f.sub(f.scalar(x, 1), x), f.add(x, 1)));
  }

  private static Value acosh(Value x, Formula f) {
    var above = f.add(x, -1);
    // acosh(1 + t) = log1p(t + sqrt(t · (t + 2)))
    return f.log1p(f.add(above, f.sqrt(f.mul(above, f.add(above, 2)))));
  }

  private static Value asinh(Value x, Formula f) {
    var a = f.abs(x);
    var square = f.mul(a, a);
    // asinh(a) = log1p(a + a² / (1 + sqrt(a² + 1)))
    var inner = f.add(a, f.div(square, f.add(f.sqrt(f.add(square, 1)), 1)));
    return f.mul(f.unary(Unary.Kind.SIGN, x), f.log1p(inner));
  }

  private static Value atanh(Value x, Formula f) {
    // atanh(a) = log1p(2a / (1 - a)) / 2, odd.
    var a = f.abs(x);
    var inner = f.div(f.mul(a, 2), f.sub(f.scalar(x, 1), a));
    return f.mul(f.mul(f.log1p(inner), 0.5), f.unary(Unary.Kind.SIGN, x));
  }

  private static Value sinh(Value x, Formula f) {
    var a = f.abs(x);
    // expm1(a) = tanh(a / 2) · (exp(a) + 1)
    var half = f.unary(Unary.Kind.TANH, f.mul(a, 0.5));
    var m = f.mul(half, f.add(f.exp(a), 1));
    var sum = f.mul(f.add(m, f.div(m, f.add(m, 1))), 0.5);
    // Where exp is infinite so is sinh.
    var isInfinite = f.binary(Binary.Kind.GREATER, m, f.scalar(x, Float.MAX_VALUE));
    return f.mul(f.select(isInfinite, m, sum), f.unary(Unary.Kind.SIGN, x));
  }

  /// `max(x, 0) + log(1 + exp(-|x|))`.
  static Value softplus(Value x, Formula f) {
    var small = f.log(f.add(f.exp(f.neg(f.abs(x))), 1));
    return f.add(f.relu(x), small);
  }

  /// The error function.
  public static Value erf(Value x, Formula f) {
    var limited = f.max(f.min(x, ERF_ONE), -ERF_ONE);
    var square = f.mul(limited, limited);
    var above = f.mul(limited, f.polynomial(square, ERF_ABOVE));
    return f.div(above, f.polynomial(square, ERF_BELOW));
  }

  private static Outcome elu(Elu op, Match<Elu> match, Formula f) {
    if (op.alpha() == 1) return Replacement.left("alpha is 1");
    var x = match.input(0);
    return match.replaceWith(f.add(f.relu(x), f.mul(belowZero(x, f), op.alpha())));
  }

  /// `exp(x) - 1` where `x` is negative, else 0.
  private static Value belowZero(Value x, Formula f) {
    return f.op(new Elu(1), f.min(x, 0));
  }

  private static Outcome selu(Selu op, Match<Selu> match, Formula f) {
    var x = match.input(0);
    var below = f.mul(belowZero(x, f), (double) op.gamma() * op.alpha());
    return match.replaceWith(f.add(f.mul(f.relu(x), op.gamma()), below));
  }

  private static Outcome celu(Celu op, Match<Celu> match, Formula f) {
    var x = match.input(0);
    var below = f.mul(belowZero(f.mul(x, 1.0 / op.alpha()), f), op.alpha());
    return match.replaceWith(f.add(f.relu(x), below));
  }

  private static Outcome hardSigmoid(HardSigmoid op, Match<HardSigmoid> match, Formula f) {
    var line = f.add(f.mul(match.input(0), op.alpha()), op.beta());
    return match.replaceWith(f.op(new Clip(0, 1), line));
  }

  private static Outcome threshold(ThresholdedRelu op, Match<ThresholdedRelu> match, Formula f) {
    var x = match.input(0);
    var isAbove = f.binary(Binary.Kind.GREATER, x, f.scalar(x, op.alpha()));
    return match.replaceWith(f.select(isAbove, x, f.scalar(x, 0)));
  }

  private static Outcome shrink(Shrink op, Match<Shrink> match, Formula f) {
    var x = match.input(0);
    var isBelow = f.binary(Binary.Kind.LESS, x, f.scalar(x, -op.lambda()));
    var isAbove = f.binary(Binary.Kind.GREATER, x, f.scalar(x, op.lambda()));
    var above = f.select(isAbove, f.add(x, -op.bias()), f.scalar(x, 0));
    return match.replaceWith(f.select(isBelow, f.add(x, op.bias()), above));
  }

  private static Outcome swish(Swish op, Match<Swish> match, Formula f) {
    var x = match.input(0);
    var scaled = op.alpha() == 1 ? x : f.mul(x, op.alpha());
    return match.replaceWith(f.mul(x, f.unary(Unary.Kind.SIGMOID, scaled)));
  }

  private static Outcome isInf(IsInf op, Match<IsInf> match, Formula f) {
    var x = match.input(0);
    if (!op.negative() && !op.positive()) return Replacement.left("it is false everywhere");
    var sized = op.negative() && op.positive() ? f.abs(x) : x;
    double infinity = op.positive() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    return match.replaceWith(f.binary(Binary.Kind.EQUAL, sized, f.scalar(x, infinity)));
  }
}
