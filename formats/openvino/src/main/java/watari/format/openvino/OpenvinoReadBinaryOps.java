package watari.format.openvino;

import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.tensor.DataType;

/// Functions of elements at the same place.
final class OpenvinoReadBinaryOps {
  private OpenvinoReadBinaryOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Add", binary(Binary.Kind.ADD))
        // Integers are truncated whatever `m_pythondiv` says: OpenVINO's CPU plugin ignores it.
        .on("Divide", binary(Binary.Kind.DIV))
        .on("Equal", binary(Binary.Kind.EQUAL))
        .on("FloorMod", binary(Binary.Kind.FLOOR_MOD))
        .on("Greater", binary(Binary.Kind.GREATER))
        .on("GreaterEqual", binary(Binary.Kind.GREATER_EQUAL))
        .on("Less", binary(Binary.Kind.LESS))
        .on("LessEqual", binary(Binary.Kind.LESS_EQUAL))
        .on("LogicalAnd", binary(Binary.Kind.AND))
        .on("LogicalOr", binary(Binary.Kind.OR))
        .on("LogicalXor", binary(Binary.Kind.XOR))
        .on("Xor", binary(Binary.Kind.XOR))
        .on("Maximum", binary(Binary.Kind.MAX))
        .on("Minimum", binary(Binary.Kind.MIN))
        .on("Mod", binary(Binary.Kind.TRUNC_MOD))
        .on("Multiply", OpenvinoReadCompressed::multiply)
        .on("NotEqual", binary(Binary.Kind.NOT_EQUAL))
        .on("Power", binary(Binary.Kind.POW))
        .on("SquaredDifference", binary(Binary.Kind.SQUARED_DIFFERENCE))
        .on("Subtract", binary(Binary.Kind.SUB))
        .on("BitwiseAnd", bitwise(Binary.Kind.BITWISE_AND, Binary.Kind.AND))
        .on("BitwiseOr", bitwise(Binary.Kind.BITWISE_OR, Binary.Kind.OR))
        .on("BitwiseXor", bitwise(Binary.Kind.BITWISE_XOR, Binary.Kind.XOR))
        .on("BitwiseLeftShift", binary(Binary.Kind.SHIFT_LEFT))
        .on("BitwiseRightShift", binary(Binary.Kind.SHIFT_RIGHT))
        .on("PReLU", OpenvinoReadBinaryOps::preluOfSlopes)
        .on("Select", OpenvinoReadBinaryOps::select);
  }

  static OpenvinoReadOps.Entry binary(Binary.Kind kind) {
    return n -> n.give(new Binary(kind), n.in(0), second(n, n.in(0), n.in(1)));
  }

  private static OpenvinoReadOps.Entry bitwise(Binary.Kind ofIntegers, Binary.Kind ofBools) {
    return n -> binary(n.dtype(0) == DataType.BOOL ? ofBools : ofIntegers).read(n);
  }

  /// The second operand so that numpy's rule aligns it as `auto_broadcast` says: in mode `pdpd` its
  /// axes begin at axis `axis` of the first.
  private static Value second(OpenvinoReadNode n, Value a, Value b) {
    switch (n.text("auto_broadcast", "numpy")) {
      case "numpy", "none", "explicit" -> {
        return b;
      }
      case "pdpd" -> {
        int rank = n.rank(b, "the second operand");
        int all = n.rank(a, "the first operand");
        int axis = n.integer("axis", -1);
        if (axis < 0) return b;
        var behind = new long[Math.max(0, all - axis - rank)];
        for (int i = 0; i < behind.length; i++) behind[i] = (long) rank + i;
        return n.formula().unsqueeze(b, behind);
      }
      default -> throw n.unknown("auto_broadcast", "none, numpy or pdpd");
    }
  }

  /// A vector of slopes belongs to the channels.
  private static void preluOfSlopes(OpenvinoReadNode n) {
    var slope = n.in(1);
    var x = n.shape(0);
    boolean isVector = slope.shape().hasRank(1) && !slope.shape().dim(0).is(1);
    if (isVector && x.isRanked() && x.rank() > 2 && fits(n)) {
      var behind = new long[x.rank() - 2];
      for (int i = 0; i < behind.length; i++) behind[i] = i + 1L;
      slope = n.formula().unsqueeze(slope, behind);
    }
    n.give(new PRelu(), n.floats(0), slope);
  }

  private static boolean fits(OpenvinoReadNode n) {
    var channels = n.shape(0).dim(1);
    var slopes = n.shape(1).dim(0);
    return !channels.isFixed() || !slopes.isFixed() || channels.equals(slopes);
  }

  private static void select(OpenvinoReadNode n) {
    var a = n.in(1);
    var b = n.in(2);
    if (n.text("auto_broadcast", "numpy").equals("pdpd")) b = second(n, a, b);
    n.give(new Select(), n.in(0), a, b);
  }
}
