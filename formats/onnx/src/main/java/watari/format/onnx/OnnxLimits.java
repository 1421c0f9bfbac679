package watari.format.onnx;

import java.util.Optional;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.graph.Node;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;

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
    return dtype(node);
  }

  /// Floats are written all the same: there ONNX is richer than its runtimes.
  private static Optional<Finding> dtype(Node node) {
    var data = OnnxComputeType.dataInputs(node);
    if (data.isEmpty()) return Optional.empty();
    var dtype = node.input(data.getFirst()).dtype();
    boolean isCounted = dtype.isInteger() && dtype.bits() >= 8 || dtype == DataType.BOOL;
    if (!isCounted || !OnnxKernels.lacks(node.op(), dtype)) return Optional.empty();
    var type = OnnxOpTypes.of(node.op());
    return refused("DTYPE_UNSUPPORTED", "no runtime has " + type + " of " + dtype);
  }

  private static Optional<Finding> refused(String code, String why) {
    return Optional.of(
        Finding.error(code, why).fix("end the model before this node with --outputs"));
  }
}
