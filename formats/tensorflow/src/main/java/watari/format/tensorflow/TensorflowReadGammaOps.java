package watari.format.tensorflow;

import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// The logarithm of the gamma function, and its derivative, by Lanczos' approximation with `g = 7`
/// and 8 terms; below 0.5 they are reflected.
///
/// Source: Lanczos, A Precision Approximation of the Gamma Function (1964); coefficients of
/// Godfrey's.
final class TensorflowReadGammaOps {
  private static final double G = 7;
  private static final double BASE = 0.9999999999998099;
  private static final double[] TERMS = {
    676.5203681218851,
    -1259.1392167224028,
    771.3234287776531,
    -176.6150291621406,
    12.507343278686905,
    -0.13857109526572012,
    9.984369578019572e-6,
    1.5056327351493116e-7
  };

  private TensorflowReadGammaOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Digamma", n -> wide(n, TensorflowReadGammaOps::digamma))
        .on("Lgamma", n -> wide(n, TensorflowReadGammaOps::lgamma));
  }

  @FunctionalInterface
  private interface Function {
    Value of(Formula f, Value x);
  }

  /// Short floats have not the digits for it.
  private static void wide(TensorflowReadNode n, Function function) {
    var f = n.formula();
    boolean isShort = n.dtype(0).bits() < 32;
    var x = isShort ? f.cast(n.in(0), DataType.FLOAT32) : n.in(0);
    n.give(0, f.cast(function.of(f, x), n.dtype(0)));
  }

  /// An argument above -0.5, in which both are written, and what of it comes from reflection.
  private record Reflected(Value isReflected, Value z) {
    static Reflected of(Formula f, Value x) {
      var isBelow = f.binary(Binary.Kind.LESS, x, f.scalar(x, 0.5));
      return new Reflected(isBelow, f.select(isBelow, f.neg(x), f.add(x, -1)));
    }
  }

  /// `log(t)` of `t = z + 7.5`.
  private static Value logarithm(Formula f, Value z) {
    double whole = G + 0.5;
    return f.add(f.log1p(f.mul(z, 1 / whole)), Math.log(whole));
  }

  private static Value lgamma(Formula f, Value x) {
    var at = Reflected.of(f, x);
    var z = at.z();
    var series = f.scalar(x, BASE);
    for (int i = 0; i < TERMS.length; i++) {
      series = f.add(series, f.div(f.scalar(x, TERMS[i]), f.add(z, i + 1.0)));
    }
    var t = f.add(z, G + 0.5);
    var logT = logarithm(f, z);
    var power = f.mul(f.sub(f.add(z, 0.5), f.div(t, logT)), logT);
    var logGamma = f.add(f.add(power, Math.log(Math.sqrt(2 * Math.PI))), f.log(series));
    var reflected = f.sub(reflection(f, x), logGamma);
    var all = f.select(at.isReflected(), reflected, logGamma);
    return f.select(isInfinite(f, x), f.abs(x), all);
  }

  /// `log(π / |sin(π · x)|)`, of the distance to the next integer.
  private static Value reflection(Formula f, Value x) {
    var size = f.abs(x);
    var part = f.sub(size, f.unary(Unary.Kind.FLOOR, size));
    var distance = f.min(part, f.sub(f.scalar(x, 1), part));
    var sine = f.unary(Unary.Kind.SIN, f.mul(distance, Math.PI));
    return f.sub(f.scalar(x, Math.log(Math.PI)), f.log(sine));
  }

  private static Value isInfinite(Formula f, Value x) {
    return f.binary(Binary.Kind.EQUAL, f.abs(x), f.scalar(x, Double.POSITIVE_INFINITY));
  }

  private static Value digamma(Formula f, Value x) {
    var at = Reflected.of(f, x);
    var z = at.z();
    var numerator = f.scalar(x, 0);
    var denominator = f.scalar(x, BASE);
    for (int i = 0; i < TERMS.length; i++) {
      var below = f.add(z, i + 1.0);
      var term = f.div(f.scalar(x, TERMS[i]), below);
      denominator = f.add(denominator, term);
      numerator = f.sub(numerator, f.div(term, below));
    }
    var t = f.add(z, G + 0.5);
    var slope = f.sub(f.div(numerator, denominator), f.div(f.scalar(x, G), t));
    var digamma = f.add(logarithm(f, z), slope);
    var reflected = f.sub(digamma, cotangent(f, x));
    var all = f.select(at.isReflected(), reflected, digamma);
    var isWhole = f.binary(Binary.Kind.EQUAL, x, f.unary(Unary.Kind.FLOOR, x));
    var isPole = f.binary(Binary.Kind.AND, isWhole, f.binary(Binary.Kind.LESS, x, f.scalar(x, 0)));
    var isZero = f.binary(Binary.Kind.EQUAL, x, f.scalar(x, 0));
    var poles = f.select(isPole, f.scalar(x, Double.NaN), all);
    // Of zero the sign decides to which side it falls.
    return f.select(isZero, f.neg(f.unary(Unary.Kind.RECIPROCAL, x)), poles);
  }

  /// `π / tan(π · x)`, of the distance to the nearest integer.
  private static Value cotangent(Formula f, Value x) {
    var nearest = f.unary(Unary.Kind.FLOOR, f.add(x, 0.5));
    var angle = f.mul(f.sub(x, nearest), Math.PI);
    var ratio = f.div(f.unary(Unary.Kind.COS, angle), f.unary(Unary.Kind.SIN, angle));
    return f.mul(ratio, Math.PI);
  }
}
