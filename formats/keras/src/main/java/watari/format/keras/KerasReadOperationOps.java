package watari.format.keras;

import java.util.List;
import java.util.Map;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.Shapes;
import watari.tensor.DataType;

/// Functions of `keras.ops` that were called while a Functional model was built: arithmetic.
final class KerasReadOperationOps {
  private static final Map<String, Binary.Kind> BINARY =
      Map.ofEntries(
          Map.entry("Add", Binary.Kind.ADD),
          Map.entry("Subtract", Binary.Kind.SUB),
          Map.entry("Multiply", Binary.Kind.MUL),
          Map.entry("FloorDivide", Binary.Kind.FLOOR_DIV),
          Map.entry("Mod", Binary.Kind.FLOOR_MOD),
          Map.entry("Power", Binary.Kind.POW),
          Map.entry("Maximum", Binary.Kind.MAX),
          Map.entry("Minimum", Binary.Kind.MIN),
          Map.entry("Equal", Binary.Kind.EQUAL),
          Map.entry("NotEqual", Binary.Kind.NOT_EQUAL),
          Map.entry("Greater", Binary.Kind.GREATER),
          Map.entry("GreaterEqual", Binary.Kind.GREATER_EQUAL),
          Map.entry("Less", Binary.Kind.LESS),
          Map.entry("LessEqual", Binary.Kind.LESS_EQUAL),
          Map.entry("LogicalAnd", Binary.Kind.AND),
          Map.entry("LogicalOr", Binary.Kind.OR),
          Map.entry("LogicalXor", Binary.Kind.XOR),
          Map.entry("Arctan2", Binary.Kind.ATAN2),
          Map.entry("BitwiseAnd", Binary.Kind.BITWISE_AND),
          Map.entry("BitwiseOr", Binary.Kind.BITWISE_OR),
          Map.entry("BitwiseXor", Binary.Kind.BITWISE_XOR),
          Map.entry("LeftShift", Binary.Kind.SHIFT_LEFT),
          Map.entry("RightShift", Binary.Kind.SHIFT_RIGHT));

  private static final Map<String, Unary.Kind> UNARY =
      Map.ofEntries(
          Map.entry("Absolute", Unary.Kind.ABS),
          Map.entry("Abs", Unary.Kind.ABS),
          Map.entry("Negative", Unary.Kind.NEG),
          Map.entry("Exp", Unary.Kind.EXP),
          Map.entry("Log", Unary.Kind.LOG),
          Map.entry("Sqrt", Unary.Kind.SQRT),
          Map.entry("Rsqrt", Unary.Kind.RSQRT),
          Map.entry("Square", Unary.Kind.SQUARE),
          Map.entry("Reciprocal", Unary.Kind.RECIPROCAL),
          Map.entry("Sin", Unary.Kind.SIN),
          Map.entry("Cos", Unary.Kind.COS),
          Map.entry("Tan", Unary.Kind.TAN),
          Map.entry("Sinh", Unary.Kind.SINH),
          Map.entry("Cosh", Unary.Kind.COSH),
          Map.entry("Tanh", Unary.Kind.TANH),
          Map.entry("Arcsin", Unary.Kind.ASIN),
          Map.entry("Arccos", Unary.Kind.ACOS),
          Map.entry("Arctan", Unary.Kind.ATAN),
          Map.entry("Sign", Unary.Kind.SIGN),
          Map.entry("Floor", Unary.Kind.FLOOR),
          Map.entry("Ceil", Unary.Kind.CEIL),
          Map.entry("LogicalNot", Unary.Kind.NOT),
          Map.entry("Isnan", Unary.Kind.IS_NAN),
          Map.entry("Erf", Unary.Kind.ERF),
          Map.entry("Arcsinh", Unary.Kind.ASINH),
          Map.entry("Arccosh", Unary.Kind.ACOSH),
          Map.entry("Arctanh", Unary.Kind.ATANH),
          Map.entry("BitwiseInvert", Unary.Kind.BITWISE_NOT),
          Map.entry("BitwiseNot", Unary.Kind.BITWISE_NOT));

  private static final Map<String, Reduce.Kind> REDUCE =
      Map.of(
          "Sum", Reduce.Kind.SUM,
          "Mean", Reduce.Kind.MEAN,
          "Max", Reduce.Kind.MAX,
          "Amax", Reduce.Kind.MAX,
          "Min", Reduce.Kind.MIN,
          "Amin", Reduce.Kind.MIN,
          "Prod", Reduce.Kind.PROD,
          "Any", Reduce.Kind.ANY,
          "All", Reduce.Kind.ALL,
          "Logsumexp", Reduce.Kind.LOG_SUM_EXP);

  /// Functions that activations of layers are, too.
  private static final Map<String, String> ACTIVATIONS =
      Map.ofEntries(
          Map.entry("Relu", "relu"),
          Map.entry("Relu6", "relu6"),
          Map.entry("Sigmoid", "sigmoid"),
          Map.entry("LogSigmoid", "log_sigmoid"),
          Map.entry("HardSigmoid", "hard_sigmoid"),
          Map.entry("HardTanh", "hard_tanh"),
          Map.entry("TanhShrink", "tanh_shrink"),
          Map.entry("Silu", "silu"),
          Map.entry("HardSilu", "hard_silu"),
          Map.entry("Selu", "selu"),
          Map.entry("Softplus", "softplus"),
          Map.entry("Softsign", "softsign"),
          Map.entry("SparsePlus", "sparse_plus"),
          Map.entry("SparseSigmoid", "sparse_sigmoid"));

  private KerasReadOperationOps() {}

  static void register(KerasReadOps.Table table) {
    BINARY.forEach((name, kind) -> table.on("ops." + name, call -> binary(call, kind)));
    UNARY.forEach((name, kind) -> table.on("ops." + name, call -> unary(call, kind)));
    REDUCE.forEach((name, kind) -> table.on("ops." + name, call -> reduce(call, kind)));
    ACTIVATIONS.forEach((name, as) ->
        table.on(
            "ops." + name,
            call -> call.give(KerasActivations.named(call, as, KerasOperands.real(call)))));
    for (var name : List.of("Divide", "TrueDivide")) {
      table.on("ops." + name, KerasReadOperationOps::divide);
    }
    table
        .on("ops.Elu", KerasReadOperationOps::elu)
        .on("ops.Gelu", KerasReadOperationOps::gelu)
        .on("ops.LeakyRelu", KerasReadOperationOps::leakyRelu)
        .on("ops.Softmax", KerasReadOperationOps::softmax)
        .on("ops.LogSoftmax", KerasReadOperationOps::logSoftmax)
        .on("ops.Log1p", call -> call.give(call.formula().log1p(KerasOperands.real(call))))
        .on("ops.Clip", KerasReadOperationOps::clip)
        .on("ops.Argmax", call -> argReduce(call, true))
        .on("ops.Argmin", call -> argReduce(call, false))
        .on("ops.Matmul", KerasReadOperationOps::matmul)
        .on("ops.Einsum", KerasReadOperationOps::einsum)
        .on("ops.Cast", KerasReadOperationOps::cast)
        .on("ops.Round", KerasReadOperationOps::round)
        .on("ops.Where", KerasReadOperationOps::where);
  }

  private static void binary(KerasCall call, Binary.Kind kind) {
    var both = KerasOperands.promoted(call, 0, 1);
    call.give(new Binary(kind), both.get(0), both.get(1));
  }

  /// Whole numbers are divided as real ones.
  private static void divide(KerasCall call) {
    var both = KerasOperands.promoted(call, 0, 1);
    var dtype = both.get(0).dtype().isFloat() ? both.get(0).dtype() : DataType.FLOAT32;
    var f = call.formula();
    call.give(new Binary(Binary.Kind.DIV), f.cast(both.get(0), dtype), f.cast(both.get(1), dtype));
  }

  private static void unary(KerasCall call, Unary.Kind kind) {
    boolean keeps =
        switch (kind) {
          case ABS, NEG, SQUARE, SIGN, NOT, BITWISE_NOT -> true;
          default -> false;
        };
    call.give(new Unary(kind), keeps ? call.in() : KerasOperands.real(call));
  }

  private static void round(KerasCall call) {
    if (call.config().integer("decimals", 0) != 0) throw call.config().unknown("decimals", "0");
    call.give(new Unary(Unary.Kind.ROUND), call.in());
  }

  private static void reduce(KerasCall call, Reduce.Kind kind) {
    var x = kind == Reduce.Kind.MEAN ? KerasOperands.real(call) : call.in();
    boolean isLogic = kind == Reduce.Kind.ANY || kind == Reduce.Kind.ALL;
    if (isLogic) x = call.formula().cast(x, DataType.BOOL);
    if (call.config().has("initial")) throw call.config().unknown("initial", "none");
    boolean keeps = call.config().flag("keepdims", false);
    if (!call.config().has("axis")) {
      call.give(new Reduce(kind, keeps), x);
      return;
    }
    call.give(new Reduce(kind, keeps), x, call.builder().vector(call.config().integers("axis")));
  }

  private static void argReduce(KerasCall call, boolean largest) {
    if (!call.config().has("axis")) throw call.config().unknown("axis", "one axis");
    boolean keeps = call.config().flag("keepdims", false);
    call.give(
        new ArgReduce(largest, call.axis("axis", -1), keeps, false, DataType.INT32), call.in());
  }

  private static void elu(KerasCall call) {
    call.give(new Elu((float) call.config().real("alpha", 1)), KerasOperands.real(call));
  }

  private static void gelu(KerasCall call) {
    call.give(new Gelu(call.config().flag("approximate", true)), KerasOperands.real(call));
  }

  private static void leakyRelu(KerasCall call) {
    float slope = (float) call.config().real("negative_slope", 0.2);
    call.give(new LeakyRelu(slope), KerasOperands.real(call));
  }

  private static void softmax(KerasCall call) {
    call.give(new Softmax(call.axis("axis", -1)), KerasOperands.real(call));
  }

  private static void logSoftmax(KerasCall call) {
    call.give(new LogSoftmax(call.axis("axis", -1)), KerasOperands.real(call));
  }

  private static void clip(KerasCall call) {
    call.give(new Clip(call.config().real("x_min"), call.config().real("x_max")), call.in());
  }

  private static void matmul(KerasCall call) {
    var both = KerasOperands.promoted(call, 0, 1);
    call.give(new MatMul(false, false), both.get(0), both.get(1));
  }

  private static void einsum(KerasCall call) {
    var equation = call.config().text("subscripts").replace(" ", "");
    if (!equation.contains("->")) throw call.config().unknown("subscripts", "explicit ones");
    call.give(new Einsum(equation), call.tensors().toArray(Value[]::new));
  }

  private static void cast(KerasCall call) {
    var to = KerasTypes.dtype(call.config().text("dtype"));
    call.give(call.formula().cast(call.in(), to));
  }

  private static void where(KerasCall call) {
    var f = call.formula();
    var condition = f.cast(KerasOperands.operand(call, 0, call.in()), DataType.BOOL);
    var both = KerasOperands.promoted(call, 1, 2);
    call.give(f.select(condition, both.get(0), both.get(1)));
  }

  /// The axis that a parameter says of a tensor of one axis more.
  static int newAxis(KerasCall call, int rank) {
    return Shapes.axis(call.config().integer("axis", 0), rank);
  }
}
