package watari.format.openvino;

import static watari.tensor.DataType.FLOAT32;

import watari.format.OpTable;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Functions of each element, alone or with another at the same place.
final class OpenvinoWriteElementwise {
  private OpenvinoWriteElementwise() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Unary.class, OpenvinoWriteElementwise::unary)
        .on(Binary.class, OpenvinoWriteElementwise::binary)
        .on(Identity.class, OpenvinoWriteElementwise::identity)
        .on(Cast.class, OpenvinoWriteElementwise::cast)
        .on(Clip.class, OpenvinoWriteElementwise::clip)
        .on(LeakyRelu.class, OpenvinoWriteElementwise::leakyRelu)
        .on(PRelu.class, (_, node, out) -> out.add(node, "PReLU", 1))
        .on(Elu.class, (op, node, out) -> out.add(node, "Elu", 1).set("alpha", op.alpha()))
        .on(Selu.class, OpenvinoWriteElementwise::selu)
        .on(HardSigmoid.class, OpenvinoWriteElementwise::hardSigmoid)
        .on(Gelu.class, OpenvinoWriteElementwise::gelu)
        .on(Swish.class, OpenvinoWriteElementwise::swish)
        .on(IsInf.class, OpenvinoWriteElementwise::isInf)
        .on(
            Select.class,
            (_, node, out) -> out.add(node, "Select", 1).set("auto_broadcast", "numpy"));
  }

  // ---- of one operand

  private static void unary(Unary op, Node node, OpenvinoNodes out) {
    switch (op.kind()) {
      case RSQRT -> over(node, out, out.step(node, "Sqrt", 1, type(node), out.input(node, 0)));
      case RECIPROCAL -> over(node, out, out.input(node, 0));
      case SQUARE -> {
        var x = out.input(node, 0);
        out.add(node, "Multiply", 1, x, x).set("auto_broadcast", "numpy");
      }
      case ROUND -> out.add(node, "Round", 5).set("mode", "half_to_even");
      default -> {
        var layer = layer(op.kind());
        out.add(node, layer.type(), layer.opset());
      }
    }
  }

  private static watari.tensor.TensorType type(Node node) {
    return node.output().type();
  }

  /// `1 / x`.
  private static void over(Node node, OpenvinoNodes out, OpenvinoLayer.Port x) {
    var one = out.scalar(node, "one", node.input(0).dtype(), 1);
    out.add(node, "Divide", 1, one, x).set("auto_broadcast", "numpy").set("m_pythondiv", true);
  }

  private record Named(String type, int opset) {}

  private static Named layer(Unary.Kind kind) {
    return switch (kind) {
      case ABS -> new Named("Abs", 1);
      case ACOS -> new Named("Acos", 1);
      case ACOSH -> new Named("Acosh", 4);
      case ASIN -> new Named("Asin", 1);
      case ASINH -> new Named("Asinh", 4);
      case ATAN -> new Named("Atan", 1);
      case ATANH -> new Named("Atanh", 4);
      case BITWISE_NOT -> new Named("BitwiseNot", 13);
      case CEIL -> new Named("Ceiling", 1);
      case COS -> new Named("Cos", 1);
      case COSH -> new Named("Cosh", 1);
      case ERF -> new Named("Erf", 1);
      case EXP -> new Named("Exp", 1);
      case FLOOR -> new Named("Floor", 1);
      case HARD_SWISH -> new Named("HSwish", 4);
      case IS_NAN -> new Named("IsNaN", 10);
      case LOG -> new Named("Log", 1);
      case MISH -> new Named("Mish", 4);
      case NEG -> new Named("Negative", 1);
      case NOT -> new Named("LogicalNot", 1);
      case RELU -> new Named("ReLU", 1);
      case SIGMOID -> new Named("Sigmoid", 1);
      case SIGN -> new Named("Sign", 1);
      case SIN -> new Named("Sin", 1);
      case SINH -> new Named("Sinh", 1);
      case SOFTPLUS -> new Named("SoftPlus", 4);
      case SOFTSIGN -> new Named("SoftSign", 9);
      case SQRT -> new Named("Sqrt", 1);
      case TAN -> new Named("Tan", 1);
      case TANH -> new Named("Tanh", 1);
      case RSQRT, RECIPROCAL, SQUARE, ROUND -> throw new IllegalStateException(kind.name());
    };
  }

  private static void identity(Identity op, Node node, OpenvinoNodes out) {
    convert(node, node.output().dtype(), out);
  }

  private static OpenvinoLayer convert(Node node, DataType to, OpenvinoNodes out) {
    return out.add(node, "Convert", 1).set("destination_type", OpenvinoNodes.element(to));
  }

  /// A constant that is stored small is said to be decompressed: OpenVINO then keeps it small, and
  /// computes with what it is decompressed to.
  private static void cast(Cast op, Node node, OpenvinoNodes out) {
    var x = node.input(0);
    boolean isWeight = x.isConstant() && x.dtype().isFloat() && x.dtype().bits() < 32;
    if (isWeight && op.to() == FLOAT32) {
      var stored = out.stored(x.name(), x.constant().orElseThrow());
      out.add(node, "Convert", 1, stored).set("destination_type", "f32").decompression();
      return;
    }
    boolean isCarried = OpenvinoCarriers.of(op.to()) != op.to() && op.to() != DataType.FLOAT64;
    var port = out.input(node, 0);
    if (!x.isConstant() && op.to().isFloat()) port = OpenvinoCarriers.widened(port, node, out);
    if (isCarried) port = OpenvinoCarriers.rounded(port, op.to(), op.saturate(), node, out);
    out.add(node, "Convert", 1, port).set("destination_type", OpenvinoNodes.element(op.to()));
  }

  private static void clip(Clip op, Node node, OpenvinoNodes out) {
    var x = node.input(0);
    boolean isBounded = Double.isFinite(op.min()) && Double.isFinite(op.max());
    if (isBounded) {
      out.add(node, "Clamp", 1).set("min", number(op.min())).set("max", number(op.max()));
      return;
    }
    boolean isBelow = op.min() == Double.NEGATIVE_INFINITY;
    double bound = isBelow ? op.max() : op.min();
    if (!Double.isFinite(bound)) {
      convert(node, x.dtype(), out);
      return;
    }
    var limit = x.dtype().isFloat() ? bound : isBelow ? Math.floor(bound) : Math.ceil(bound);
    out.add(
            node,
            isBelow ? "Minimum" : "Maximum",
            1,
            out.input(node, 0),
            out.scalar(node, "bound", x.dtype(), limit))
        .set("auto_broadcast", "numpy");
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private static void leakyRelu(LeakyRelu op, Node node, OpenvinoNodes out) {
    out.add(node, "PReLU", 1, out.input(node, 0), one(node, "slope", op.alpha(), out));
  }

  private static OpenvinoLayer.Port one(Node node, String what, float value, OpenvinoNodes out) {
    return out.constant(
        node, what, TensorData.ofDoubles(node.input(0).dtype(), Shape.of(1), value));
  }

  private static void selu(Selu op, Node node, OpenvinoNodes out) {
    out.add(
        node,
        "Selu",
        1,
        out.input(node, 0),
        one(node, "alpha", op.alpha(), out),
        one(node, "lambda", op.gamma(), out));
  }

  private static void hardSigmoid(HardSigmoid op, Node node, OpenvinoNodes out) {
    var dtype = node.input(0).dtype();
    out.add(
        node,
        "HardSigmoid",
        1,
        out.input(node, 0),
        out.scalar(node, "alpha", dtype, op.alpha()),
        out.scalar(node, "beta", dtype, op.beta()));
  }

  private static void gelu(Gelu op, Node node, OpenvinoNodes out) {
    out.add(node, "Gelu", 7).set("approximation_mode", op.approximate() ? "TANH" : "ERF");
  }

  private static void swish(Swish op, Node node, OpenvinoNodes out) {
    if (op.alpha() == 1) out.add(node, "Swish", 4);
    else {
      var beta = out.scalar(node, "beta", node.input(0).dtype(), op.alpha());
      out.add(node, "Swish", 4, out.input(node, 0), beta);
    }
  }

  private static void isInf(IsInf op, Node node, OpenvinoNodes out) {
    out.add(node, "IsInf", 10)
        .set("detect_negative", op.negative())
        .set("detect_positive", op.positive());
  }

  // ---- of two operands

  private static void binary(Binary op, Node node, OpenvinoNodes out) {
    var layer = out.add(node, name(op.kind()), opset(op.kind()));
    layer.set("auto_broadcast", "numpy");
    switch (op.kind()) {
      case DIV -> layer.set("m_pythondiv", false);
      case FLOOR_DIV -> layer.set("m_pythondiv", true);
      default -> {}
    }
  }

  private static int opset(Binary.Kind kind) {
    return switch (kind) {
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR -> 13;
      case SHIFT_LEFT, SHIFT_RIGHT -> 15;
      default -> 1;
    };
  }

  static String name(Binary.Kind kind) {
    return switch (kind) {
      case ADD -> "Add";
      case AND -> "LogicalAnd";
      case ATAN2 -> throw new IllegalStateException("ATAN2 is taken apart");
      case BITWISE_AND -> "BitwiseAnd";
      case BITWISE_OR -> "BitwiseOr";
      case BITWISE_XOR -> "BitwiseXor";
      case DIV, FLOOR_DIV -> "Divide";
      case EQUAL -> "Equal";
      case FLOOR_MOD -> "FloorMod";
      case GREATER -> "Greater";
      case GREATER_EQUAL -> "GreaterEqual";
      case LESS -> "Less";
      case LESS_EQUAL -> "LessEqual";
      case MAX -> "Maximum";
      case MIN -> "Minimum";
      case MUL -> "Multiply";
      case NOT_EQUAL -> "NotEqual";
      case OR -> "LogicalOr";
      case POW -> "Power";
      case SHIFT_LEFT -> "BitwiseLeftShift";
      case SHIFT_RIGHT -> "BitwiseRightShift";
      case SQUARED_DIFFERENCE -> "SquaredDifference";
      case SUB -> "Subtract";
      case TRUNC_MOD -> "Mod";
      case XOR -> "LogicalXor";
    };
  }
}
