package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.List;
import java.util.Map;
import watari.format.OpTable;
import watari.format.tflite.legalize.BroadcastLimits;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Functions of two or three elements.
final class TfliteBinaryOps {
  private static final Map<Binary.Kind, Integer> BINARY =
      Map.ofEntries(
          Map.entry(Binary.Kind.AND, LOGICAL_AND),
          Map.entry(Binary.Kind.ATAN2, ATAN2),
          Map.entry(Binary.Kind.BITWISE_XOR, BITWISE_XOR),
          Map.entry(Binary.Kind.EQUAL, EQUAL),
          Map.entry(Binary.Kind.FLOOR_DIV, FLOOR_DIV),
          Map.entry(Binary.Kind.FLOOR_MOD, FLOOR_MOD),
          Map.entry(Binary.Kind.GREATER, GREATER),
          Map.entry(Binary.Kind.GREATER_EQUAL, GREATER_EQUAL),
          Map.entry(Binary.Kind.LESS, LESS),
          Map.entry(Binary.Kind.LESS_EQUAL, LESS_EQUAL),
          Map.entry(Binary.Kind.MAX, MAXIMUM),
          Map.entry(Binary.Kind.MIN, MINIMUM),
          Map.entry(Binary.Kind.NOT_EQUAL, NOT_EQUAL),
          Map.entry(Binary.Kind.OR, LOGICAL_OR),
          Map.entry(Binary.Kind.POW, POW),
          Map.entry(Binary.Kind.SHIFT_RIGHT, RIGHT_SHIFT),
          Map.entry(Binary.Kind.SQUARED_DIFFERENCE, SQUARED_DIFFERENCE),
          Map.entry(Binary.Kind.XOR, NOT_EQUAL));

  /// For float64, on operands of one shape.
  private static final Map<Binary.Kind, Integer> FLOAT64 =
      Map.of(
          Binary.Kind.ADD,
          STABLEHLO_ADD,
          Binary.Kind.MUL,
          STABLEHLO_MULTIPLY,
          Binary.Kind.MAX,
          STABLEHLO_MAXIMUM,
          Binary.Kind.MIN,
          STABLEHLO_MINIMUM);

  private TfliteBinaryOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Binary.class, TfliteBinaryOps::binary)
        .on(PRelu.class, TfliteBinaryOps::pRelu)
        .on(Select.class, TfliteBinaryOps::select);
  }

  private static void binary(Binary op, Node node, TfliteSubgraph out) {
    requireBroadcast(node, BroadcastLimits.of(op.kind()));
    requireOneType(node);
    var exact = FLOAT64.get(op.kind());
    if (exact != null && node.output().dtype() == DataType.FLOAT64) {
      requireBroadcast(node, 0);
      two(exact, TfliteOptions.NONE, node, out.tensor(node.output()), out);
      return;
    }
    switch (op.kind()) {
      case ADD, SUB, MUL, DIV -> arithmetic(op, node, out);
      default -> {
        var code = BINARY.get(op.kind());
        if (code == null) throw Refusal.operator("TFLite has no " + op.kind(), "replace it");
        TfliteQuantized.requireBinary(op.kind(), node);
        two(code, TfliteOptions.NONE, node, out.tensor(node.output()), out);
      }
    }
  }

  private static void arithmetic(Binary op, Node node, TfliteSubgraph out) {
    if (op.kind() == Binary.Kind.ADD && isInfiniteSum(node)) {
      unlimitedSum(node, out);
      return;
    }
    var activation = out.activation(node);
    TfliteQuantized.requireArithmetic(node, activation.result());
    byte fused = activation.code();
    int result = out.tensor(activation.result());
    switch (op.kind()) {
      case ADD -> two(ADD, TfliteOptions.add(fused), node, result, out);
      case SUB -> two(SUB, TfliteOptions.sub(fused), node, result, out);
      case MUL -> two(MUL, TfliteOptions.mul(fused), node, result, out);
      default -> two(DIV, TfliteOptions.div(fused), node, result, out);
    }
  }

  /// Whether infinities are to come through a sum, whose activation then stays apart.
  static boolean isInfiniteSum(Node node) {
    var result = node.output();
    return result.dtype() == DataType.FLOAT32
        && !TfliteQuantized.isAny(node, result)
        && (holds(node, Float.NEGATIVE_INFINITY) || holds(node, Float.POSITIVE_INFINITY));
  }

  /// ADD limits its result to finite numbers: at a limit there was an infinity.
  private static void unlimitedSum(Node node, TfliteSubgraph out) {
    int sum = out.temporary(node.output().type());
    two(ADD, TfliteOptions.add((byte) 0), node, sum, out);
    boolean below = holds(node, Float.NEGATIVE_INFINITY);
    boolean above = holds(node, Float.POSITIVE_INFINITY);
    int result = out.tensor(node.output());
    int lower = below && above ? out.temporary(node.output().type()) : result;
    if (below) restore(sum, lower, LESS_EQUAL, -1, out);
    if (above) restore(below ? lower : sum, result, GREATER_EQUAL, 1, out);
  }

  private static boolean holds(Node node, float infinity) {
    return node.inputs().stream().anyMatch(value -> TfliteInfinities.mayHold(value, infinity));
  }

  private static void restore(int sum, int result, int comparison, int sign, TfliteSubgraph out) {
    int limit = out.constant(TensorData.scalar(sign * Float.MAX_VALUE));
    int infinity = out.constant(TensorData.scalar(sign * Float.POSITIVE_INFINITY));
    int isInfinite = out.temporary(new TensorType(DataType.BOOL, out.type(sum).shape()));
    out.add(comparison, TfliteOptions.NONE, List.of(sum, limit), List.of(isInfinite));
    out.add(SELECT_V2, TfliteOptions.NONE, List.of(isInfinite, infinity, sum), List.of(result));
  }

  private static void two(
      int code, TfliteOptions options, Node node, int result, TfliteSubgraph out) {
    var inputs = List.of(out.tensor(node.input(0)), out.tensor(node.input(1)));
    out.add(code, options, inputs, List.of(result));
  }

  private static void requireOneType(Node node) {
    var a = node.input(0).type();
    var b = node.input(1).type();
    if (a.dtype() == b.dtype() && a.isQuantized() == b.isQuantized()) return;
    throw Refusal.dtype("the operands are " + a + " and " + b, "convert one of them");
  }

  static void requireBroadcast(Node node, int most) {
    var shape = node.output(0).shape();
    if (!shape.isRanked() || shape.rank() <= most) return;
    boolean same = node.inputs().stream().allMatch(value -> value.shape().equals(shape));
    if (same) return;
    throw Refusal.operator(
        "it broadcasts to shape " + shape + ", LiteRT's kernel has at most " + most + " axes",
        "reshape its operands to fewer axes");
  }

  private static void pRelu(PRelu op, Node node, TfliteSubgraph out) {
    requireBroadcast(node, 4);
    TfliteQuantized.requireUniform(node);
    two(PRELU, TfliteOptions.NONE, node, out.tensor(node.output()), out);
  }

  private static void select(Select op, Node node, TfliteSubgraph out) {
    requireBroadcast(node, BroadcastLimits.SELECT);
    if (node.input(1).type().isQuantized() || node.output().type().isQuantized()) {
      TfliteQuantized.requireSame(node.input(1).type(), node.output().type());
      TfliteQuantized.requireSame(node.input(2).type(), node.output().type());
    }
    if (node.input(0).dtype() != DataType.BOOL || node.input(1).dtype() != node.input(2).dtype()) {
      throw Refusal.dtype("the condition is no bool, or the branches differ", "convert them");
    }
    var inputs = node.inputs().stream().map(out::tensor).toList();
    out.add(SELECT_V2, TfliteOptions.NONE, inputs, List.of(out.tensor(node.output())));
  }
}
