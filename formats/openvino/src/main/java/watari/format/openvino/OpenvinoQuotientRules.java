package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.op.ReduceOp.Reduce;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Quotients that are made whole: OpenVINO multiplies by the inverse of a divisor, and so may miss
/// a whole number, or the half between two, by the last bit.
///
/// Its FloorMod divides: `a - FloorMod(a, b)` is `b` times the floor of the quotient as float32
/// rounds it, which is near enough to be told from its neighbours up to 2²².
final class OpenvinoQuotientRules {
  private static final double EXACT = 1 << 22;
  private static final double LEVELS = 255;

  private OpenvinoQuotientRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("RoundExactly", Unary.class, OpenvinoQuotientRules::whole),
        new Replacement<>("FloorExactly", Binary.class, OpenvinoQuotientRules::floorDivide),
        new Replacement<>(
            "SplitDynamicQuantize", DynamicQuantize.class, OpenvinoQuotientRules::dynamic));
  }

  private static Outcome whole(Unary op, Match<Unary> match, Formula f) {
    var quotient = match.producer(0, Binary.class);
    boolean isQuotient =
        quotient.isPresent() && quotient.get().op().equals(new Binary(Binary.Kind.DIV));
    if (!isQuotient || !match.input(0).dtype().isFloat()) return left("it is no quotient");
    var a = quotient.get().input(0);
    var b = quotient.get().input(1);
    if (b.constant().filter(data -> hasExactInverses(data.doubles())).isPresent()) {
      return left("the inverse of the divisor is exact");
    }
    return switch (op.kind()) {
      case ROUND -> match.replaceWith(rounded(a, b, f));
      case FLOOR -> match.replaceWith(floored(a, b, f));
      case CEIL -> match.replaceWith(f.neg(floored(f.neg(a), b, f)));
      default -> left("it is not made whole");
    };
  }

  private static boolean hasExactInverses(double[] divisors) {
    for (double x : divisors) {
      if (x != Math.copySign(Math.scalb(1.0, Math.getExponent(x)), x)) return false;
    }
    return true;
  }

  private static Outcome floorDivide(Binary op, Match<Binary> match, Formula f) {
    boolean isFloored = op.kind() == Binary.Kind.FLOOR_DIV && match.input(0).dtype().isFloat();
    if (!isFloored) return left("it is no floor of a quotient of floats");
    return match.replaceWith(floored(match.input(0), match.input(1), f));
  }

  private static Value floored(Value a, Value b, Formula f) {
    var inverse = inverse(b, f);
    var rough = f.unary(Unary.Kind.FLOOR, f.mul(a, inverse));
    return near(floor(a, b, inverse, f), rough, EXACT, f);
  }

  /// The even one of two whole numbers that are as near. Of twice the quotient, floor and ceiling
  /// are one number just where it is whole: a quarter of their sum is a half only there.
  private static Value rounded(Value a, Value b, Formula f) {
    var inverse = inverse(b, f);
    var twice = f.mul(a, 2);
    var low = floor(twice, b, inverse, f);
    var high = f.neg(floor(f.neg(twice), b, inverse, f));
    var exact = f.unary(Unary.Kind.ROUND, f.mul(f.add(low, high), 1.0 / 4));
    return near(exact, f.unary(Unary.Kind.ROUND, f.mul(a, inverse)), EXACT / 2, f);
  }

  private static Value inverse(Value b, Formula f) {
    return f.div(f.scalar(b, 1), b);
  }

  private static Value floor(Value a, Value b, Value inverse, Formula f) {
    var floored = f.sub(a, f.binary(Binary.Kind.FLOOR_MOD, a, b));
    return f.unary(Unary.Kind.ROUND, f.mul(floored, inverse));
  }

  /// Whether a FLOOR_MOD stands in `a - FLOOR_MOD(a, b)`, and nowhere else.
  static boolean isQuotient(Node remainder) {
    var uses = remainder.output().uses();
    if (uses.size() != 1) return false;
    var use = uses.iterator().next();
    var user = use.node();
    return use.index() == 1
        && remainder.op().equals(new Binary(Binary.Kind.FLOOR_MOD))
        && user.op().equals(new Binary(Binary.Kind.SUB))
        && user.input(0) == remainder.input(0);
  }

  /// The rough number where the exact one is too large for it, or is none.
  private static Value near(Value exact, Value rough, double most, Formula f) {
    var isNear = f.binary(Binary.Kind.LESS, f.abs(exact), f.scalar(exact, most));
    return f.select(isNear, exact, rough);
  }

  /// `scale = (max(x, 0) - min(x, 0)) / 255`, `zeroPoint = saturate(round(-min / scale))`.
  private static Outcome dynamic(DynamicQuantize op, Match<DynamicQuantize> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    var all = IntStream.range(0, x.shape().rank()).boxed().toList();
    var low = f.min(f.reduce(Reduce.Kind.MIN, x, false, all), 0);
    var high = f.max(f.reduce(Reduce.Kind.MAX, x, false, all), 0);
    var scale = levels(f.sub(high, low), f);
    var isFlat = f.binary(Binary.Kind.EQUAL, scale, f.scalar(x, 0));
    var safe = f.select(isFlat, f.scalar(x, 1), scale);
    var zero = limited(rounded(f.neg(low), safe, f), f);
    var stored = f.add(rounded(x, safe, f), zero);
    return match.replaceWith(
        f.op(new Cast(DataType.UINT8), limited(stored, f)),
        scale,
        f.op(new Cast(DataType.UINT8), zero));
  }

  /// A 255th as float32 rounds it: what `q = x · (1 / 255)` leaves of `x`, which is `(x - 256 · q)
  /// + q` without rounding, gives the last bit.
  private static Value levels(Value x, Formula f) {
    var near = f.mul(x, 1 / LEVELS);
    var rest = f.add(f.sub(x, f.mul(near, LEVELS + 1)), near);
    return f.add(near, f.mul(rest, 1 / LEVELS));
  }

  private static Value limited(Value x, Formula f) {
    return f.op(new Clip(0, LEVELS), x);
  }
}
