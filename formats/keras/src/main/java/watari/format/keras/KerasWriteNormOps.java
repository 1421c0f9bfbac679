package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NN;

import java.util.ArrayList;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Normalisations, and softmaxes.
final class KerasWriteNormOps {
  private KerasWriteNormOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            BatchNorm.class,
            "BatchNormalization",
            "constant parameters, else arithmetic",
            KerasWriteNormOps::batchNorm)
        .on(
            LayerNorm.class,
            "LayerNormalization",
            "constant parameters and axes that are known, else arithmetic",
            KerasWriteNormOps::layerNorm)
        .on(
            GroupNorm.class,
            "GroupNormalization",
            "constant parameters, else arithmetic",
            (op, node, out) -> groupNorm(op.groups(), op.epsilon(), node, out))
        .on(
            InstanceNorm.class,
            "GroupNormalization",
            "constant parameters, else arithmetic",
            KerasWriteNormOps::instanceNorm)
        .on(Softmax.class, "Softmax; ops.softmax along the batch", "", KerasWriteNormOps::softmax)
        .on(LogSoftmax.class, "ops.log_softmax", "", KerasWriteNormOps::logSoftmax);
  }

  private static TensorData constant(Value value) {
    return value
        .constant()
        .orElseThrow(
            () -> KerasRefusal.inexpressible("its parameter '" + value.name() + "' is computed"));
  }

  private static void batchNorm(BatchNorm op, Node node, KerasWriteGraph out) {
    if (KerasShapes.rank(node.input(0)) < 2) {
      throw KerasRefusal.inexpressible("a layer has a batch, and the input one axis");
    }
    var made =
        out.layer("BatchNormalization", node)
            .set("axis", -1)
            .set("epsilon", op.epsilon())
            .set("center", true)
            .set("scale", true)
            .weight("gamma", constant(node.input(1)))
            .weight("beta", constant(node.input(2)))
            .statistic("moving_mean", constant(node.input(3)))
            .statistic("moving_variance", constant(node.input(4)))
            .on(out.tensor(node.input(0)), node.output().type());
    out.give(node, made);
  }

  // ---- by the input's own statistics

  private static void layerNorm(LayerNorm op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    int first = KerasShapes.axis(op.axis(), x);
    if (first == 0) throw KerasRefusal.inexpressible("it would normalise the batch");
    var axes = new ArrayList<Integer>();
    for (int i = first; i < rank; i++) axes.add(i);
    var dims = axes.stream().mapToLong(axis -> KerasShapes.fixed(x, axis)).toArray();
    var layer =
        out.layer("LayerNormalization", node)
            .set("axis", axes)
            .set("epsilon", op.epsilon())
            .set("center", node.input(2).isPresent())
            .set("scale", true)
            .weight("gamma", spread(node.input(1), Shape.of(dims)));
    if (node.input(2).isPresent()) layer.weight("beta", spread(node.input(2), Shape.of(dims)));
    out.give(node, layer.on(out.tensor(x), node.output().type()));
  }

  private static TensorData spread(Value value, Shape to) {
    var data = constant(value);
    if (data.shape().rank() <= to.rank()) return data.expanded(to);
    return data.reshaped(data.shape().slice(data.shape().rank() - to.rank(), data.shape().rank()))
        .expanded(to);
  }

  private static void instanceNorm(InstanceNorm op, Node node, KerasWriteGraph out) {
    groupNorm(KerasShapes.fixed(node.input(0), -1), op.epsilon(), node, out);
  }

  private static void groupNorm(long groups, float epsilon, Node node, KerasWriteGraph out) {
    KerasShapes.rank(node.input(0));
    var made =
        out.layer("GroupNormalization", node)
            .set("groups", groups)
            .set("axis", -1)
            .set("epsilon", epsilon)
            .set("center", true)
            .set("scale", true)
            .weight("gamma", constant(node.input(1)))
            .weight("beta", constant(node.input(2)))
            .on(out.tensor(node.input(0)), node.output().type());
    out.give(node, made);
  }

  // ---- softmaxes

  /// A softmax of bfloat16 is defined by steps that are each rounded; Keras rounds once.
  private static void requireOneRounding(Value x) {
    if (x.dtype() != DataType.BFLOAT16) return;
    throw KerasRefusal.unsupported(
        "Keras does not round the steps of a softmax to bfloat16",
        "store the model with --precision float32");
  }

  private static void softmax(Softmax op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    requireOneRounding(x);
    int axis = KerasShapes.axis(op.axis(), x);
    var layer =
        KerasShapes.rank(x) > 1 && axis > 0
            ? out.layer("Softmax", node)
            : out.operation(NN, "Softmax");
    out.give(node, layer.set("axis", axis).on(out.tensor(x), node.output().type()));
  }

  private static void logSoftmax(LogSoftmax op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    requireOneRounding(x);
    out.give(
        node,
        out.operation(NN, "LogSoftmax")
            .set("axis", KerasShapes.axis(op.axis(), x))
            .on(out.tensor(x), node.output().type()));
  }
}
