package watari.format.tensorflow;

import static watari.op.ElementwiseOp.Unary.Kind.ABS;
import static watari.op.ElementwiseOp.Unary.Kind.EXP;
import static watari.op.ElementwiseOp.Unary.Kind.TANH;

import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.ShapeOp.Expand;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Functions of one tensor that keep its shape.
final class TensorflowReadElementwiseOps {
  private static final float SELU_ALPHA = 1.6732632f;
  private static final float SELU_GAMMA = 1.050701f;

  private TensorflowReadElementwiseOps() {}

  static void register(ReadTable<Entry> table) {
    for (var kind : Unary.Kind.values()) {
      var name = name(kind);
      if (!name.isEmpty()) table.on(name, one(new Unary(kind)));
    }
    table
        .on("Bitcast", n -> n.give(new Bitcast(n.type("type", DataType.FLOAT32)), n.in(0)))
        .on("Cast", n -> n.give(new Cast(n.type("DstT", DataType.FLOAT32)), n.in(0)))
        .on("ClipByValue", TensorflowReadElementwiseOps::clipByValue)
        .on("Elu", one(new Elu(1)))
        .on("Erfc", n -> n.give(0, n.formula().sub(one(n), erf(n))))
        .on("Expm1", TensorflowReadElementwiseOps::expm1)
        .on("Inv", one(new Unary(Unary.Kind.RECIPROCAL)))
        .on("IsFinite", TensorflowReadElementwiseOps::isFinite)
        .on("IsInf", one(new IsInf(true, true)))
        .on("LeakyRelu", n -> n.give(new LeakyRelu(n.real("alpha", 0.2f)), n.in(0)))
        .on("Log1p", n -> n.give(0, n.formula().log1p(n.in(0))))
        .on("OnesLike", n -> filled(n, 1))
        .on("Relu6", one(new Clip(0, 6)))
        .on("Round", one(new Unary(Unary.Kind.ROUND)))
        .on("Selu", one(new Selu(SELU_ALPHA, SELU_GAMMA)))
        .on("ZerosLike", n -> filled(n, 0));
  }

  /// TensorFlow's name of a function, empty where it has none.
  private static String name(Unary.Kind kind) {
    return switch (kind) {
      case ABS -> "Abs";
      case ACOS -> "Acos";
      case ACOSH -> "Acosh";
      case ASIN -> "Asin";
      case ASINH -> "Asinh";
      case ATAN -> "Atan";
      case ATANH -> "Atanh";
      case BITWISE_NOT -> "Invert";
      case CEIL -> "Ceil";
      case COS -> "Cos";
      case COSH -> "Cosh";
      case ERF -> "Erf";
      case EXP -> "Exp";
      case FLOOR -> "Floor";
      case IS_NAN -> "IsNan";
      case LOG -> "Log";
      case NEG -> "Neg";
      case NOT -> "LogicalNot";
      case RECIPROCAL -> "Reciprocal";
      case RELU -> "Relu";
      case ROUND -> "Rint";
      case RSQRT -> "Rsqrt";
      case SIGMOID -> "Sigmoid";
      case SIGN -> "Sign";
      case SIN -> "Sin";
      case SINH -> "Sinh";
      case SOFTPLUS -> "Softplus";
      case SOFTSIGN -> "Softsign";
      case SQRT -> "Sqrt";
      case SQUARE -> "Square";
      case TAN -> "Tan";
      case TANH -> "Tanh";
      case HARD_SWISH, MISH -> "";
    };
  }

  static Entry one(Op op) {
    return n -> n.give(op, n.in(0));
  }

  private static Value one(TensorflowReadNode n) {
    return n.formula().scalar(n.in(0), 1);
  }

  private static Value erf(TensorflowReadNode n) {
    return n.formula().unary(Unary.Kind.ERF, n.in(0));
  }

  /// Bounds that are constants, or else are compared; the upper one wins.
  private static void clipByValue(TensorflowReadNode n) {
    var low = n.constant(1).filter(data -> data.size() == 1);
    var high = n.constant(2).filter(data -> data.size() == 1);
    boolean isClip = low.isPresent() && high.isPresent();
    if (isClip && low.get().doubleAt(0) <= high.get().doubleAt(0)) {
      n.give(new Clip(low.get().doubleAt(0), high.get().doubleAt(0)), n.in(0));
      return;
    }
    var above = n.formula().max(n.in(0), n.in(1));
    n.give(new Binary(Binary.Kind.MIN), above, n.in(2));
  }

  /// `2 tanh(x / 2) / (1 - tanh(x / 2))` where `exp(x) - 1` would cancel.
  private static void expm1(TensorflowReadNode n) {
    var f = n.formula();
    var x = n.in(0);
    var half = f.unary(TANH, f.mul(x, 0.5));
    var near = f.div(f.mul(half, 2), f.sub(f.scalar(x, 1), half));
    var far = f.add(f.unary(EXP, x), -1);
    var isNear = f.binary(Binary.Kind.LESS, f.unary(ABS, x), f.scalar(x, 0.5));
    n.give(0, f.select(isNear, near, far));
  }

  private static void isFinite(TensorflowReadNode n) {
    var f = n.formula();
    var isInf = f.op(new IsInf(true, true), n.in(0));
    var isNan = f.unary(Unary.Kind.IS_NAN, n.in(0));
    n.give(new Unary(Unary.Kind.NOT), f.binary(Binary.Kind.OR, isInf, isNan));
  }

  private static void filled(TensorflowReadNode n, double number) {
    var one = n.builder().constant(TensorData.scalar(n.dtype(0), number));
    n.give(new Expand(), one, n.formula().shapeOf(n.in(0)));
  }
}
