package watari.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

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
    graph.descriptions().forEach(copy::describe);
    copy.setSignature(graph.signature());
    graph.states().forEach(copy::addState);
    Map<Value, Value> made = new IdentityHashMap<>();
    made.put(Value.ABSENT, Value.ABSENT);
    for (var input : graph.inputs()) {
      made.put(input, named(copy.addInput(input.name(), input.type()), input));
    }
    for (var node : graph) copyNode(node, copy, Optional.empty(), made);
    for (int i = 0; i < graph.outputs().size(); i++) {
      copy.addOutput(graph.outputNames().get(i), copyOf(graph.outputs().get(i), copy, made));
    }
    return copy;
  }

  /// Copies the nodes of a body before a node of another graph; its parameters become the
  /// arguments.
  ///
  /// @return what the body's outputs became
  public static List<Value> inline(Graph body, List<Value> arguments, Node place) {
    var graph = place.graph();
    Map<Value, Value> made = new IdentityHashMap<>();
    made.put(Value.ABSENT, Value.ABSENT);
    for (int i = 0; i < body.inputs().size(); i++) made.put(body.inputs().get(i), arguments.get(i));
    var unknowns = new HashMap<String, Dim>();
    for (var node : body) {
      var copy = copyNode(node, graph, Optional.of(place), made);
      for (var output : copy.outputs()) {
        if (output.isPresent()) output.setType(apart(output.type(), unknowns, graph));
      }
    }
    return body.outputs().stream().map(output -> copyOf(output, graph, made)).toList();
  }

  /// Lets the nodes of a body stand for a node; its parameters become the arguments, and what the
  /// node's outputs were called stays known.
  public static void replace(Node node, Graph body, List<Value> arguments) {
    var graph = node.graph();
    var made = inline(body, arguments, node);
    for (int i = 0; i < node.outputs().size(); i++) {
      var old = node.output(i);
      if (!old.isPresent()) continue;
      var names = new ArrayList<>(made.get(i).sourceNames());
      for (var name : old.sourceNames()) if (!names.contains(name)) names.add(name);
      made.get(i).setSourceNames(names);
      graph.replaceUses(old, made.get(i));
    }
    graph.remove(node);
  }

  /// Unknowns of a body are others than those of the same name in the graph.
  private static TensorType apart(TensorType type, Map<String, Dim> unknowns, Graph graph) {
    if (!type.shape().isRanked() || type.shape().isFixed()) return type;
    for (var dim : type.shape().dims()) {
      for (var monomial : dim.terms().keySet()) {
        for (var factor : monomial.split("\\*")) {
          if (factor.contains("?")) unknowns.computeIfAbsent(factor, _ -> graph.unknownDim());
        }
      }
    }
    var dims = type.shape().dims().stream().map(dim -> dim.replace(unknowns)).toList();
    return type.with(Shape.of(dims));
  }

  private static Node copyNode(
      Node node, Graph copy, Optional<Node> place, Map<Value, Value> made) {
    var inputs = node.inputs().stream().map(input -> copyOf(input, copy, made)).toList();
    var bodies =
        node.bodies().isEmpty()
            ? List.<Graph>of()
            : node.bodies().stream().map(GraphCopy::of).toList();
    var names = node.outputs().stream().map(Value::name).toList();
    var types = node.outputs().stream().map(Value::type).toList();
    var added = copy.insert(place, node.op(), inputs, names, types, bodies, node.origins());
    for (int i = 0; i < names.size(); i++) {
      made.put(node.output(i), named(added.output(i), node.output(i)));
    }
    return added;
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
