package watari.format.keras;

import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.pass.replace.Formula;

/// Functions that layers have by name: `activation="relu"`.
final class KerasActivations {
  static final float SELU_ALPHA = 1.6732632f;
  static final float SELU_GAMMA = 1.050701f;

  private KerasActivations() {}

  /// Gives the layer's output, after its activation.
  static void give(KerasCall call, Op op, Value... inputs) {
    if (isLinear(call.config().get("activation"))) call.give(op, inputs);
    else give(call, call.builder().add(op, inputs));
  }

  static void give(KerasCall call, Value x) {
    call.give(apply(call, call.config().get("activation"), x));
  }

  static boolean isLinear(KerasJson activation) {
    return activation.isNothing() || name(activation).equals("linear");
  }

  /// The name of a function, which newer files wrap in an object.
  static String name(KerasJson activation) {
    if (activation instanceof KerasJson.Text(var name)) return name;
    if (activation.get("class_name").text().equals("function")) {
      return activation.get("config").text();
    }
    return "";
  }

  /// @param activation a name, or a layer without weights
  static Value apply(KerasCall call, KerasJson activation, Value x) {
    if (activation.isNothing()) return x;
    var name = name(activation);
    if (!name.isEmpty()) return named(call, name, x);
    if (activation.get("class_name").isNothing()) {
      throw call.config().unknown("activation", "functions of Keras");
    }
    var inner = call.of(KerasLayer.of(activation, ""), x);
    KerasReadOps.entry(inner.layer()).read(inner);
    return inner.outputs().get(0);
  }

  static Value named(KerasCall call, String name, Value x) {
    var f = call.formula();
    boolean isKeras3 = call.model().isKeras3();
    return switch (name) {
      case "linear" -> x;
      case "relu" -> f.relu(x);
      case "relu6" -> f.op(new Clip(0, 6), x);
      case "leaky_relu" -> f.op(new LeakyRelu(0.2f), x);
      case "elu" -> f.op(new Elu(1), x);
      case "selu" -> f.op(new Selu(SELU_ALPHA, SELU_GAMMA), x);
      case "celu" -> f.op(new Celu(1), x);
      case "sigmoid" -> f.unary(Unary.Kind.SIGMOID, x);
      case "log_sigmoid" -> f.neg(f.unary(Unary.Kind.SOFTPLUS, f.neg(x)));
      case "hard_sigmoid" ->
          f.op(isKeras3 ? new HardSigmoid(1 / 6f, 0.5f) : new HardSigmoid(0.2f, 0.5f), x);
      case "tanh" -> f.unary(Unary.Kind.TANH, x);
      case "hard_tanh" -> f.op(new Clip(-1, 1), x);
      case "tanh_shrink" -> f.sub(x, f.unary(Unary.Kind.TANH, x));
      case "softplus" -> f.unary(Unary.Kind.SOFTPLUS, x);
      case "softsign" -> f.unary(Unary.Kind.SOFTSIGN, x);
      case "exponential" -> f.exp(x);
      case "swish", "silu" -> f.op(new Swish(1), x);
      case "hard_silu", "hard_swish" -> f.unary(Unary.Kind.HARD_SWISH, x);
      case "gelu" -> f.op(new Gelu(false), x);
      case "gelu_new" -> f.op(new Gelu(true), x);
      case "mish" -> f.unary(Unary.Kind.MISH, x);
      case "softmax" -> f.op(new Softmax(call.rank(x) - 1), x);
      case "log_softmax" -> f.op(new LogSoftmax(call.rank(x) - 1), x);
      case "soft_shrink" -> f.op(new Shrink(0.5f, 0.5f), x);
      case "hard_shrink" -> f.op(new Shrink(0, 0.5f), x);
      case "squareplus" -> squareplus(f, x, 4);
      case "sparse_plus" -> sparsePlus(f, x);
      case "sparse_sigmoid" -> f.op(new Clip(0, 1), f.mul(f.add(x, 1), 0.5));
      case "glu" -> glu(call, x, call.rank(x) - 1);
      default -> throw unknown(name);
    };
  }

  private static KerasRefusal unknown(String name) {
    return KerasRefusal.unsupported(
        "its activation '" + name + "' is none of Keras' that Watari reads",
        "use another activation, or write it with built-in layers");
  }

  /// `(x + sqrt(x² + b)) / 2`.
  static Value squareplus(Formula f, Value x, double b) {
    return f.mul(f.add(x, f.sqrt(f.add(f.square(x), b))), 0.5);
  }

  /// 0 up to -1, `x` from 1, `(x + 1)² / 4` between.
  private static Value sparsePlus(Formula f, Value x) {
    var between = f.mul(f.square(f.add(x, 1)), 0.25);
    var isLow = f.binary(Binary.Kind.LESS_EQUAL, x, f.scalar(x, -1));
    var isHigh = f.binary(Binary.Kind.GREATER_EQUAL, x, f.scalar(x, 1));
    return f.select(isLow, f.scalar(x, 0), f.select(isHigh, x, between));
  }

  /// The first half times the sigmoid of the second.
  static Value glu(KerasCall call, Value x, int axis) {
    var f = call.formula();
    long half = call.dim(x, axis) / 2;
    var gate = f.unary(Unary.Kind.SIGMOID, f.slice(x, axis, half, 2 * half));
    return f.mul(f.slice(x, axis, 0, half), gate);
  }
}
