package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Matrix products, normalisations and softmaxes.
final class OpenvinoWriteNorm {
  private OpenvinoWriteNorm() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(MatMul.class, OpenvinoWriteNorm::matMul)
        .on(FullyConnected.class, OpenvinoWriteNorm::fullyConnected)
        .on(
            Einsum.class,
            (op, node, out) -> out.add(node, "Einsum", 7).set("equation", op.equation()))
        .on(BatchNorm.class, OpenvinoWriteNorm::batchNorm)
        .on(InstanceNorm.class, OpenvinoWriteNorm::instanceNorm)
        .on(GroupNorm.class, OpenvinoWriteNorm::groupNorm)
        .on(LayerNorm.class, OpenvinoWriteNorm::layerNorm)
        .on(Lrn.class, OpenvinoWriteNorm::lrn)
        .on(LpNorm.class, OpenvinoWriteNorm::lpNorm)
        .on(Softmax.class, (op, node, out) -> out.add(node, "SoftMax", 8).set("axis", op.axis()))
        .on(
            LogSoftmax.class,
            (op, node, out) -> out.add(node, "LogSoftmax", 5).set("axis", op.axis()));
  }

  private static void matMul(MatMul op, Node node, OpenvinoNodes out) {
    out.add(node, "MatMul", 1)
        .set("transpose_a", op.transposeA())
        .set("transpose_b", op.transposeB());
  }

  private static void fullyConnected(FullyConnected op, Node node, OpenvinoNodes out) {
    Port[] operands = {out.input(node, 0), out.input(node, 1)};
    var bias = node.input(2);
    OpenvinoLayer layer;
    if (bias.isPresent()) {
      var product = out.step(node, "MatMul", 1, node.output().type(), operands);
      out.add(node, "Add", 1, product, out.port(bias)).set("auto_broadcast", "numpy");
      layer = product.layer();
    } else {
      layer = out.add(node, "MatMul", 1, operands);
    }
    layer.set("transpose_a", false).set("transpose_b", true);
  }

  /// IR takes the scale, the bias and the statistics in another order.
  private static void batchNorm(BatchNorm op, Node node, OpenvinoNodes out) {
    out.add(node, "BatchNormInference", 5).set("epsilon", op.epsilon());
  }

  private static void groupNorm(GroupNorm op, Node node, OpenvinoNodes out) {
    out.add(node, "GroupNormalization", 12)
        .set("num_groups", op.groups())
        .set("epsilon", op.epsilon());
  }

  private static void instanceNorm(InstanceNorm op, Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    scaled(normalised(op.epsilon(), 2, node, out), shapeOf(rank), node, out);
  }

  private static void layerNorm(LayerNorm op, Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    int axis = Math.floorMod(op.axis(), rank);
    scaled(normalised(op.epsilon(), axis, node, out), List.of(), node, out);
  }

  /// Where the channels of a vector stand in a shape that broadcasts.
  private static List<Integer> shapeOf(int rank) {
    var dims = new ArrayList<Integer>();
    for (int i = 1; i < rank; i++) dims.add(i == 1 ? -1 : 1);
    return dims;
  }

  private static OpenvinoLayer normalised(float epsilon, int from, Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    var axes = out.vector(node, "axes", LongStream.range(from, rank).toArray());
    boolean isScaled = node.input(1).isPresent() || node.input(2).isPresent();
    OpenvinoLayer layer;
    if (isScaled) {
      layer = out.step(node, "MVN", 6, node.output().type(), out.input(node, 0), axes).layer();
    } else {
      layer = out.add(node, "MVN", 6, out.input(node, 0), axes);
    }
    return layer.set("eps", epsilon).set("normalize_variance", true).set("eps_mode", "INSIDE_SQRT");
  }

  /// Times the scale, plus the bias: as they are, or as channels.
  private static void scaled(
      OpenvinoLayer normalised, List<Integer> channels, Node node, OpenvinoNodes out) {
    boolean hasScale = node.input(1).isPresent();
    boolean hasBias = node.input(2).isPresent();
    if (!hasScale && !hasBias) return;
    var result = normalised.port(0);
    if (hasScale) {
      Port[] operands = {result, operand(node.input(1), channels, "scale", node, out)};
      if (!hasBias) {
        out.add(node, "Multiply", 1, operands).set("auto_broadcast", "numpy");
        return;
      }
      result = out.step(node, "Multiply", 1, node.output().type(), operands);
      result.layer().set("auto_broadcast", "numpy");
    }
    out.add(node, "Add", 1, result, operand(node.input(2), channels, "bias", node, out))
        .set("auto_broadcast", "numpy");
  }

  private static Port operand(
      Value value, List<Integer> channels, String what, Node node, OpenvinoNodes out) {
    if (channels.isEmpty()) return out.port(value);
    var dims = new ArrayList<Dim>();
    for (int dim : channels) dims.add(dim < 0 ? value.shape().dim(0) : Dim.of(dim));
    return OpenvinoWriteWindow.reshaped(value, Shape.of(dims), what, node, out);
  }

  private static void lrn(Lrn op, Node node, OpenvinoNodes out) {
    out.add(node, "LRN", 1, out.input(node, 0), out.vector(node, "axes", 1))
        .set("alpha", op.alpha())
        .set("beta", op.beta())
        .set("bias", op.bias())
        .set("size", op.size());
  }

  /// IR limits the sum of squares, not its root.
  private static void lpNorm(LpNorm op, Node node, OpenvinoNodes out) {
    int axis = Math.floorMod(op.axis(), node.input(0).shape().rank());
    out.add(node, "NormalizeL2", 1, out.input(node, 0), out.vector(node, "axes", axis))
        .set("eps", op.epsilon() * op.epsilon())
        .set("eps_mode", "max");
  }
}
