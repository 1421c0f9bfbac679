package watari.format.openvino;

import watari.format.ReadTable;
import watari.op.ElementwiseOp.Unary;

/// Functions of each element alone.
final class OpenvinoReadElementwiseOps {
  private OpenvinoReadElementwiseOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Abs", unary(Unary.Kind.ABS))
        .on("Acos", unary(Unary.Kind.ACOS))
        .on("Acosh", unary(Unary.Kind.ACOSH))
        .on("Asin", unary(Unary.Kind.ASIN))
        .on("Asinh", unary(Unary.Kind.ASINH))
        .on("Atan", unary(Unary.Kind.ATAN))
        .on("Atanh", unary(Unary.Kind.ATANH))
        .on("Ceiling", unary(Unary.Kind.CEIL))
        .on("Cos", unary(Unary.Kind.COS))
        .on("Cosh", unary(Unary.Kind.COSH))
        .on("Erf", unary(Unary.Kind.ERF))
        .on("Exp", unary(Unary.Kind.EXP))
        .on("Floor", unary(Unary.Kind.FLOOR))
        .on("HSwish", unary(Unary.Kind.HARD_SWISH))
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
    return n -> n.give(new Unary(kind), n.in(0));
  }
}
