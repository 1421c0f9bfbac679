package watari.format.tensorflow;

import static watari.op.BinaryOp.Binary.Kind.EQUAL;
import static watari.op.BinaryOp.Binary.Kind.LESS;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.pass.replace.Formula;
import watari.tensor.Layout;

/// Functions of two or three tensors, element by element.
final class TensorflowReadBinaryOps {
  private TensorflowReadBinaryOps() {}

  static void register(ReadTable<Entry> table) {
    for (var kind : Binary.Kind.values()) {
      for (var name : names(kind)) table.on(name, n -> n.give(new Binary(kind), n.in(0), n.in(1)));
    }
    table
        .on("AccumulateNV2", TensorflowReadBinaryOps::addN)
        .on("AddN", TensorflowReadBinaryOps::addN)
        .on("ApproximateEqual", TensorflowReadBinaryOps::approximateEqual)
        .on("BiasAdd", TensorflowReadBinaryOps::biasAdd)
        .on("BiasAddV1", TensorflowReadBinaryOps::biasAdd)
        .on("DivNoNan", n -> guarded(n, n.in(1), n.formula().div(n.in(0), notZero(n))))
        .on("MulNoNan", n -> guarded(n, n.in(1), n.formula().mul(n.in(0), n.in(1))))
        .on("Select", TensorflowReadBinaryOps::select)
        .on("SelectV2", n -> n.give(new Select(), n.in(0), n.in(1), n.in(2)))
        .on("Xdivy", n -> guarded(n, n.in(0), n.formula().div(n.in(0), n.in(1))))
        .on("Xlog1py", n -> xlog(n, n.formula().log1p(n.in(1))))
        .on("Xlogy", n -> xlog(n, n.formula().log(n.in(1))));
  }

  /// TensorFlow's names of a function.
  private static List<String> names(Binary.Kind kind) {
    return switch (kind) {
      case ADD -> List.of("Add", "AddV2");
      case AND -> List.of("LogicalAnd");
      case ATAN2 -> List.of("Atan2");
      case BITWISE_AND -> List.of("BitwiseAnd");
      case BITWISE_OR -> List.of("BitwiseOr");
      case BITWISE_XOR -> List.of("BitwiseXor");
      case DIV -> List.of("Div", "RealDiv", "TruncateDiv");
      case EQUAL -> List.of("Equal");
      case FLOOR_DIV -> List.of("FloorDiv");
      case FLOOR_MOD -> List.of("FloorMod");
      case GREATER -> List.of("Greater");
      case GREATER_EQUAL -> List.of("GreaterEqual");
      case LESS -> List.of("Less");
      case LESS_EQUAL -> List.of("LessEqual");
      case MAX -> List.of("Maximum");
      case MIN -> List.of("Minimum");
      case MUL -> List.of("Mul");
      case NOT_EQUAL -> List.of("NotEqual");
      case OR -> List.of("LogicalOr");
      case POW -> List.of("Pow");
      case SHIFT_LEFT -> List.of("LeftShift");
      case SHIFT_RIGHT -> List.of("RightShift");
      case SQUARED_DIFFERENCE -> List.of("SquaredDifference");
      case SUB -> List.of("Sub");
      case TRUNC_MOD -> List.of("Mod", "TruncateMod");
      case XOR -> List.of();
    };
  }

  private static void addN(TensorflowReadNode n) {
    var sum = n.in(0);
    for (int i = 1; i < n.inputCount(); i++) sum = n.formula().add(sum, n.in(i));
    n.give(0, sum);
  }

  private static void approximateEqual(TensorflowReadNode n) {
    var f = n.formula();
    var distance = f.abs(f.sub(n.in(0), n.in(1)));
    n.give(new Binary(LESS), distance, f.scalar(n.in(0), n.real("tolerance", 1e-5f)));
  }

  /// A bias belongs to the channels, which may stand before the spatial axes.
  private static void biasAdd(TensorflowReadNode n) {
    var bias = n.in(1);
    if (n.layout() == Layout.CHANNELS_FIRST && n.rank(0) > 2) {
      var dims = new long[n.rank(0) - 1];
      java.util.Arrays.fill(dims, 1);
      dims[0] = -1;
      bias = n.formula().reshape(bias, dims);
    }
    n.give(new Binary(Binary.Kind.ADD), n.in(0), bias);
  }

  /// Zero where a number is zero, else a result.
  private static void guarded(TensorflowReadNode n, Value number, Value result) {
    var f = n.formula();
    n.give(new Select(), isZero(f, number), f.scalar(result, 0), result);
  }

  private static Value isZero(Formula f, Value x) {
    return f.binary(EQUAL, x, f.scalar(x, 0));
  }

  private static Value notZero(TensorflowReadNode n) {
    var f = n.formula();
    return f.select(isZero(f, n.in(1)), f.scalar(n.in(1), 1), n.in(1));
  }

  private static void xlog(TensorflowReadNode n, Value logarithm) {
    guarded(n, n.in(0), n.formula().mul(n.in(0), logarithm));
  }

  /// A condition that is a vector belongs to the first axis.
  private static void select(TensorflowReadNode n) {
    var condition = n.in(0);
    int rank = n.rank(1);
    if (condition.shape().hasRank(1) && rank > 1) {
      var dims = new long[rank];
      java.util.Arrays.fill(dims, 1);
      dims[0] = -1;
      condition = n.formula().reshape(condition, dims);
    }
    n.give(new Select(), condition, n.in(1), n.in(2));
  }
}
