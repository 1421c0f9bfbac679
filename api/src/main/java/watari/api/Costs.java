package watari.api;

import java.util.IdentityHashMap;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.RecurrentOp;
import watari.op.SequenceOp;
import watari.tensor.Shape;

/// What running a graph costs; unknown dims count as 1.
final class Costs {
  private Costs() {}

  /// Multiplications with addition of convolutions, matrix products and recurrent networks.
  static long multiplyAdds(Node node) {
    return switch (node.op()) {
      case Conv _, ConvInteger _ -> elements(node.output(0)) * perOutput(node.input(1).shape());
      case ConvTranspose _ -> elements(node.input(0)) * perOutput(node.input(1).shape());
      case FullyConnected _ -> elements(node.output(0)) * last(node.input(1).shape());
      case MatMul(boolean transposeA, _) -> {
        var shape = node.input(0).shape();
        boolean isMatrix = shape.isRanked() && shape.rank() > 1;
        yield elements(node.output(0))
            * (transposeA && isMatrix ? size(shape, shape.rank() - 2) : last(shape));
      }
      case MatMulInteger _ -> elements(node.output(0)) * last(node.input(0).shape());
      case RecurrentOp _ -> {
        var x = node.input(0).shape();
        long steps = x.hasRank(3) ? size(x, 0) * size(x, 1) : 1;
        yield steps * (elements(node.input(1)) + elements(node.input(2)));
      }
      case SequenceOp op -> {
        var x = node.input(0).shape();
        long steps = x.hasRank(3) ? size(x, 0) * size(x, 1) : size(x, 0);
        yield steps * matrices(op, node);
      }
      default -> 0;
    };
  }

  /// Elements of all matrices of weights.
  private static long matrices(SequenceOp op, Node node) {
    long all = 0;
    for (int i = 1; i < op.backwardInput(); i++) {
      int operand = (i - 1) % op.operandCount();
      boolean isState = operand >= op.firstState() && operand < op.firstState() + op.stateCount();
      var value = i < node.inputs().size() ? node.input(i) : Value.ABSENT;
      if (!isState && value.isPresent() && value.shape().hasRank(2)) all += elements(value);
    }
    return all;
  }

  /// The most bytes that inputs, outputs and values between operators of the source take at once,
  /// when each lives from its operator to its last use.
  static long peakBytes(Graph graph) {
    var operators = SourceOperator.of(graph);
    Map<Value, Integer> last = new IdentityHashMap<>();
    for (int i = 0; i < operators.size(); i++) {
      for (var input : operators.get(i).inputs()) last.put(input, i);
    }
    var freed = new long[operators.size()];
    last.forEach((value, i) -> {
      if (!value.isConstant() && !graph.isOutput(value)) freed[i] += bytes(value);
    });
    long live = graph.inputs().stream().mapToLong(Costs::bytes).sum();
    long peak = live;
    for (int i = 0; i < freed.length; i++) {
      var outputs = operators.get(i).outputs(graph);
      for (var output : outputs) live += bytes(output);
      peak = Math.max(peak, live + insideBytes(operators.get(i)));
      live -= freed[i];
      for (var output : outputs) {
        if (!last.containsKey(output) && !graph.isOutput(output)) live -= bytes(output);
      }
    }
    return peak;
  }

  /// What the bodies of an operator take beside its own inputs and outputs.
  private static long insideBytes(SourceOperator operator) {
    long most = 0;
    for (var node : operator.nodes()) {
      for (var body : node.bodies()) most = Math.max(most, peakBytes(body));
    }
    return most;
  }

  private static long bytes(Value value) {
    return elements(value) * value.dtype().bits() / 8;
  }

  private static long perOutput(Shape filter) {
    if (!filter.isRanked() || filter.rank() == 0) return 1;
    return elements(filter) / Math.max(1, size(filter, 0));
  }

  private static long last(Shape shape) {
    return shape.isRanked() && shape.rank() > 0 ? size(shape, shape.rank() - 1) : 1;
  }

  private static long elements(Value value) {
    return value.isPresent() ? elements(value.shape()) : 0;
  }

  private static long elements(Shape shape) {
    long elements = 1;
    if (!shape.isRanked()) return elements;
    for (int axis = 0; axis < shape.rank(); axis++) elements *= size(shape, axis);
    return elements;
  }

  private static long size(Shape shape, int axis) {
    return shape.dim(axis).value().orElse(1);
  }
}
