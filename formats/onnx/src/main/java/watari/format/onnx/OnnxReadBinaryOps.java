package watari.format.onnx;

import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Identity;
import watari.tensor.DataType;

/// Functions of several elements at the same place.
final class OnnxReadBinaryOps {
  private OnnxReadBinaryOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    arithmetic(table, "Add", Binary.Kind.ADD);
    arithmetic(table, "Sub", Binary.Kind.SUB);
    arithmetic(table, "Mul", Binary.Kind.MUL);
    arithmetic(table, "Div", Binary.Kind.DIV);
    arithmetic(table, "Pow", Binary.Kind.POW);
    arithmetic(table, "And", Binary.Kind.AND);
    arithmetic(table, "Or", Binary.Kind.OR);
    arithmetic(table, "Xor", Binary.Kind.XOR);
    arithmetic(table, "Equal", Binary.Kind.EQUAL);
    arithmetic(table, "Greater", Binary.Kind.GREATER);
    arithmetic(table, "Less", Binary.Kind.LESS);
    table
        .on("GreaterOrEqual", binary(Binary.Kind.GREATER_EQUAL))
        .on("LessOrEqual", binary(Binary.Kind.LESS_EQUAL))
        .on("BitwiseAnd", binary(Binary.Kind.BITWISE_AND))
        .on("BitwiseOr", binary(Binary.Kind.BITWISE_OR))
        .on("BitwiseXor", binary(Binary.Kind.BITWISE_XOR))
        .on("BitShift", OnnxReadBinaryOps::bitShift)
        .on("Mod", OnnxReadBinaryOps::mod)
        .on("PRelu", OnnxReadBinaryOps::pReluByChannel)
        .on("PRelu", 7, n -> n.give(new PRelu(), n.in(0), n.in(1)))
        .on("Where", n -> n.give(new Select(), n.in(0), n.in(1), n.in(2)))
        .on("Max", n -> fold(n, Binary.Kind.MAX))
        .on("Min", n -> fold(n, Binary.Kind.MIN))
        .on("Sum", n -> fold(n, Binary.Kind.ADD))
        .on("Mean", OnnxReadBinaryOps::mean);
  }

  /// Before opset 7 the second operand is broadcast along axes that an attribute names.
  private static void arithmetic(
      ReadTable<OnnxReadOps.Entry> table, String name, Binary.Kind kind) {
    table.on(name, n -> binaryByAxis(n, kind)).on(name, 7, binary(kind));
  }

  private static OnnxReadOps.Entry binary(Binary.Kind kind) {
    return n -> {
      if (n.dtype(0) == DataType.STRING) n.custom();
      else n.give(new Binary(kind), n.in(0), n.in(1));
    };
  }

  private static void binaryByAxis(OnnxReadNode n, Binary.Kind kind) {
    var b = n.in(1);
    if (n.flag("broadcast", false) && n.hasAttribute("axis")) {
      int behind = n.rank(0) - n.axis(n.integer("axis", 0), n.rank(0)) - n.rank(1);
      if (behind > 0) b = n.unsqueeze(b, OnnxTerms.axes(n.rank(1), n.rank(1) + behind));
    }
    n.give(new Binary(kind), n.in(0), b);
  }

  private static void bitShift(OnnxReadNode n) {
    var direction = n.text("direction", "");
    switch (direction) {
      case "LEFT" -> n.give(new Binary(Binary.Kind.SHIFT_LEFT), n.in(0), n.in(1));
      case "RIGHT" -> n.give(new Binary(Binary.Kind.SHIFT_RIGHT), n.in(0), n.in(1));
      default ->
          throw OnnxRefusal.broken(
              "attribute 'direction' is '" + direction + "', expected 'LEFT' or 'RIGHT'");
    }
  }

  private static void mod(OnnxReadNode n) {
    var kind = n.flag("fmod", false) ? Binary.Kind.TRUNC_MOD : Binary.Kind.FLOOR_MOD;
    n.give(new Binary(kind), n.in(0), n.in(1));
  }

  /// Before opset 7 a slope of several elements has one for each channel.
  private static void pReluByChannel(OnnxReadNode n) {
    var slope = n.in(1);
    if (slope.shape().hasRank(1) && !slope.shape().dim(0).is(1) && n.rank(0) > 2) {
      slope = n.unsqueeze(slope, OnnxTerms.axes(1, n.rank(0) - 1));
    }
    n.give(new PRelu(), n.in(0), slope);
  }

  private static void fold(OnnxReadNode n, Binary.Kind kind) {
    if (n.inputCount() == 1) {
      n.give(new Identity(), n.in(0));
      return;
    }
    var last = n.inputCount() - 1;
    n.give(new Binary(kind), folded(n, kind, last), n.in(last));
  }

  private static Value folded(OnnxReadNode n, Binary.Kind kind, int count) {
    var result = n.in(0);
    for (int i = 1; i < count; i++) result = n.binary(kind, result, n.in(i));
    return result;
  }

  private static void mean(OnnxReadNode n) {
    if (n.inputCount() == 1) {
      n.give(new Identity(), n.in(0));
      return;
    }
    var sum = folded(n, Binary.Kind.ADD, n.inputCount());
    n.give(new Binary(Binary.Kind.DIV), sum, n.like(sum, n.inputCount()));
  }
}
