package watari.format.openvino;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.tensor.DataType;

/// Functions of each element alone.
final class OpenvinoReadElementwiseOps {
  /// What stays among integers, or is defined for no others.
  private static final Set<Unary.Kind> OF_INTEGERS =
      EnumSet.of(
          Unary.Kind.ABS,
          Unary.Kind.CEIL,
          Unary.Kind.FLOOR,
          Unary.Kind.IS_NAN,
          Unary.Kind.NEG,
          Unary.Kind.NOT,
          Unary.Kind.RELU,
          Unary.Kind.SIGN);

  private OpenvinoReadElementwiseOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    unaries(table);
    table
        .on("Identity", n -> n.give(new Identity(), n.in(0)))
        .on("Clamp", OpenvinoReadElementwiseOps::clamp)
        .on("Elu", n -> n.give(new Elu((float) n.real("alpha", 1)), n.in(0)))
        .on("Selu", OpenvinoReadElementwiseOps::selu)
        .on("HardSigmoid", OpenvinoReadElementwiseOps::hardSigmoid)
        .on("HSigmoid", n -> function(n, new HardSigmoid(1 / 6f, 0.5f)))
        .on("Gelu", 2, n -> n.give(new Gelu(false), n.in(0)))
        .on("Gelu", 7, OpenvinoReadElementwiseOps::gelu)
        .on("Swish", OpenvinoReadElementwiseOps::swish)
        .on("Round", OpenvinoReadElementwiseOps::round)
        .on("IsInf", OpenvinoReadElementwiseOps::isInf)
        .on("IsFinite", OpenvinoReadElementwiseOps::isFinite)
        .on("Convert", n -> cast(n, n.element("destination_type", DataType.FLOAT32)))
        .on("ConvertLike", n -> cast(n, n.dtype(1)));
  }

  private static void unaries(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Abs", unary(Unary.Kind.ABS))
        .on("Acos", unary(Unary.Kind.ACOS))
        .on("Acosh", unary(Unary.Kind.ACOSH))
        .on("Asin", unary(Unary.Kind.ASIN))
        .on("Asinh", unary(Unary.Kind.ASINH))
        .on("Atan", unary(Unary.Kind.ATAN))
        .on("Atanh", unary(Unary.Kind.ATANH))
        .on("BitwiseNot", OpenvinoReadElementwiseOps::bitwiseNot)
        .on("Ceiling", unary(Unary.Kind.CEIL))
        .on("Cos", unary(Unary.Kind.COS))
        .on("Cosh", unary(Unary.Kind.COSH))
        .on("Erf", unary(Unary.Kind.ERF))
        .on("Exp", unary(Unary.Kind.EXP))
        .on("Floor", unary(Unary.Kind.FLOOR))
        .on("HSwish", unary(Unary.Kind.HARD_SWISH))
        .on("IsNaN", unary(Unary.Kind.IS_NAN))
        .on("Log", unary(Unary.Kind.LOG))
        .on("LogicalNot", unary(Unary.Kind.NOT))
        .on("Mish", unary(Unary.Kind.MISH))
        .on("Negative", unary(Unary.Kind.NEG))
        .on("ReLU", unary(Unary.Kind.RELU))
        .on("Sigmoid", unary(Unary.Kind.SIGMOID))
        .on("Sign", unary(Unary.Kind.SIGN))
        .on("Sin", unary(Unary.Kind.SIN))
        .on("Sinh", unary(Unary.Kind.SINH))
        .on("SoftPlus", unary(Unary.Kind.SOFTPLUS))
        .on("SoftSign", unary(Unary.Kind.SOFTSIGN))
        .on("Sqrt", unary(Unary.Kind.SQRT))
        .on("Tan", unary(Unary.Kind.TAN))
        .on("Tanh", unary(Unary.Kind.TANH));
  }

  private static OpenvinoReadOps.Entry unary(Unary.Kind kind) {
    return n -> {
      if (OF_INTEGERS.contains(kind)) n.give(new Unary(kind), n.in(0));
      else function(n, new Unary(kind));
    };
  }

  /// A function of real numbers. OpenVINO computes it of integers too, and rounds what comes out.
  private static void function(OpenvinoReadNode n, Op op) {
    if (!n.dtype(0).isInteger()) {
      n.give(op, n.in(0));
      return;
    }
    var f = n.formula();
    var result = f.op(op, f.cast(n.in(0), DataType.FLOAT32));
    n.give(new Cast(n.dtype(0)), f.unary(Unary.Kind.ROUND, result));
  }

  private static void bitwiseNot(OpenvinoReadNode n) {
    boolean isBool = n.dtype(0) == DataType.BOOL;
    n.give(new Unary(isBool ? Unary.Kind.NOT : Unary.Kind.BITWISE_NOT), n.in(0));
  }

  private static void clamp(OpenvinoReadNode n) {
    n.give(new Clip(n.real("min"), n.real("max")), n.in(0));
  }

  /// The only element of a constant input.
  private static Optional<Float> number(OpenvinoReadNode n, int i) {
    return n.constant(i).filter(data -> data.size() == 1).map(data -> (float) data.doubleAt(0));
  }

  /// `lambda · (x > 0 ? x : alpha · (exp(x) - 1))`.
  private static void selu(OpenvinoReadNode n) {
    var alpha = number(n, 1);
    var lambda = number(n, 2);
    if (alpha.isPresent() && lambda.isPresent()) {
      n.give(new Selu(alpha.get(), lambda.get()), n.in(0));
      return;
    }
    var f = n.formula();
    var x = n.in(0);
    var below = f.mul(n.in(1), f.add(f.exp(f.min(x, 0)), -1));
    n.give(new Binary(Binary.Kind.MUL), n.in(2), f.add(f.max(x, 0), below));
  }

  /// `clip(alpha · x + beta, 0, 1)`.
  private static void hardSigmoid(OpenvinoReadNode n) {
    var alpha = number(n, 1);
    var beta = number(n, 2);
    if (alpha.isPresent() && beta.isPresent()) {
      n.give(new HardSigmoid(alpha.get(), beta.get()), n.in(0));
      return;
    }
    var f = n.formula();
    n.give(new Clip(0, 1), f.add(f.mul(n.in(1), n.in(0)), n.in(2)));
  }

  private static void gelu(OpenvinoReadNode n) {
    var mode = n.text("approximation_mode", "ERF").toUpperCase(Locale.ROOT);
    n.give(
        switch (mode) {
          case "ERF" -> new Gelu(false);
          case "TANH" -> new Gelu(true);
          default -> throw n.unknown("approximation_mode", "ERF or TANH");
        },
        n.in(0));
  }

  private static void swish(OpenvinoReadNode n) {
    var beta = n.has(1) ? number(n, 1) : Optional.of(1f);
    if (beta.isPresent()) {
      n.give(new Swish(beta.get()), n.in(0));
      return;
    }
    var f = n.formula();
    var gate = f.unary(Unary.Kind.SIGMOID, f.mul(n.in(0), n.in(1)));
    n.give(new Binary(Binary.Kind.MUL), n.in(0), gate);
  }

  private static void round(OpenvinoReadNode n) {
    if (n.dtype(0).isInteger()) {
      n.give(new Identity(), n.in(0));
      return;
    }
    switch (n.text("mode", "half_to_even").toLowerCase(Locale.ROOT)) {
      case "half_to_even" -> n.give(new Unary(Unary.Kind.ROUND), n.in(0));
      case "half_away_from_zero" -> n.give(0, awayFromZero(n, n.in(0)));
      default -> throw n.unknown("mode", "half_to_even or half_away_from_zero");
    }
  }

  /// The whole part of `|x|`, one more where at least a half is behind it, with the sign of `x`.
  private static Value awayFromZero(OpenvinoReadNode n, Value x) {
    var f = n.formula();
    var size = f.abs(x);
    var whole = f.unary(Unary.Kind.FLOOR, size);
    var isUp = f.binary(Binary.Kind.GREATER_EQUAL, f.sub(size, whole), f.scalar(x, 0.5));
    var rounded = f.select(isUp, f.add(whole, 1), whole);
    return f.mul(f.unary(Unary.Kind.SIGN, x), rounded);
  }

  private static void isInf(OpenvinoReadNode n) {
    n.give(new IsInf(n.flag("detect_negative", true), n.flag("detect_positive", true)), n.in(0));
  }

  private static void isFinite(OpenvinoReadNode n) {
    var f = n.formula();
    var isNan = f.unary(Unary.Kind.IS_NAN, n.in(0));
    var isInf = f.op(new IsInf(true, true), n.in(0));
    n.give(new Unary(Unary.Kind.NOT), f.binary(Binary.Kind.OR, isNan, isInf));
  }

  private static void cast(OpenvinoReadNode n, DataType to) {
    if (n.dtype(0) == to) n.give(new Identity(), n.in(0));
    else if (to == DataType.STRING || n.dtype(0) == DataType.STRING) n.custom();
    else n.give(new Cast(to), n.in(0));
  }
}
