package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.List;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Products: Dense where a constant matrix is multiplied with, else `keras.ops`.
final class KerasWriteMatMulOps {
  private KerasWriteMatMulOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            FullyConnected.class,
            "Dense; ops.matmul with computed weights",
            "",
            (_, node, out) -> fullyConnected(node, out))
        .on(
            MatMul.class,
            "Dense with a constant matrix; ops.matmul",
            "",
            KerasWriteMatMulOps::matMul)
        .on(Einsum.class, "ops.einsum", "", KerasWriteMatMulOps::einsum);
  }

  private static void fullyConnected(Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var weights = node.input(1).constant();
    var bias = node.input(2);
    boolean isLayer = isBatch(x) && weights.isPresent() && (!bias.isPresent() || bias.isConstant());
    if (isLayer) {
      dense(weights.get().transposed(List.of(1, 0)), bias, node, out);
      return;
    }
    var turned = transposed(out.tensor(node.input(1)), List.of(1, 0), out);
    var product = product(out.tensor(x), turned, node.output().type(), out);
    out.give(node, bias.isPresent() ? out.sum(product, bias) : product);
  }

  /// Dense has a batch, and features whose number is known.
  private static boolean isBatch(Value x) {
    return x.shape().isRanked()
        && x.shape().rank() >= 2
        && x.shape().dim(-1).isFixed()
        && x.dtype().isFloat();
  }

  /// @param kernel `[I, O]`
  private static void dense(TensorData kernel, Value bias, Node node, KerasWriteGraph out) {
    var layer =
        out.layer("Dense", node)
            .set("units", kernel.shape().dim(1).fixed())
            .set("use_bias", bias.isPresent())
            .weight("kernel", kernel);
    bias.constant().ifPresent(data -> layer.weight("bias", data.reshaped(Shape.of(data.size()))));
    KerasWriteActivations.give(node, layer, out);
  }

  private static KerasTensor transposed(KerasTensor x, List<Integer> perm, KerasWriteGraph out) {
    return out.operation(NUMPY, "Transpose")
        .set("axes", perm)
        .on(x, x.type().with(x.type().shape().transposed(perm)));
  }

  private static KerasTensor product(
      KerasTensor a, KerasTensor b, TensorType type, KerasWriteGraph out) {
    return out.operation(NUMPY, "Matmul").with(Argument.of(a)).with(Argument.of(b)).gives(type);
  }

  private static void matMul(MatMul op, Node node, KerasWriteGraph out) {
    var a = node.input(0);
    var b = node.input(1);
    boolean isDense = isBatch(a) && !op.transposeA() && b.isConstant() && KerasShapes.rank(b) == 2;
    if (isDense) {
      var data = b.constant().orElseThrow();
      dense(op.transposeB() ? data.transposed(List.of(1, 0)) : data, Value.ABSENT, node, out);
      return;
    }
    var x = turned(out.tensor(a), op.transposeA(), out);
    var y = turned(out.tensor(b), op.transposeB(), out);
    out.give(node, exact(product(x, y, node.output().type(), out), node.output().dtype(), out));
  }

  /// Products of small integers are wider in Keras.
  private static KerasTensor exact(KerasTensor x, DataType dtype, KerasWriteGraph out) {
    if (dtype.isFloat()) return x;
    return out.operation(KerasWriteGraph.CORE, "Cast")
        .set("dtype", KerasTypes.name(dtype))
        .on(x, x.type());
  }

  private static KerasTensor turned(KerasTensor x, boolean turns, KerasWriteGraph out) {
    int rank = x.type().shape().rank();
    if (!turns || rank < 2) return x;
    var perm = new ArrayList<Integer>();
    for (int i = 0; i < rank - 2; i++) perm.add(i);
    perm.add(rank - 1);
    perm.add(rank - 2);
    return transposed(x, perm, out);
  }

  private static void einsum(Einsum op, Node node, KerasWriteGraph out) {
    var layer = out.operation(NUMPY, "Einsum").set("subscripts", op.equation());
    for (var input : node.inputs()) layer.with(Argument.of(out.tensor(input)));
    out.give(node, exact(layer.gives(node.output().type()), node.output().dtype(), out));
  }
}
