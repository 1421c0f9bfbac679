package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.ShapeOf;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Arithmetic on integers that OpenVINO's CPU plugin does in float32, or saturates, by what it
/// computes exactly: sums, products, maxima and comparisons with 0.
final class OpenvinoIntegerRules {
  /// Below this every integer is a float32.
  private static final double EXACT = 1 << 24;

  /// What OpenVINO's CPU plugin keeps of any integer.
  private static final int WIDE = 32;

  private static final int HALF = WIDE / 2;
  private static final int PART = 11;
  private static final int MOST_FACTORS = 16;
  private static final int MOST_STEPS = 4;

  private OpenvinoIntegerRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("CompareExactly", Binary.class, OpenvinoIntegerRules::compare),
        new Replacement<>("DivideExactly", Binary.class, OpenvinoIntegerRules::divide),
        new Replacement<>("RaiseExactly", Binary.class, OpenvinoIntegerRules::power),
        new Replacement<>("ReduceExactly", Reduce.class, OpenvinoIntegerRules::reduce),
        new Replacement<>("WrapBytes", Op.class, OpenvinoIntegerRules::wrap));
  }

  /// Whether all numbers of a value are floats of 24 bits, as far as that can be seen.
  private static boolean isSmall(Value value) {
    return bound(value) < EXACT;
  }

  private static double bound(Value value) {
    return bound(value, MOST_STEPS);
  }

  /// What the numbers of a value do not exceed, as far as that can be seen.
  private static double bound(Value value, int steps) {
    if (value.dtype() == DataType.BOOL) return 1;
    if (value.dtype().bits() <= 16) return 1 << value.dtype().bits();
    if (value.isConstant()) {
      double most = 0;
      for (double x : value.constant().orElseThrow().doubles()) most = Math.max(most, Math.abs(x));
      return most;
    }
    var made = value.producer();
    boolean isSeen = made.isPresent() && steps > 0;
    return isSeen ? bound(made.get(), steps - 1) : Double.POSITIVE_INFINITY;
  }

  private static double bound(Node made, int steps) {
    return switch (made.op()) {
      case ShapeOf _ -> EXACT - 1;
      case Cast _ when !made.input(0).dtype().isFloat() -> bound(made.input(0), steps);
      case Unary(var kind) when kind == Unary.Kind.SIGN -> 1;
      case Select _ -> Math.max(bound(made.input(1), steps), bound(made.input(2), steps));
      case Binary(var kind) when made.input(1).isConstant() ->
          switch (kind) {
            case SHIFT_RIGHT -> Math.scalb(1.0, WIDE - smallest(made.input(1)));
            case BITWISE_AND ->
                smallest(made.input(1)) < 0 ? Double.POSITIVE_INFINITY : bound(made.input(1));
            default -> Double.POSITIVE_INFINITY;
          };
      default -> Double.POSITIVE_INFINITY;
    };
  }

  private static int smallest(Value constant) {
    return (int) LongStream.of(constant.constant().orElseThrow().longs()).min().orElse(0);
  }

  // ---- comparisons

  private static Outcome compare(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    if (!op.kind().isComparison() || !a.dtype().isInteger()) return left("it compares no integers");
    if (isSmall(a) || isSmall(b)) return left("float32 tells them apart");
    return match.replaceWith(
        switch (op.kind()) {
          case EQUAL -> isZero(f.sub(a, b), true, f);
          case NOT_EQUAL -> isZero(f.sub(a, b), false, f);
          case GREATER -> isZero(f.sub(f.max(a, b), b), false, f);
          case GREATER_EQUAL -> isZero(f.sub(f.max(a, b), a), true, f);
          case LESS -> isZero(f.sub(f.min(a, b), b), false, f);
          default -> isZero(f.sub(f.min(a, b), a), true, f);
        });
  }

  private static Value isZero(Value x, boolean isSo, Formula f) {
    return f.binary(isSo ? Binary.Kind.EQUAL : Binary.Kind.NOT_EQUAL, x, f.scalar(x, 0));
  }

  private static Value isNegative(Value x, Formula f) {
    return f.binary(Binary.Kind.LESS, x, f.scalar(x, 0));
  }

  // ---- quotients and remainders

  private static Outcome divide(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    boolean isFloored = op.kind() == Binary.Kind.FLOOR_DIV;
    if (!a.dtype().isInteger()) return left("it divides no integers");
    boolean isSmall = isSmall(a) && isSmall(b);
    boolean isQuotient = isFloored || op.kind() == Binary.Kind.DIV;
    boolean isRest = op.kind() == Binary.Kind.FLOOR_MOD || op.kind() == Binary.Kind.TRUNC_MOD;
    if (!isQuotient && !isRest || isSmall && !isFloored) return left("OpenVINO does it exactly");
    var floored = new Floored(a, b, isSmall, f);
    return match.replaceWith(
        switch (op.kind()) {
          case FLOOR_DIV -> floored.quotient();
          case FLOOR_MOD -> floored.rest();
          case DIV -> floored.truncated(a, true);
          default -> floored.truncated(a, false);
        });
  }

  /// Quotient and remainder with the sign of the divisor, from quotients that float32 rounds.
  private static final class Floored {
    private final Formula f;
    private final Value b;
    private Value quotient;
    private Value rest;

    Floored(Value a, Value b, boolean isSmall, Formula f) {
      this.f = f;
      this.b = b;
      quotient = roughly(a);
      rest = f.sub(a, f.mul(quotient, b));
      if (!isSmall) {
        var more = roughly(rest);
        quotient = f.add(quotient, more);
        rest = f.sub(rest, f.mul(more, b));
        move(isTooLarge(), 1);
      }
      move(hasOtherSign(rest), -1);
    }

    /// Exact up to 2²⁴.
    private Value roughly(Value x) {
      var real = f.div(f.cast(x, DataType.FLOAT32), f.cast(b, DataType.FLOAT32));
      return f.cast(real, x.dtype());
    }

    Value quotient() {
      return quotient;
    }

    Value rest() {
      return rest;
    }

    /// The quotient, or the remainder, that is cut towards 0.
    Value truncated(Value a, boolean isQuotient) {
      var isRest = isZero(rest, false, f);
      var differ = f.binary(Binary.Kind.XOR, isNegative(a, f), isNegative(b, f));
      move(f.binary(Binary.Kind.AND, isRest, differ), 1);
      return isQuotient ? quotient : rest;
    }

    private Value hasOtherSign(Value x) {
      var differ = f.binary(Binary.Kind.XOR, isNegative(x, f), isNegative(b, f));
      return f.binary(Binary.Kind.AND, isZero(x, false, f), differ);
    }

    /// Whether the remainder is as large as the divisor at least.
    private Value isTooLarge() {
      var less = f.sub(f.abs(rest), f.abs(b));
      var isLarge = f.unary(Unary.Kind.NOT, isNegative(less, f));
      var agree = f.unary(Unary.Kind.NOT, hasOtherSign(rest));
      return f.binary(Binary.Kind.AND, isLarge, agree);
    }

    private void move(Value where, long by) {
      quotient = f.select(where, f.add(quotient, by), quotient);
      rest = f.select(where, by > 0 ? f.sub(rest, b) : f.add(rest, b), rest);
    }
  }

  // ---- powers

  /// Powers of one small whole exponent as products; of others the operands get one type.
  private static Outcome power(Binary op, Match<Binary> match, Formula f) {
    if (op.kind() != Binary.Kind.POW) return left("it is no power");
    var a = match.input(0);
    var b = match.input(1);
    var exponent = match.constant(1).filter(data -> data.size() == 1).map(data -> data.doubleAt(0));
    boolean isProduct =
        a.dtype().isInteger()
            && b.shape().hasRank(0)
            && exponent.filter(e -> e == Math.rint(e) && e >= 1 && e <= MOST_FACTORS).isPresent();
    if (isProduct) return match.replaceWith(product(a, exponent.get().intValue(), f));
    if (a.dtype() == b.dtype()) return left("OpenVINO takes it");
    if (a.dtype().isFloat()) return match.replaceWith(op, a, f.cast(b, a.dtype()));
    if (b.dtype().isInteger()) return match.replaceWith(op, a, f.cast(b, a.dtype()));
    return match.replaceWith(f.cast(f.op(op, f.cast(a, b.dtype()), b), a.dtype()));
  }

  private static Value product(Value x, int exponent, Formula f) {
    if (exponent == 1) return f.op(new watari.op.ElementwiseOp.Identity(), x);
    var half = exponent == 2 || exponent == 3 ? x : product(x, exponent / 2, f);
    var square = f.mul(half, half);
    return exponent % 2 == 0 ? square : f.mul(square, x);
  }

  // ---- reductions

  /// By parts of few bits, each of which float32 reduces exactly.
  private static Outcome reduce(Reduce op, Match<Reduce> match, Formula f) {
    var x = match.input(0);
    if (x.dtype() != DataType.INT32 && x.dtype() != DataType.INT64) return left("it is not wide");
    return switch (op.kind()) {
      case MAX -> isSmall(x) ? left("float32 holds it") : extreme(op, x, -1, match, f);
      case MIN -> isSmall(x) ? left("float32 holds it") : extreme(op, x, 1L << HALF, match, f);
      case SUM -> sum(op, x, match, f);
      default -> left("it is no sum and no extreme");
    };
  }

  /// The extreme of the upper halves, then that of the lower ones beside it.
  private static Outcome extreme(Reduce op, Value x, long none, Match<Reduce> match, Formula f) {
    var upper = shifted(x, HALF, f);
    var best = reduced(new Reduce(op.kind(), true), upper, match, f);
    var isBest = f.binary(Binary.Kind.EQUAL, upper, best);
    var lower = f.select(isBest, masked(x, (1 << HALF) - 1, f), f.scalar(x, none));
    var high = reduced(op, upper, match, f);
    return match.replaceWith(f.add(f.mul(high, 1 << HALF), reduced(op, lower, match, f)));
  }

  private static Outcome sum(Reduce op, Value x, Match<Reduce> match, Formula f) {
    if (!x.shape().isFixed()) return left("how many are added is not known");
    long count = x.shape().elements().fixed();
    if (bound(x) * count < EXACT) return left("float32 adds them exactly");
    if (count << PART > EXACT) return left("too many are added");
    var low = reduced(op, masked(x, (1 << PART) - 1, f), match, f);
    var middle = reduced(op, masked(shifted(x, PART, f), (1 << PART) - 1, f), match, f);
    var high = reduced(op, shifted(x, 2 * PART, f), match, f);
    var upper = f.add(middle, f.mul(high, 1 << PART));
    return match.replaceWith(f.add(low, f.mul(upper, 1 << PART)));
  }

  private static Value reduced(Reduce op, Value x, Match<Reduce> match, Formula f) {
    return match.input(1).isPresent() ? f.op(op, x, match.input(1)) : f.op(op, x);
  }

  private static Value shifted(Value x, int bits, Formula f) {
    return f.binary(Binary.Kind.SHIFT_RIGHT, x, f.scalar(x, bits));
  }

  private static Value masked(Value x, int mask, Formula f) {
    return f.binary(Binary.Kind.BITWISE_AND, x, f.scalar(x, mask));
  }

  // ---- bytes

  /// Arithmetic on 8 bits saturates in OpenVINO: done in 32 bits, the result is cut.
  private static Outcome wrap(Op op, Match<Op> match, Formula f) {
    var node = match.node();
    if (node.inputs().isEmpty() || !overflows(op)) return left("it cannot overflow");
    var dtype = node.input(0).dtype();
    boolean isByte = dtype == DataType.INT8 || dtype == DataType.UINT8;
    if (!isByte) return left("OpenVINO wraps it");
    var inputs = new ArrayList<Value>();
    for (var input : node.inputs()) {
      boolean isOperand = input.isPresent() && input.dtype() == dtype;
      inputs.add(isOperand ? f.cast(input, DataType.INT32) : input);
    }
    return match.replaceWith(f.cast(f.op(op, inputs.toArray(Value[]::new)), dtype));
  }

  private static boolean overflows(Op op) {
    return switch (op) {
      case Binary(var kind) ->
          switch (kind) {
            case ADD, SUB, MUL, POW, DIV, FLOOR_DIV, FLOOR_MOD, TRUNC_MOD, SHIFT_LEFT -> true;
            default -> false;
          };
      case Unary(var kind) -> kind == Unary.Kind.NEG || kind == Unary.Kind.ABS;
      case Reduce(var kind, _) ->
          switch (kind) {
            case SUM, PROD, MEAN, L1, L2 -> true;
            default -> false;
          };
      case Cumulative _ -> true;
      default -> false;
    };
  }
}
