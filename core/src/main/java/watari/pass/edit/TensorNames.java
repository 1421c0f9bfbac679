package watari.pass.edit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.rewrite.PassLog;

/// Finds what users name in a graph.
final class TensorNames {
  private final Map<String, Value> constants = new LinkedHashMap<>();
  private final Map<String, Value> computed = new LinkedHashMap<>();
  private final Map<String, Node> nodes = new LinkedHashMap<>();

  /// Names of outputs and inputs count before those of values, and these before names that the
  /// source's tensors had.
  TensorNames(Graph graph) {
    for (int i = 0; i < graph.outputs().size(); i++) {
      computed.putIfAbsent(graph.outputNames().get(i), graph.outputs().get(i));
    }
    graph.inputs().forEach(input -> computed.putIfAbsent(input.name(), input));
    for (var node : graph) {
      for (var input : node.inputs()) {
        if (input.isConstant()) constants.putIfAbsent(input.name(), input);
      }
      for (var output : node.outputs()) {
        if (output.isPresent()) computed.putIfAbsent(output.name(), output);
      }
      if (!node.origin().node().isEmpty()) nodes.putIfAbsent(node.origin().node(), node);
    }
    for (var value : constants.values().toArray(Value[]::new)) {
      value.sourceNames().forEach(name -> constants.putIfAbsent(name, value));
    }
  }

  /// Names of inputs, outputs and of what nodes compute.
  Set<String> computed() {
    return computed.keySet();
  }

  boolean has(String name) {
    return computed.containsKey(name) || constants.containsKey(name);
  }

  Optional<Value> constant(String name, PassLog log) {
    return found(constants, "constant", name, log);
  }

  /// An input, an output or what a node computes.
  Optional<Value> tensor(String name, PassLog log) {
    return found(computed, "tensor", name, log);
  }

  /// The same, or a constant.
  Optional<Value> tensorOrConstant(String name, PassLog log) {
    var constant = Optional.ofNullable(constants.get(name));
    return constant.isPresent() && !computed.containsKey(name) ? constant : tensor(name, log);
  }

  /// A node by the name that the file has for it, or by that of what it computes.
  Optional<Node> node(String name, PassLog log) {
    var made = Optional.ofNullable(computed.get(name)).flatMap(Value::producer);
    if (made.isPresent()) return made;
    return found(nodes, "node", name, log);
  }

  private static <T> Optional<T> found(
      Map<String, T> known, String what, String name, PassLog log) {
    var found = Optional.ofNullable(known.get(name));
    if (found.isEmpty()) {
      log.add(
          Finding.error("NAME_UNKNOWN", "the model has no " + what + " '" + name + "'")
              .fix("near names: " + String.join(", ", NearNames.of(name, known.keySet()))));
    }
    return found;
  }
}
