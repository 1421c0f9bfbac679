package watari.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// `Product(x, weights)` → `Product(x, Convert(int8 weights))`, or `Product(x, int8 weights)` where
/// the target quantizes `x` while it runs.
///
/// Weights are symmetric, with a scale for each output unless one for the whole is asked for. Small
/// ones stay, as do those that are not finite.
public final class QuantizeWeights implements Pass {
  private static final long LEAST_ELEMENTS = 64;

  private record Use(Value weights, int axis) {}

  private final boolean isDynamic;
  private final boolean isPerTensor;

  /// @param isDynamic whether products take the integers themselves
  /// @param isPerTensor whether a tensor has one scale
  public QuantizeWeights(boolean isDynamic, boolean isPerTensor) {
    this.isDynamic = isDynamic;
    this.isPerTensor = isPerTensor;
  }

  @Override
  public String name() {
    return isDynamic ? "dynamic8" : "weights8";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    Map<Use, Optional<Value>> stored = new HashMap<>();
    Map<Value, Value> decoded = new HashMap<>();
    for (var node : graph) {
      for (var body : node.bodies()) run(body, log);
      int operand = WeightScales.operand(node);
      if (operand < 0 || !isWeight(node.input(operand))) continue;
      var weights = stored.computeIfAbsent(use(node, operand), use -> stored(use, graph));
      if (weights.isEmpty()) continue;
      var taken = weights.get();
      if (!isDynamic || operand == 0) {
        taken = decoded.computeIfAbsent(taken, each -> decoded(each, node, inference));
      }
      graph.setInput(node, operand, taken);
      log.fired(name());
    }
  }

  private static boolean isWeight(Value value) {
    return value.isConstant()
        && value.dtype() == DataType.FLOAT32
        && !value.type().isQuantized()
        && WeightScales.isLarge(value.shape(), LEAST_ELEMENTS);
  }

  private Use use(Node node, int operand) {
    int axis = isPerTensor ? WeightScales.WHOLE : WeightScales.outputAxis(node);
    return new Use(node.input(operand), axis);
  }

  private static Optional<Value> stored(Use use, Graph graph) {
    var data = use.weights().constant().orElseThrow();
    return WeightScales.of(data, use.axis())
        .map(quantization -> {
          var type = use.weights().type().with(DataType.INT8).with(quantization);
          var name = use.weights().name() + "_int8";
          return graph.addConstant(name, type, data.quantized(quantization, DataType.INT8));
        });
  }

  private static Value decoded(Value stored, Node node, Inference inference) {
    return GraphBuilder.before(node, inference)
        .addNamed(stored.name() + "_float", new Convert(DataType.FLOAT32), stored);
  }
}
