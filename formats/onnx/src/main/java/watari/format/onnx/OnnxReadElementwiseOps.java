package watari.format.onnx;

import java.util.Locale;
import java.util.Optional;
import watari.format.ReadTable;
import watari.format.onnx.schema.TensorProto;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Functions of each element alone.
final class OnnxReadElementwiseOps {
  private OnnxReadElementwiseOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    unaries(table);
    table
        .on("Identity", OnnxReadElementwiseOps::identity)
        .on("Elu", n -> n.give(new Elu(n.real("alpha", 1)), n.in(0)))
        .on("Selu", n -> selu(n, 1.6732f, 1.0507f))
        .on("Selu", 6, n -> selu(n, 1.6732632f, 1.050701f))
        .on("Celu", n -> n.give(new Celu(n.real("alpha", 1)), n.in(0)))
        .on("LeakyRelu", n -> n.give(new LeakyRelu(n.real("alpha", 0.01f)), n.in(0)))
        .on("ThresholdedRelu", n -> n.give(new ThresholdedRelu(n.real("alpha", 1)), n.in(0)))
        .on("Shrink", n -> n.give(new Shrink(n.real("bias", 0), n.real("lambd", 0.5f)), n.in(0)))
        .on("Swish", n -> n.give(new Swish(n.real("alpha", 1)), n.in(0)))
        .on("SwiGLU", OnnxReadElementwiseOps::swiGlu)
        .on("HardSigmoid", OnnxReadElementwiseOps::hardSigmoid)
        .on("Gelu", n -> n.give(new Gelu(n.text("approximate", "none").equals("tanh")), n.in(0)))
        .on("IsInf", OnnxReadElementwiseOps::isInf)
        .on("Clip", OnnxReadElementwiseOps::clipByAttributes)
        .on("Clip", 11, OnnxReadElementwiseOps::clipByInputs)
        .on("Cast", OnnxReadElementwiseOps::castByName)
        .on("Cast", 6, n -> cast(n, n.dtype("to", DataType.FLOAT32)))
        .on("CastLike", n -> cast(n, n.dtype(1)))
        .on("BitCast", n -> n.give(new Bitcast(n.dtype("to", DataType.FLOAT32)), n.in(0)));
  }

  private static void unaries(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Abs", unary(Unary.Kind.ABS))
        .on("Acos", unary(Unary.Kind.ACOS))
        .on("Acosh", unary(Unary.Kind.ACOSH))
        .on("Asin", unary(Unary.Kind.ASIN))
        .on("Asinh", unary(Unary.Kind.ASINH))
        .on("Atan", unary(Unary.Kind.ATAN))
        .on("Atanh", unary(Unary.Kind.ATANH))
        .on("BitwiseNot", unary(Unary.Kind.BITWISE_NOT))
        .on("Ceil", unary(Unary.Kind.CEIL))
        .on("Cos", unary(Unary.Kind.COS))
        .on("Cosh", unary(Unary.Kind.COSH))
        .on("Erf", unary(Unary.Kind.ERF))
        .on("Exp", unary(Unary.Kind.EXP))
        .on("Floor", unary(Unary.Kind.FLOOR))
        .on("HardSwish", unary(Unary.Kind.HARD_SWISH))
        .on("IsNaN", unary(Unary.Kind.IS_NAN))
        .on("Log", unary(Unary.Kind.LOG))
        .on("Mish", unary(Unary.Kind.MISH))
        .on("Neg", unary(Unary.Kind.NEG))
        .on("Not", unary(Unary.Kind.NOT))
        .on("Reciprocal", unary(Unary.Kind.RECIPROCAL))
        .on("Relu", unary(Unary.Kind.RELU))
        .on("Round", unary(Unary.Kind.ROUND))
        .on("Sigmoid", unary(Unary.Kind.SIGMOID))
        .on("Sign", unary(Unary.Kind.SIGN))
        .on("Sin", unary(Unary.Kind.SIN))
        .on("Sinh", unary(Unary.Kind.SINH))
        .on("Softplus", unary(Unary.Kind.SOFTPLUS))
        .on("Softsign", unary(Unary.Kind.SOFTSIGN))
        .on("Sqrt", unary(Unary.Kind.SQRT))
        .on("Tan", unary(Unary.Kind.TAN))
        .on("Tanh", unary(Unary.Kind.TANH));
  }

  private static OnnxReadOps.Entry unary(Unary.Kind kind) {
    return n -> n.give(new Unary(kind), n.in(0));
  }

  private static void identity(OnnxReadNode n) {
    var name = n.inputName(0);
    boolean isTensor = n.scope().sequence(name).isEmpty() && n.scope().optional(name).isEmpty();
    if (isTensor) n.give(new Identity(), n.in(0));
    else n.scope().take(n.outputName(0), n.scope(), name);
  }

  private static void selu(OnnxReadNode n, float alpha, float gamma) {
    n.give(new Selu(n.real("alpha", alpha), n.real("gamma", gamma)), n.in(0));
  }

  /// `swish(a) · b`.
  private static void swiGlu(OnnxReadNode n) {
    var gate = n.add(new Swish(n.real("alpha", 1)), n.in(0));
    n.give(new Binary(Binary.Kind.MUL), gate, n.in(1));
  }

  private static void hardSigmoid(OnnxReadNode n) {
    n.give(new HardSigmoid(n.real("alpha", 0.2f), n.real("beta", 0.5f)), n.in(0));
  }

  private static void isInf(OnnxReadNode n) {
    n.give(new IsInf(n.flag("detect_negative", true), n.flag("detect_positive", true)), n.in(0));
  }

  private static void clipByAttributes(OnnxReadNode n) {
    double min = n.hasAttribute("min") ? n.real("min", 0) : Double.NEGATIVE_INFINITY;
    double max = n.hasAttribute("max") ? n.real("max", 0) : Double.POSITIVE_INFINITY;
    if (min <= max) n.give(new Clip(min, max), n.in(0));
    else n.give(new Clip(max, max), n.in(0));
  }

  /// Bounds that are computed, or that cross, make a Max and a Min.
  private static void clipByInputs(OnnxReadNode n) {
    var min = bound(n, 1, Double.NEGATIVE_INFINITY);
    var max = bound(n, 2, Double.POSITIVE_INFINITY);
    if (min.isPresent() && max.isPresent() && min.get() <= max.get()) {
      n.give(new Clip(min.get(), max.get()), n.in(0));
      return;
    }
    var x = n.in(0);
    if (n.has(1)) x = n.binary(Binary.Kind.MAX, x, n.in(1));
    if (n.has(2)) x = n.binary(Binary.Kind.MIN, x, n.in(2));
    n.give(0, x);
  }

  private static Optional<Double> bound(OnnxReadNode n, int i, double otherwise) {
    if (!n.has(i)) return Optional.of(otherwise);
    return n.constant(i)
        .filter(data -> data.size() == 1 && isExactDouble(data))
        .map(data -> data.doubleAt(0));
  }

  private static boolean isExactDouble(TensorData data) {
    return !data.dtype().isInteger() || Math.abs((double) data.longAt(0)) < 0x1p53;
  }

  private static void castByName(OnnxReadNode n) {
    var name = n.text("to", "FLOAT").toUpperCase(Locale.ROOT);
    try {
      var number = TensorProto.DataType.valueOf(name).getNumber();
      cast(n, OnnxTypes.dtype(number).orElseThrow(() -> unknown(name)));
    } catch (IllegalArgumentException _) {
      throw unknown(name);
    }
  }

  private static OnnxRefusal unknown(String name) {
    return OnnxRefusal.broken("attribute 'to' is '" + name + "', which is no element type");
  }

  /// Strings are parsed and printed by rules that no record has; float8e8m0 is rounded as
  /// `round_mode` says.
  private static void cast(OnnxReadNode n, DataType to) {
    boolean isText = to == DataType.STRING || n.dtype(0) == DataType.STRING;
    boolean isSame = to == n.dtype(0);
    if (isText && isSame) n.give(new Identity(), n.in(0));
    else if (isText || to == DataType.FLOAT8E8M0 && !isSame) n.custom();
    else n.give(new Cast(to, n.flag("saturate", true)), n.in(0));
  }
}
