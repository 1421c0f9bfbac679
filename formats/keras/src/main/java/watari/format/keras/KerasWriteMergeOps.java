package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.List;
import java.util.Map;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.tensor.Shape;

/// Functions of two tensors: merging layers where both are batches of one rank, [Rescaling] where
/// one is a number, else `keras.ops`.
final class KerasWriteMergeOps {
  private static final Map<Binary.Kind, String> LAYERS =
      Map.of(
          Binary.Kind.ADD, "Add",
          Binary.Kind.SUB, "Subtract",
          Binary.Kind.MUL, "Multiply",
          Binary.Kind.MAX, "Maximum",
          Binary.Kind.MIN, "Minimum");

  private static final Map<Binary.Kind, String> FUNCTIONS =
      Map.ofEntries(
          Map.entry(Binary.Kind.ADD, "Add"),
          Map.entry(Binary.Kind.SUB, "Subtract"),
          Map.entry(Binary.Kind.MUL, "Multiply"),
          Map.entry(Binary.Kind.FLOOR_DIV, "FloorDivide"),
          Map.entry(Binary.Kind.FLOOR_MOD, "Mod"),
          Map.entry(Binary.Kind.POW, "Power"),
          Map.entry(Binary.Kind.MAX, "Maximum"),
          Map.entry(Binary.Kind.MIN, "Minimum"),
          Map.entry(Binary.Kind.EQUAL, "Equal"),
          Map.entry(Binary.Kind.NOT_EQUAL, "NotEqual"),
          Map.entry(Binary.Kind.GREATER, "Greater"),
          Map.entry(Binary.Kind.GREATER_EQUAL, "GreaterEqual"),
          Map.entry(Binary.Kind.LESS, "Less"),
          Map.entry(Binary.Kind.LESS_EQUAL, "LessEqual"),
          Map.entry(Binary.Kind.AND, "LogicalAnd"),
          Map.entry(Binary.Kind.OR, "LogicalOr"),
          Map.entry(Binary.Kind.XOR, "LogicalXor"),
          Map.entry(Binary.Kind.ATAN2, "Arctan2"),
          Map.entry(Binary.Kind.BITWISE_AND, "BitwiseAnd"),
          Map.entry(Binary.Kind.BITWISE_OR, "BitwiseOr"),
          Map.entry(Binary.Kind.BITWISE_XOR, "BitwiseXor"),
          Map.entry(Binary.Kind.SHIFT_LEFT, "LeftShift"),
          Map.entry(Binary.Kind.SHIFT_RIGHT, "RightShift"));

  private KerasWriteMergeOps() {}

  static void addTo(KerasWriteTable table) {
    table.on(
        Binary.class,
        "Add, Subtract, Multiply, Maximum, Minimum of batches; Rescaling with a number; ops.add, ops.divide, ops.power, ops.greater and others",
        "",
        (op, node, out) -> binary(op.kind(), node, out));
  }

  private static void binary(Binary.Kind kind, Node node, KerasWriteGraph out) {
    var name = LAYERS.get(kind);
    var both = List.of(node.input(0), node.input(1));
    if (name != null && isMergeable(both, node)) merge(name, both, node, out);
    else if (!rescaled(kind, node, out)) function(kind, node, out);
  }

  // ---- layers

  /// Whether all are batches of one size and rank, which is what merging layers know.
  static boolean isMergeable(List<Value> all, Node node) {
    var y = node.output(0);
    return y.shape().isRanked()
        && y.shape().rank() > 1
        && y.dtype().isFloat()
        && all.stream().allMatch(x -> !x.isConstant() && isOf(x.shape(), y.shape()));
  }

  private static boolean isOf(Shape x, Shape y) {
    return x.isRanked() && x.rank() == y.rank() && x.dim(0).equals(y.dim(0));
  }

  static void merge(String className, List<Value> all, Node node, KerasWriteGraph out) {
    out.give(
        node,
        out.layer(className, node).with(Argument.of(out.tensors(all))).gives(node.output().type()));
  }

  /// `x · scale + offset` with numbers.
  private static boolean rescaled(Binary.Kind kind, Node node, KerasWriteGraph out) {
    boolean isFirst = node.input(1).isConstant();
    var x = node.input(isFirst ? 0 : 1);
    var number = node.input(isFirst ? 1 : 0).constant();
    boolean applies =
        number.isPresent()
            && number.get().size() == 1
            && !x.isConstant()
            && KerasWriteElementOps.isReal(x)
            && x.shape().equals(node.output().shape())
            && Double.isFinite(number.get().doubleAt(0));
    if (!applies) return false;
    double n = number.get().doubleAt(0);
    double[] terms =
        switch (kind) {
          case ADD -> new double[] {1, n};
          case MUL -> new double[] {n, 0};
          case SUB -> isFirst ? new double[] {1, -n} : new double[] {-1, n};
          case DIV -> isFirst && isExact(n) ? new double[] {1 / n, 0} : new double[0];
          default -> new double[0];
        };
    if (terms.length == 0) return false;
    var scaled = KerasWriteElementOps.scaled(out.tensor(x), terms[0], terms[1], node, out);
    out.give(node, scaled);
    return true;
  }

  /// Whether dividing by it is the same as multiplying with its reciprocal: powers of two.
  private static boolean isExact(double n) {
    return n != 0 && Math.abs(n) == Math.scalb(1.0, Math.getExponent(n));
  }

  // ---- functions

  /// A constant as an array, which brings its own element type.
  static Argument array(Value value, KerasWriteGraph out) {
    var data = value.constant();
    boolean isNumber = data.isPresent() && data.get().shape().hasRank(0);
    if (!isNumber) return out.argument(value);
    return Argument.of(KerasWriteGraph.numbers(data.get()));
  }

  private static void function(Binary.Kind kind, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var y = node.input(1);
    if (kind == Binary.Kind.DIV) {
      out.give(node, quotient(node, out));
      return;
    }
    var name = FUNCTIONS.get(kind);
    if (name == null) throw KerasRefusal.inexpressible("Keras has no " + kind);
    var made = call(name, x, y, out);
    out.give(node, made.gives(node.output().type()));
  }

  private static KerasWrittenLayer call(String name, Value x, Value y, KerasWriteGraph out) {
    // Two constants are none of a layer's: one of them has to be a tensor.
    boolean bothConstant = x.isConstant() && y.isConstant();
    var first = bothConstant ? Argument.of(out.tensor(x)) : out.argument(x);
    return out.operation(NUMPY, name).with(first).with(out.argument(y));
  }

  /// Whole numbers are divided as real ones, which holds what 24 bits hold.
  private static KerasTensor quotient(Node node, KerasWriteGraph out) {
    var dtype = node.output().dtype();
    if (!dtype.isFloat()) throw KerasRefusal.inexpressible("Keras divides real numbers only");
    return call("Divide", node.input(0), node.input(1), out).gives(node.output().type());
  }
}
