package watari.format.tensorflow;

import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.ElementwiseOp.Bitcast;
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
import watari.tensor.TensorData;

/// Functions of each element alone.
final class TensorflowWriteElementwise {
  private static final double SIX = 6;

  private TensorflowWriteElementwise() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Unary.class, TensorflowWriteElementwise::unary)
        .on(Identity.class, (_, node, out) -> out.give(node, out.op("Identity", out.in(node, 0))))
        .on(Clip.class, TensorflowWriteElementwise::clip)
        .on(LeakyRelu.class, TensorflowWriteElementwise::leakyRelu)
        .on(Elu.class, TensorflowWriteElementwise::elu)
        .on(Selu.class, TensorflowWriteElementwise::selu)
        .on(HardSigmoid.class, TensorflowWriteElementwise::hardSigmoid)
        .on(Gelu.class, TensorflowWriteElementwise::gelu)
        .on(Swish.class, TensorflowWriteElementwise::swish)
        .on(IsInf.class, TensorflowWriteElementwise::isInf)
        .on(Cast.class, TensorflowWriteElementwise::cast)
        .on(Bitcast.class, TensorflowWriteElementwise::bitcast);
  }

  private static void unary(Unary op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    out.give(
        node,
        switch (op.kind()) {
          case HARD_SWISH -> hardSwish(x, out);
          case MISH -> out.op("Mul", x, out.op("Tanh", out.op("Softplus", x)));
          case CEIL, FLOOR, ROUND -> out.op(x.type().isFloat() ? name(op.kind()) : "Identity", x);
          case ABS -> out.op(isUnsigned(x.type()) ? "Identity" : "Abs", x);
          case BITWISE_NOT -> out.op(x.type() == DataType.BOOL ? "LogicalNot" : "Invert", x);
          default -> out.op(name(op.kind()), x);
        });
  }

  private static boolean isUnsigned(DataType dtype) {
    return dtype.isInteger() && !dtype.isSigned();
  }

  private static String name(Unary.Kind kind) {
    return switch (kind) {
      case IS_NAN -> "IsNan";
      case NOT -> "LogicalNot";
      default ->
          kind.name().charAt(0) + kind.name().substring(1).toLowerCase(java.util.Locale.ROOT);
    };
  }

  private static Port hardSwish(Port x, TensorflowScope out) {
    var gate = out.op("Relu6", out.op("AddV2", x, out.scalar(x.type(), SIX / 2)));
    return out.op("Mul", x, out.op("Mul", gate, out.scalar(x.type(), 1 / SIX)));
  }

  private static void clip(Clip op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    boolean isFloat = x.type().isFloat();
    if (isFloat && op.min() == 0 && op.max() == SIX) {
      out.give(node, out.op("Relu6", x));
      return;
    }
    double min = isFloat ? op.min() : Math.max(Math.ceil(op.min()), x.type().min());
    double max = isFloat ? op.max() : Math.min(Math.floor(op.max()), x.type().max());
    var result = x;
    if (isFloat ? min != Double.NEGATIVE_INFINITY : min > x.type().min()) {
      result = out.op("Maximum", result, bound(x.type(), min, out));
    }
    if (isFloat ? max != Double.POSITIVE_INFINITY : max < x.type().max()) {
      result = out.op("Minimum", result, bound(x.type(), max, out));
    }
    out.give(node, result == x ? out.op("Identity", x) : result);
  }

  private static Port bound(DataType dtype, double value, TensorflowScope out) {
    return dtype.isFloat()
        ? out.scalar(dtype, value)
        : out.constant(TensorData.ofLongs(dtype, watari.tensor.Shape.SCALAR, (long) value));
  }

  private static Port select(Port condition, Port a, Port b, TensorflowScope out) {
    return out.op("SelectV2", condition, a, b);
  }

  static Port isAtLeast(Port x, double bound, TensorflowScope out) {
    return out.op("GreaterEqual", x, out.scalar(x.type(), bound));
  }

  static Port times(Port x, double factor, TensorflowScope out) {
    return out.op("Mul", x, out.scalar(x.type(), factor));
  }

  private static void leakyRelu(LeakyRelu op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    out.give(node, out.op("LeakyRelu", step -> step.set("alpha", op.alpha()), x));
  }

  private static void elu(Elu op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var result =
        op.alpha() == 1
            ? out.op("Elu", x)
            : select(isAtLeast(x, 0, out), x, times(below(x, out), op.alpha(), out), out);
    out.give(node, result);
  }

  /// `exp(x) - 1` where `x` is below 0.
  private static Port below(Port x, TensorflowScope out) {
    return out.op("Expm1", out.op("Minimum", x, out.scalar(x.type(), 0)));
  }

  private static void selu(Selu op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var positive = times(x, op.gamma(), out);
    var negative = times(below(x, out), (double) op.gamma() * op.alpha(), out);
    var isPositive = out.op("Greater", x, out.scalar(x.type(), 0));
    out.give(node, select(isPositive, positive, negative, out));
  }

  private static void hardSigmoid(HardSigmoid op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var line = out.op("AddV2", times(x, op.alpha(), out), out.scalar(x.type(), op.beta()));
    var low = out.op("Maximum", line, out.scalar(x.type(), 0));
    out.give(node, out.op("Minimum", low, out.scalar(x.type(), 1)));
  }

  private static void gelu(Gelu op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    Port gate;
    if (op.approximate()) {
      var cube = out.op("Mul", out.op("Square", x), times(x, 0.044715, out));
      gate = out.op("Tanh", times(out.op("AddV2", x, cube), Math.sqrt(2 / Math.PI), out));
    } else {
      gate = out.op("Erf", times(x, Math.sqrt(0.5), out));
    }
    var shifted = out.op("AddV2", gate, out.scalar(x.type(), 1));
    out.give(node, out.op("Mul", times(x, 0.5, out), shifted));
  }

  private static void swish(Swish op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var scaled = op.alpha() == 1 ? x : times(x, op.alpha(), out);
    out.give(node, out.op("Mul", x, out.op("Sigmoid", scaled)));
  }

  private static void isInf(IsInf op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    if (op.negative() && op.positive()) {
      out.give(node, out.op("IsInf", x));
      return;
    }
    double wanted = op.positive() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    boolean isNone = !op.positive() && !op.negative();
    out.give(
        node,
        isNone
            ? out.op("ZerosLike", out.op("IsInf", x))
            : out.op("Equal", x, out.scalar(x.type(), wanted)));
  }

  private static void cast(Cast op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    if (op.to() != TensorflowWriteTypes.carried(op.to())
        || op.to().bits() == 8 && op.to().isFloat()) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow does not cast to '" + op.to() + "' as it is meant",
          "end the model before this node with --outputs");
    }
    out.give(node, x.type() == op.to() ? out.op("Identity", x) : out.cast(x, op.to()));
  }

  private static void bitcast(Bitcast op, Node node, TensorflowScope out) {
    out.give(node, out.op("Bitcast", step -> step.set("type", op.to()), out.in(node, 0)));
  }
}
