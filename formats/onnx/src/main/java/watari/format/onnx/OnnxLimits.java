package watari.format.onnx;

import java.util.Optional;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.graph.Node;
import watari.op.QuantizeOp.Convert;

/// What ONNX cannot say of any opset, once all rules have had their turn.
final class OnnxLimits {
  private OnnxLimits() {}

  static Optional<Finding> of(Node node) {
    if (OnnxOpTypes.of(node.op()).equals(OnnxOpTypes.NONE)) {
      return refused("OP_UNSUPPORTED", node.op().name() + " has no exact form in ONNX");
    }
    boolean isQuantized =
        Stream.concat(node.inputs().stream(), node.outputs().stream())
            .anyMatch(value -> value.type().isQuantized());
    boolean mayBe = node.op() instanceof Convert || OnnxExplicitQuantization.mayStay(node);
    if (isQuantized && !mayBe) {
      return refused("OP_UNSUPPORTED", node.op().name() + " has no form on quantized operands");
    }
    return Optional.empty();
  }

  private static Optional<Finding> refused(String code, String why) {
    return Optional.of(
        Finding.error(code, why).fix("end the model before this node with --outputs"));
  }
}
