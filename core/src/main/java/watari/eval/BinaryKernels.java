package watari.eval;

import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import watari.op.BinaryOp;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Functions of elements at the same place of broadcast operands.
final class BinaryKernels {
  private BinaryKernels() {}

  static Optional<TensorData> run(BinaryOp op, Operands in, TensorType out) {
    var operands = in.present().stream().map(each -> each.expanded(out.shape())).toList();
    return switch (op) {
      case Binary(var kind) -> binary(kind, operands.get(0), operands.get(1), out);
      case PRelu _ -> real(operands.get(0), operands.get(1), out, (x, a) -> x >= 0 ? x : a * x);
      case Select _ -> Optional.of(select(operands.get(0), operands.get(1), operands.get(2)));
    };
  }

  private static TensorData select(TensorData condition, TensorData a, TensorData b) {
    var both = TensorData.joined(java.util.List.of(a, b));
    return both.picked(a.shape(), i -> condition.longAt(i) != 0 ? i : a.size() + i).copied();
  }

  private static Optional<TensorData> binary(
      Binary.Kind kind, TensorData a, TensorData b, TensorType out) {
    if (a.dtype() == DataType.STRING || a.dtype().isComplex()) return Optional.empty();
    if (a.dtype() == DataType.UINT64) return Optional.empty();
    if (kind.isComparison()) return Optional.of(compare(kind, a, b, out));
    if (kind == Binary.Kind.FLOOR_DIV && a.dtype() == DataType.FLOAT32) {
      return real(a, b, out, (x, y) -> Math.floor((float) (x / y)));
    }
    if (a.dtype().isFloat()) return realFunction(kind).flatMap(f -> real(a, b, out, f));
    if (kind == Binary.Kind.POW && b.dtype().isFloat()) {
      return Optional.of(
          Operands.wholes(
              out.dtype(), out.shape(), i -> (long) Math.pow(a.longAt(i), b.doubleAt(i))));
    }
    if (divides(kind) && !isNowhereZero(b)) return Optional.empty();
    if (kind == Binary.Kind.SHIFT_RIGHT && !out.dtype().isSigned()) {
      return whole(a, b, out, (x, y) -> y > 63 ? 0 : x >>> y);
    }
    return wholeFunction(kind).flatMap(f -> whole(a, b, out, f));
  }

  private static boolean divides(Binary.Kind kind) {
    return switch (kind) {
      case DIV, FLOOR_DIV, FLOOR_MOD, TRUNC_MOD -> true;
      default -> false;
    };
  }

  private static boolean isNowhereZero(TensorData b) {
    for (long i = 0; i < b.size(); i++) if (b.longAt(i) == 0) return false;
    return true;
  }

  private static TensorData compare(Binary.Kind kind, TensorData a, TensorData b, TensorType out) {
    return Operands.wholes(
        DataType.BOOL,
        out.shape(),
        i -> {
          boolean isFloat = a.dtype().isFloat();
          if (isFloat && (Double.isNaN(a.doubleAt(i)) || Double.isNaN(b.doubleAt(i)))) {
            return kind == Binary.Kind.NOT_EQUAL ? 1 : 0;
          }
          // 0.0 and -0.0 are equal, unlike in Double.compare.
          int order =
              isFloat
                  ? Double.compare(a.doubleAt(i) + 0.0, b.doubleAt(i) + 0.0)
                  : Long.compare(a.longAt(i), b.longAt(i));
          return holds(kind, order) ? 1 : 0;
        });
  }

  private static boolean holds(Binary.Kind kind, int order) {
    return switch (kind) {
      case EQUAL -> order == 0;
      case NOT_EQUAL -> order != 0;
      case GREATER -> order > 0;
      case GREATER_EQUAL -> order >= 0;
      case LESS -> order < 0;
      case LESS_EQUAL -> order <= 0;
      default -> throw new IllegalArgumentException(kind + " does not compare");
    };
  }

  private static Optional<DoubleBinaryOperator> realFunction(Binary.Kind kind) {
    return switch (kind) {
      case ADD -> Optional.of((x, y) -> x + y);
      case SUB -> Optional.of((x, y) -> x - y);
      case MUL -> Optional.of((x, y) -> x * y);
      case DIV -> Optional.of((x, y) -> x / y);
      case ATAN2 -> Optional.of(Math::atan2);
      case FLOOR_DIV -> Optional.of((x, y) -> Math.floor(x / y));
      case FLOOR_MOD -> Optional.of(BinaryKernels::floorMod);
      case TRUNC_MOD -> Optional.of((x, y) -> x % y);
      case MAX -> Optional.of(Math::max);
      case MIN -> Optional.of(Math::min);
      case POW -> Optional.of(Math::pow);
      case SQUARED_DIFFERENCE -> Optional.of((x, y) -> (x - y) * (x - y));
      default -> Optional.empty();
    };
  }

  private static double floorMod(double x, double y) {
    double rest = x % y;
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  }

  private static Optional<LongBinaryOperator> wholeFunction(Binary.Kind kind) {
    return switch (kind) {
      case ADD -> Optional.of((x, y) -> x + y);
      case SUB -> Optional.of((x, y) -> x - y);
      case MUL -> Optional.of((x, y) -> x * y);
      case DIV -> Optional.of((x, y) -> x / y);
      case FLOOR_DIV -> Optional.of(Math::floorDiv);
      case FLOOR_MOD -> Optional.of(Math::floorMod);
      case TRUNC_MOD -> Optional.of((x, y) -> x % y);
      case MAX -> Optional.of(Math::max);
      case MIN -> Optional.of(Math::min);
      case POW -> Optional.of((x, y) -> (long) Math.pow(x, y));
      case SQUARED_DIFFERENCE -> Optional.of((x, y) -> (x - y) * (x - y));
      case AND, BITWISE_AND -> Optional.of((x, y) -> x & y);
      case OR, BITWISE_OR -> Optional.of((x, y) -> x | y);
      case XOR, BITWISE_XOR -> Optional.of((x, y) -> x ^ y);
      case SHIFT_LEFT -> Optional.of((x, y) -> y > 63 ? 0 : x << y);
      case SHIFT_RIGHT -> Optional.of((x, y) -> x >> Math.min(y, 63));
      default -> Optional.empty();
    };
  }

  private static Optional<TensorData> real(
      TensorData a, TensorData b, TensorType out, DoubleBinaryOperator f) {
    if (!a.dtype().isFloat()) return Optional.empty();
    return Optional.of(
        Operands.reals(
            out.dtype(), out.shape(), i -> f.applyAsDouble(a.doubleAt(i), b.doubleAt(i))));
  }

  private static Optional<TensorData> whole(
      TensorData a, TensorData b, TensorType out, LongBinaryOperator f) {
    return Optional.of(
        Operands.wholes(out.dtype(), out.shape(), i -> f.applyAsLong(a.longAt(i), b.longAt(i))));
  }
}
