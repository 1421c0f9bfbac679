package watari.pass.storage;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Lets operators work on floats that `Convert` nodes make of quantized values, and back.
///
/// A node that may keep quantized operands and results is left alone, as are those that see the
/// stored integers themselves (Convert, Cast, Custom, control flow). The quantized value keeps its
/// name; the float before it gets another.
public final class MakeQuantizationExplicit implements Pass {
  private final Predicate<Node> keeps;

  /// @param keeps nodes that work on quantized values as they are
  public MakeQuantizationExplicit(Predicate<Node> keeps) {
    this.keeps = keeps;
  }

  @Override
  public String name() {
    return "explicit-quantization";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    Map<Value, Value> floats = new IdentityHashMap<>();
    for (var node : graph) {
      inference.remember(node);
      for (var body : node.bodies()) run(body, log);
      if (RawStorage.isSeenBy(node.op()) || !isQuantized(node) || keeps.test(node)) continue;
      dequantizeInputs(node, floats, inference);
      quantizeOutputs(node, inference);
      log.fired(name());
    }
  }

  private static boolean isQuantized(Node node) {
    return node.inputs().stream().anyMatch(value -> value.type().isQuantized())
        || node.outputs().stream().anyMatch(value -> value.type().isQuantized());
  }

  private static void dequantizeInputs(Node node, Map<Value, Value> floats, Inference inference) {
    for (int i = 0; i < node.inputs().size(); i++) {
      var input = node.input(i);
      if (!input.type().isQuantized()) continue;
      var real = floats.computeIfAbsent(input, value -> dequantized(value, node, inference));
      node.graph().setInput(node, i, real);
    }
  }

  private static Value dequantized(Value value, Node before, Inference inference) {
    var origins = value.producer().map(Node::origins).orElse(before.origins());
    return GraphBuilder.before(before, inference)
        .from(origins)
        .addNamed(value.name() + "_float", new Convert(DataType.FLOAT32), value);
  }

  private static void quantizeOutputs(Node node, Inference inference) {
    for (var output : node.outputs()) {
      if (output.type().isQuantized()) quantizeOutput(node, output, inference);
    }
  }

  /// The node gives floats from now on; a Convert behind it stores them as they were stored.
  static Value quantizeOutput(Node node, Value output, Inference inference) {
    var stored = output.type();
    var name = output.name();
    var graph = node.graph();
    graph.rename(output, name + "_float");
    output.setType(new TensorType(DataType.FLOAT32, stored.shape()));
    var users = new ArrayList<>(output.uses());
    var quantized =
        GraphBuilder.at(graph, node.nextNode(), inference)
            .from(node.origins())
            .addNamed(name, new Convert(stored.dtype()), output);
    quantized.setType(stored);
    quantized.setSourceNames(output.sourceNames());
    output.setSourceNames(List.of());
    for (var use : users) graph.setInput(use.node(), use.index(), quantized);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == output) graph.setOutput(i, quantized);
    }
    return quantized;
  }
}
