package watari.format.tflite;

import static watari.op.BinaryOp.Binary.Kind.*;

import java.util.ArrayList;
import java.util.Arrays;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.AddOptions;
import watari.format.tflite.schema.DivOptions;
import watari.format.tflite.schema.MulOptions;
import watari.format.tflite.schema.SubOptions;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Identity;

/// Functions of two or three tensors that broadcast.
final class TfliteReadBinaryOps {
  private TfliteReadBinaryOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on(
            "ADD",
            node -> arithmetic(node, ADD, node.options(new AddOptions()).fusedActivationFunction()))
        .on(
            "SUB",
            node -> arithmetic(node, SUB, node.options(new SubOptions()).fusedActivationFunction()))
        .on(
            "MUL",
            node -> arithmetic(node, MUL, node.options(new MulOptions()).fusedActivationFunction()))
        .on(
            "DIV",
            node -> arithmetic(node, DIV, node.options(new DivOptions()).fusedActivationFunction()))
        .on("ADD_N", TfliteReadBinaryOps::addN)
        .on("ATAN2", two(ATAN2))
        .on("BITWISE_XOR", two(BITWISE_XOR))
        .on("EQUAL", two(EQUAL))
        .on("FLOOR_DIV", two(FLOOR_DIV))
        .on("FLOOR_MOD", two(FLOOR_MOD))
        .on("GREATER", two(GREATER))
        .on("GREATER_EQUAL", two(GREATER_EQUAL))
        .on("LESS", two(LESS))
        .on("LESS_EQUAL", two(LESS_EQUAL))
        .on("LOGICAL_AND", two(AND))
        .on("LOGICAL_OR", two(OR))
        .on("MAXIMUM", two(MAX))
        .on("MINIMUM", two(MIN))
        .on("NOT_EQUAL", two(NOT_EQUAL))
        .on("POW", two(POW))
        .on("RIGHT_SHIFT", TfliteReadBinaryOps::rightShift)
        .on("SELECT", TfliteReadBinaryOps::select)
        .on("SELECT_V2", node -> node.emit(new Select(), node.in(0), node.in(1), node.in(2)))
        .on("SQUARED_DIFFERENCE", two(SQUARED_DIFFERENCE));
  }

  private static Entry two(Binary.Kind kind) {
    return node -> node.emit(new Binary(kind), node.in(0), node.in(1));
  }

  private static void arithmetic(TfliteNode node, Binary.Kind kind, int activation) {
    node.emitActivated(activation, new Binary(kind), node.in(0), node.in(1));
  }

  private static void addN(TfliteNode node) {
    var sum = node.in(0);
    int last = node.inputCount() - 1;
    if (last == 0) {
      node.emit(new Identity(), sum);
      return;
    }
    for (int i = 1; i < last; i++) sum = node.add(new Binary(ADD), sum, node.in(i));
    node.emit(new Binary(ADD), sum, node.in(last));
  }

  /// Shifts by less than nothing or more than there is are brought into range.
  private static void rightShift(TfliteNode node) {
    var x = node.in(0);
    var amount = node.in(1);
    int most = x.dtype().bits() - 1;
    var known = amount.constant();
    boolean fits =
        known.isPresent() && Arrays.stream(known.get().longs()).allMatch(a -> a >= 0 && a <= most);
    if (!fits) {
      if (x.dtype().isSigned()) {
        amount = node.add(new Binary(MAX), amount, node.scalar(amount.dtype(), 0));
      }
      amount = node.add(new Binary(MIN), amount, node.scalar(amount.dtype(), most));
    }
    node.emit(new Binary(SHIFT_RIGHT), x, amount);
  }

  /// A vector of conditions chooses whole slices along the first axis.
  private static void select(TfliteNode node) {
    var condition = node.in(0);
    boolean isVector = node.rank(0) == 1 && node.rank(1) > 1;
    if (isVector) {
      var dims = new ArrayList<Long>();
      for (int i = 0; i < node.rank(1); i++) dims.add(i == 0 ? -1L : 1L);
      condition = node.reshaped(condition, dims.stream().mapToLong(Long::longValue).toArray());
    }
    node.emit(new Select(), condition, node.in(1), node.in(2));
  }
}
