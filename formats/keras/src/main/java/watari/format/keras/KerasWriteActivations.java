package watari.format.keras;

import java.util.Optional;
import watari.graph.Node;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.tensor.DataType;

/// Functions that layers apply to what they give, by the names that Keras 2 and 3 have for them.
final class KerasWriteActivations {
  private static final float SELU_ALPHA = 1.6732632f;
  private static final float SELU_GAMMA = 1.050701f;

  private KerasWriteActivations() {}

  /// Calls a layer for a node; an activation that alone uses the result becomes part of the layer.
  static void give(Node node, KerasWrittenLayer layer, KerasWriteGraph out) {
    var behind = follower(node);
    layer.set("activation", behind.flatMap(next -> name(next.op(), next)).orElse("linear"));
    var made = layer.on(out.tensor(node.input(0)), node.output().type());
    out.give(node, made);
    behind.ifPresent(next -> out.take(next, made));
  }

  /// The activation that is all that uses what a node gives.
  private static Optional<Node> follower(Node node) {
    var output = node.output();
    if (output.uses().size() != 1 || node.graph().isOutput(output)) return Optional.empty();
    var next = output.uses().iterator().next().node();
    return Optional.of(next).filter(each -> name(each.op(), each).isPresent());
  }

  /// What an operator is called as an activation; empty where it is none.
  static Optional<String> name(Op op, Node node) {
    if (!node.input(0).dtype().isFloat() || node.input(0).dtype() == DataType.FLOAT64) {
      return Optional.empty();
    }
    return switch (op) {
      case Unary(var kind) -> unary(kind);
      case Swish(float alpha) when alpha == 1 -> Optional.of("swish");
      case Elu(float alpha) when alpha == 1 -> Optional.of("elu");
      case Selu(float alpha, float gamma) when alpha == SELU_ALPHA && gamma == SELU_GAMMA ->
          Optional.of("selu");
      case Gelu(boolean approximate) when !approximate -> Optional.of("gelu");
      case Softmax(int axis) when isLast(axis, node) -> Optional.of("softmax");
      default -> Optional.empty();
    };
  }

  private static boolean isLast(int axis, Node node) {
    var shape = node.input(0).shape();
    return shape.isRanked() && shape.rank() > 1 && (axis == -1 || axis == shape.rank() - 1);
  }

  private static Optional<String> unary(Unary.Kind kind) {
    return switch (kind) {
      case RELU -> Optional.of("relu");
      case SIGMOID -> Optional.of("sigmoid");
      case TANH -> Optional.of("tanh");
      case SOFTPLUS -> Optional.of("softplus");
      case SOFTSIGN -> Optional.of("softsign");
      case EXP -> Optional.of("exponential");
      case MISH -> Optional.of("mish");
      default -> Optional.empty();
    };
  }
}
