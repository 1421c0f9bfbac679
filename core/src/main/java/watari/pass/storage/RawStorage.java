package watari.pass.storage;

import watari.op.ControlOp;
import watari.op.Custom;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;

/// Operators that see how their operands are stored, and not only which numbers they denote.
final class RawStorage {
  private RawStorage() {}

  /// Whether a quantized operand means something else to the operator than the same real numbers.
  static boolean isSeenBy(Op op) {
    return switch (op) {
      case Cast _, Bitcast _, Convert _, Custom _, ControlOp _ -> true;
      default -> false;
    };
  }
}
