package watari.format.tflite;

import java.util.Optional;
import watari.format.tflite.schema.ActivationFunctionType;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;

/// An activation that an operator computes along with its own result.
///
/// @param code a constant of `ActivationFunctionType`
/// @param node the node that it stands for; none where there is none
/// @param result what the operator then gives
record TfliteActivation(byte code, Optional<Node> node, Value result) {
  static TfliteActivation none(Node node) {
    return new TfliteActivation(ActivationFunctionType.NONE, Optional.empty(), node.output(0));
  }

  /// The activation that may go into a node's operator: that of the only node that uses its output.
  static TfliteActivation after(Node node) {
    var output = node.output(0);
    var none = none(node);
    if (output.type().isQuantized() || output.uses().size() != 1) return none;
    if (node.graph().isOutput(output)) return none;
    var next = output.uses().iterator().next().node();
    byte code = code(next.op());
    if (code == ActivationFunctionType.NONE) return none;
    return new TfliteActivation(code, Optional.of(next), next.output());
  }

  /// The activation that an operator is; NONE where it is not one.
  static byte code(Op op) {
    return switch (op) {
      case Unary(var kind) ->
          kind == Unary.Kind.RELU ? ActivationFunctionType.RELU : ActivationFunctionType.NONE;
      case Clip(double min, double max) when min == 0 && max == 6 -> ActivationFunctionType.RELU6;
      case Clip(double min, double max) when min == -1 && max == 1 ->
          ActivationFunctionType.RELU_N1_TO_1;
      case Clip(double min, double max) when min == 0 && max == Double.POSITIVE_INFINITY ->
          ActivationFunctionType.RELU;
      default -> ActivationFunctionType.NONE;
    };
  }

  /// Whether a node goes into the operator of the one before it.
  static boolean isFused(Node node) {
    return code(node.op()) != ActivationFunctionType.NONE
        && node.input(0)
            .producer()
            .filter(TfliteActivation::takes)
            .flatMap(producer -> after(producer).node())
            .filter(next -> next == node)
            .isPresent();
  }

  /// Whether an operator is written with the activation behind it.
  static boolean takes(Node node) {
    return switch (node.op()) {
      case Conv _, ConvTranspose _, FullyConnected _, MaxPool _, AveragePool _ -> true;
      case Binary(var kind) ->
          switch (kind) {
            case ADD -> !TfliteBinaryOps.isInfiniteSum(node);
            case SUB, MUL, DIV -> true;
            default -> false;
          };
      default -> false;
    };
  }
}
