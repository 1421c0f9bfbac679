package watari.graph;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Copies graphs, so that one model read can become several results.
///
/// Names, types, origins and order are the same; the elements of constants are shared.
public final class GraphCopy {
  private GraphCopy() {}

  public static Model of(Model model) {
    return model.with(model.graphs().stream().map(GraphCopy::of).toList());
  }

  public static Graph of(Graph graph) {
    var copy = new Graph(graph.name());
    copy.setDescription(graph.description());
    copy.setProperties(graph.properties());
    copy.setSignature(graph.signature());
    graph.states().forEach(copy::addState);
    Map<Value, Value> made = new IdentityHashMap<>();
    made.put(Value.ABSENT, Value.ABSENT);
    for (var input : graph.inputs()) {
      made.put(input, named(copy.addInput(input.name(), input.type()), input));
    }
    for (var node : graph) copyNode(node, copy, made);
    for (int i = 0; i < graph.outputs().size(); i++) {
      copy.addOutput(graph.outputNames().get(i), copyOf(graph.outputs().get(i), copy, made));
    }
    return copy;
  }

  private static void copyNode(Node node, Graph copy, Map<Value, Value> made) {
    var inputs = node.inputs().stream().map(input -> copyOf(input, copy, made)).toList();
    var bodies =
        node.bodies().isEmpty()
            ? List.<Graph>of()
            : node.bodies().stream().map(GraphCopy::of).toList();
    var names = node.outputs().stream().map(Value::name).toList();
    var types = node.outputs().stream().map(Value::type).toList();
    var added =
        copy.insert(Optional.empty(), node.op(), inputs, names, types, bodies, node.origins());
    for (int i = 0; i < names.size(); i++) {
      made.put(node.output(i), named(added.output(i), node.output(i)));
    }
  }

  private static Value copyOf(Value value, Graph copy, Map<Value, Value> made) {
    var known = made.get(value);
    if (known != null) return known;
    var data = value.constant();
    if (data.isEmpty()) throw new IllegalStateException(value + " is used before it is defined");
    var constant = named(copy.addConstant(value.name(), value.type(), data.get()), value);
    made.put(value, constant);
    return constant;
  }

  private static Value named(Value copy, Value source) {
    copy.setSourceNames(source.sourceNames());
    return copy;
  }
}
