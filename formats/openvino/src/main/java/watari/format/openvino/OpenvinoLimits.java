package watari.format.openvino;

import java.util.Optional;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Custom;
import watari.op.IndexOp.OneHot;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.RoiAlign;
import watari.op.RecurrentOp;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;

/// Why a node cannot be written as IR, or would be computed otherwise than it is meant.
final class OpenvinoLimits {
  private OpenvinoLimits() {}

  static Optional<Finding> of(Node node) {
    return dtype(node).or(() -> wide(node)).or(() -> rank(node)).or(() -> operator(node));
  }

  private static Optional<Finding> dtype(Node node) {
    return Stream.concat(node.inputs().stream(), node.outputs().stream())
        .filter(Value::isPresent)
        .map(Value::dtype)
        .map(OpenvinoCarriers::of)
        .filter(dtype -> dtype == DataType.STRING || OpenvinoTypes.element(dtype).isEmpty())
        .findFirst()
        .map(dtype ->
            Finding.error("DTYPE_UNSUPPORTED", "OpenVINO does not compute with '" + dtype + "'")
                .fix("end the model before this node with --outputs"));
  }

  /// A number must not become an infinite one where float64 is carried as float32.
  private static Optional<Finding> wide(Node node) {
    for (var input : node.inputs()) {
      var data = input.constant().filter(each -> each.dtype() == DataType.FLOAT64);
      if (data.isEmpty()) continue;
      for (double number : data.get().doubles()) {
        if (Double.isInfinite(number) || !Float.isInfinite((float) number)) continue;
        var why =
            "the constant '%s' holds %s, beyond the range of float32, in which OpenVINO computes"
                .formatted(input.name(), number);
        return Optional.of(
            Finding.error("DTYPE_UNSUPPORTED", why)
                .fix("make the model with numbers that float32 holds"));
      }
    }
    return Optional.empty();
  }

  private static Optional<Finding> rank(Node node) {
    boolean isKnown =
        Stream.concat(
                node.inputs().stream(),
                node.outputs().stream().filter(output -> !output.uses().isEmpty()))
            .filter(Value::isPresent)
            .allMatch(value -> value.shape().isRanked());
    if (isKnown) return Optional.empty();
    return Optional.of(
        Finding.error("DYNAMIC_SHAPE", "OpenVINO does not compute with tensors of unknown rank")
            .fix("state the shapes with --input-shape"));
  }

  private static Optional<Finding> operator(Node node) {
    if (node.op() instanceof Custom op) return custom(op);
    if (!OpenvinoWriteOps.TABLE.has(node.op())) {
      return unsupported("operator '" + node.op().name() + "' has no OpenVINO equivalent");
    }
    return switch (node.op()) {
      case Pad(var mode) -> pad(mode, node);
      case OneHot _ -> fixed(node, 1, 2);
      case Softmax _, LogSoftmax _ ->
          node.output().dtype() == DataType.BFLOAT16
              ? unsupported("OpenVINO does not round the steps of a softmax to bfloat16")
              : Optional.empty();
      case Cumulative(var kind, _, _) ->
          kind == Cumulative.Kind.PROD
              ? unsupported("products up to each element need a dim that is known")
              : Optional.empty();
      case RoiAlign align ->
          align.average()
              ? Optional.empty()
              : unsupported("the largest samples of regions of computed shapes are not supported");
      case Unsqueeze _ -> fixed(node, 1);
      case Squeeze _ -> fixedUnlessLast(node, 1);
      case AveragePool(var window, _, _) ->
          window.dilations().stream().allMatch(d -> d == 1)
              ? Optional.empty()
              : unsupported("AvgPool has no dilations " + window.dilations());
      case SpaceToBatch _, BatchToSpace _ -> fixed(node, 1);
      case RecurrentOp _ ->
          OpenvinoWriteRecurrent.isExpressible(node)
              ? Optional.empty()
              : unsupported("it has functions or states that OpenVINO's operator lacks");
      case Reduce reduce -> reduce.keepDims() ? Optional.empty() : fixedUnlessLast(node, 1);
      case Resize op ->
          OpenvinoResizeRules.isNative(op, node) && !OpenvinoResizeRules.isUncertain(op, node)
              ? Optional.empty()
              : unsupported("Interpolate has no such mode");
      case MaxPool(_, _, boolean columnMajor) ->
          columnMajor && node.outputs().size() > 1
              ? unsupported("indices are counted with the first axis fastest")
              : Optional.empty();
      case ReadState(var state, _) -> state(state, node);
      case WriteState(var state) -> state(state, node);
      case Binary(var kind) when kind == Binary.Kind.ATAN2 ->
          unsupported("operator 'ATAN2' has no OpenVINO equivalent");
      default -> Optional.empty();
    };
  }

  private static Optional<Finding> state(String name, Node node) {
    if (node.graph().state(name).isPresent()) return Optional.empty();
    return unsupported("state '" + name + "' is used in a body, where OpenVINO keeps none")
        .map(finding -> finding.fix("convert with --state zero, or with --state io"));
  }

  private static Optional<Finding> pad(Pad.Mode mode, Node node) {
    if (mode == Pad.Mode.WRAP) return unsupported("pads that wrap have no OpenVINO equivalent");
    if (!node.input(0).shape().isRanked()) return unsupported("the rank of its input is unknown");
    if (node.input(3).isPresent()) return unsupported("the axes that it pads are computed");
    return Optional.empty();
  }

  private static Optional<Finding> fixed(Node node, int... inputs) {
    for (int i : inputs) {
      if (node.input(i).isPresent() && !node.input(i).isConstant()) {
        return unsupported("input " + i + " is computed while it runs, OpenVINO wants a constant");
      }
    }
    return Optional.empty();
  }

  /// What has as many axes as is computed may only be given: OpenVINO goes on with none such.
  private static Optional<Finding> fixedUnlessLast(Node node, int input) {
    boolean isLast = node.outputs().stream().allMatch(output -> output.uses().isEmpty());
    return isLast ? Optional.empty() : fixed(node, input);
  }

  private static Optional<Finding> custom(Custom op) {
    if (op.domain().startsWith(OpenvinoFormat.NAME)) return Optional.empty();
    return unsupported("operator '" + op.name() + "' has no OpenVINO equivalent");
  }

  private static Optional<Finding> unsupported(String why) {
    return Optional.of(
        Finding.error("OP_UNSUPPORTED", why).fix("end the model before this node with --outputs"));
  }
}
