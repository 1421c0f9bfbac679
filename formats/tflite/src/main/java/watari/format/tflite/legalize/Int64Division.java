package watari.format.tflite.legalize;

import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Quotients of int64, which LiteRT does not divide: float32 estimates a quotient, int64 takes it
/// off, until less than a divisor is left.
final class Int64Division {
  /// Each estimate is right to 22 bits: three leave less than twice a divisor of any dividend.
  private static final int ESTIMATES = 4;

  /// The largest float32 that int64 holds.
  private static final double LARGEST = 0x1.fffffep62;

  private Int64Division() {}

  /// The quotient, truncated towards 0.
  static Value of(Value a, Value b, Formula f) {
    var divisor = f.cast(b, DataType.FLOAT32);
    var rest = a;
    var quotient = f.scalar(a, 0);
    for (int i = 0; i < ESTIMATES; i++) {
      var estimate = f.div(f.cast(rest, DataType.FLOAT32), divisor);
      var whole = f.cast(f.max(f.min(estimate, LARGEST), -LARGEST), DataType.INT64);
      quotient = f.add(quotient, whole);
      rest = f.sub(rest, f.mul(whole, b));
    }
    return f.add(quotient, correction(a, b, rest, f));
  }

  /// A rest whose sign is not the dividend's has been divided once too often.
  private static Value correction(Value a, Value b, Value rest, Formula f) {
    var zero = f.scalar(a, 0);
    var tooLow = and(f, f.binary(Binary.Kind.GREATER, a, zero), less(f, rest, zero));
    var tooHigh = and(f, less(f, a, zero), f.binary(Binary.Kind.GREATER, rest, zero));
    var back = f.select(less(f, b, zero), f.scalar(b, 1), f.scalar(b, -1));
    return f.select(tooLow, back, f.select(tooHigh, f.neg(back), zero));
  }

  private static Value less(Formula f, Value a, Value b) {
    return f.binary(Binary.Kind.LESS, a, b);
  }

  private static Value and(Formula f, Value a, Value b) {
    return f.binary(Binary.Kind.AND, a, b);
  }
}
