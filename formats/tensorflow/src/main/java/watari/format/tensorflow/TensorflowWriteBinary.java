package watari.format.tensorflow;

import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.tensor.DataType;

/// Functions of two or three elements at the same place.
final class TensorflowWriteBinary {
  private TensorflowWriteBinary() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Binary.class, TensorflowWriteBinary::binary)
        .on(PRelu.class, TensorflowWriteBinary::pRelu)
        .on(Select.class, TensorflowWriteBinary::select);
  }

  private static void binary(Binary op, Node node, TensorflowScope out) {
    var a = out.in(node, 0);
    var b = out.in(node, 1);
    if (a.type() == DataType.UINT64) requireSimple(op.kind());
    out.give(
        node,
        switch (op.kind()) {
          case POW -> power(a, b, node, out);
          case SHIFT_LEFT, SHIFT_RIGHT -> shift(op.kind(), a, out.cast(b, a.type()), out);
          default -> out.op(name(op.kind(), a.type()), a, b);
        });
  }

  private static void requireSimple(Binary.Kind kind) {
    if (kind == Binary.Kind.TRUNC_MOD) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow's processor kernel of 'TruncateMod' does not take uint64",
          "use another element type, or end the model before this node with --outputs");
    }
  }

  private static String name(Binary.Kind kind, DataType dtype) {
    boolean isBool = dtype == DataType.BOOL;
    return switch (kind) {
      case ADD -> "AddV2";
      case AND -> "LogicalAnd";
      case ATAN2 -> "Atan2";
      case BITWISE_AND -> isBool ? "LogicalAnd" : "BitwiseAnd";
      case BITWISE_OR -> isBool ? "LogicalOr" : "BitwiseOr";
      case BITWISE_XOR -> isBool ? "NotEqual" : "BitwiseXor";
      case DIV -> dtype.isInteger() ? "TruncateDiv" : "RealDiv";
      case EQUAL -> "Equal";
      case FLOOR_DIV -> "FloorDiv";
      case FLOOR_MOD -> "FloorMod";
      case GREATER -> "Greater";
      case GREATER_EQUAL -> "GreaterEqual";
      case LESS -> "Less";
      case LESS_EQUAL -> "LessEqual";
      case MAX -> isBool ? "LogicalOr" : "Maximum";
      case MIN -> isBool ? "LogicalAnd" : "Minimum";
      case MUL -> isBool ? "LogicalAnd" : "Mul";
      case NOT_EQUAL, XOR -> "NotEqual";
      case OR -> "LogicalOr";
      case SQUARED_DIFFERENCE -> "SquaredDifference";
      case SUB -> "Sub";
      case TRUNC_MOD -> "TruncateMod";
      case POW, SHIFT_LEFT, SHIFT_RIGHT -> throw new IllegalStateException(kind.name());
    };
  }

  /// Integers with exponents that may be negative are raised as float64.
  private static Port power(Port a, Port b, Node node, TensorflowScope out) {
    if (a.type().isFloat()) {
      boolean isWider = b.type().isFloat() && b.type().bits() > a.type().bits();
      if (!isWider) return out.op("Pow", a, out.cast(b, a.type()));
      return out.cast(out.op("Pow", out.cast(a, b.type()), b), a.type());
    }
    boolean isWhole = !b.type().isFloat() && isPositive(node);
    if (isWhole) return out.op("Pow", a, out.cast(b, a.type()));
    var real = out.op("Pow", out.cast(a, DataType.FLOAT64), out.cast(b, DataType.FLOAT64));
    return out.cast(real, a.type());
  }

  private static boolean isPositive(Node node) {
    if (!node.input(1).dtype().isSigned()) return true;
    return node.input(1)
        .constant()
        .filter(data -> java.util.Arrays.stream(data.longs()).allMatch(x -> x >= 0))
        .isPresent();
  }

  /// TensorFlow limits the count to the bits less one; what is shifted by all bits has none left.
  private static Port shift(Binary.Kind kind, Port x, Port count, TensorflowScope out) {
    boolean isLeft = kind == Binary.Kind.SHIFT_LEFT;
    var shifted = out.op(isLeft ? "LeftShift" : "RightShift", x, count);
    if (!isLeft && x.type().isSigned()) return shifted;
    var isFar = out.op("GreaterEqual", count, out.scalar(x.type(), x.type().bits()));
    return out.op("SelectV2", isFar, out.scalar(x.type(), 0), shifted);
  }

  private static void pRelu(PRelu op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var isPositive = out.op("GreaterEqual", x, out.scalar(x.type(), 0));
    out.give(node, out.op("SelectV2", isPositive, x, out.op("Mul", out.in(node, 1), x)));
  }

  private static void select(Select op, Node node, TensorflowScope out) {
    out.give(node, out.op("SelectV2", out.in(node, 0), out.in(node, 1), out.in(node, 2)));
  }
}
