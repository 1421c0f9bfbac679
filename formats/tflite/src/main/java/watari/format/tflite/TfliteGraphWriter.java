package watari.format.tflite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.SequenceOp;
import watari.tensor.TensorType;

/// Writes the nodes of a graph into a subgraph.
final class TfliteGraphWriter {
  private TfliteGraphWriter() {}

  static void write(Graph graph, TfliteSubgraph out) {
    for (var input : graph.inputs()) out.addInput(out.tensor(input));
    var variables = TfliteVariableStates.of(graph);
    out.setVariableStates(variables);
    var resources = graph.states().stream().filter(state -> !variables.has(state.name())).toList();
    out.parts().initialise(resources, out);
    var copies = nameOutputs(graph, out);
    writeNodes(graph, out);
    for (int i = 0; i < graph.outputs().size(); i++) {
      int from = out.tensor(graph.outputs().get(i));
      int to = from;
      if (copies.contains(i)) {
        to = out.named(graph.outputs().get(i), graph.outputNames().get(i));
        out.alias(graph.outputs().get(i), from);
        TfliteShapeOps.copy(from, to, out);
      }
      out.addOutput(to);
    }
  }

  static void writeNodes(Graph graph, TfliteSubgraph out) {
    for (var node : graph) if (!out.isFused(node)) write(node, out);
  }

  /// Gives outputs their names beforehand; those that need a copy of their own are returned.
  private static Set<Integer> nameOutputs(Graph graph, TfliteSubgraph out) {
    var copies = new java.util.HashSet<Integer>();
    Set<Value> named = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < graph.outputs().size(); i++) {
      var value = graph.outputs().get(i);
      boolean isComputed = value.producer().isPresent();
      if (isComputed && named.add(value)) out.named(value, graph.outputNames().get(i));
      else copies.add(i);
    }
    return copies;
  }

  static void write(Node node, TfliteSubgraph out) {
    var entry = TfliteWriteOps.TABLE.entry(node.op());
    if (entry.isEmpty()) {
      throw Refusal.operator(
          "TFLite has no operator for '" + node.op().name() + "'",
          "end the model before this node with --outputs");
    }
    requireTypes(node);
    out.setPrefix(node.outputs().isEmpty() ? "" : node.output(0).name());
    try {
      entry.get().write(node.op(), node, out);
    } catch (ArithmeticException _) {
      throw new Refusal(
          "SHAPE_UNSUPPORTED",
          "a number that says how it moves elements does not fit into TFLite's 32 bits",
          "end the model before this node with --outputs");
    }
  }

  private static void requireTypes(Node node) {
    var all = new ArrayList<>(node.inputs());
    all.addAll(node.outputs());
    for (var value : all) if (value.isPresent()) TfliteSubgraph.number(value.dtype());
  }

  /// Why a node cannot be written.
  static Optional<Finding> refuse(Node node) {
    var out = new TfliteSubgraph(new DryRun(), "");
    if (node.op() instanceof SequenceOp) {
      out.setVariableStates(TfliteVariableStates.of(node.graph()));
    }
    try {
      if (!TfliteActivation.isFused(node)) write(node, out);
      return Optional.empty();
    } catch (Refusal refusal) {
      var origin = node.origin();
      var place =
          origin.node().isEmpty() && !node.outputs().isEmpty()
              ? node.output(0).name()
              : origin.node();
      var operator = origin.operator().isEmpty() ? node.op().name() : origin.operator();
      return Optional.of(
          Finding.error(refusal.code(), String.valueOf(refusal.getMessage()))
              .at(place, origin.index(), operator)
              .withTypes(types(node.inputs()), types(node.outputs()))
              .fix(refusal.fix()));
    }
  }

  private static List<String> types(List<Value> values) {
    return values.stream()
        .filter(Value::isPresent)
        .map(Value::type)
        .map(TensorType::toString)
        .toList();
  }

  /// Takes operators to see whether they can be written, and keeps nothing.
  private static final class DryRun extends TfliteParts {
    @Override
    boolean isDry() {
      return true;
    }

    @Override
    int subgraph(Graph graph) {
      return 0;
    }

    @Override
    int buffer(watari.tensor.TensorData data) {
      return 1;
    }
  }
}
