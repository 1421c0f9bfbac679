package watari.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;

/// An operator of the source file: the nodes that it was read into, such as a convolution and the
/// activation that is fused into it there.
record SourceOperator(Origin origin, List<Node> nodes) {
  SourceOperator {
    nodes = List.copyOf(nodes);
  }

  /// The operators of a graph, bodies apart, in order.
  static List<SourceOperator> of(Graph graph) {
    var groups = new LinkedHashMap<Object, List<Node>>();
    for (var node : graph) {
      Object key = node.origin().index() < 0 ? node : node.origin();
      groups.computeIfAbsent(key, _ -> new ArrayList<>()).add(node);
    }
    return groups.values().stream()
        .map(nodes -> new SourceOperator(nodes.get(0).origin(), nodes))
        .toList();
  }

  /// The source format's name, or ours where no operator of the source stands behind it.
  String name() {
    return origin.operator().isEmpty() ? nodes.get(0).op().name() : origin.operator();
  }

  /// What it takes from elsewhere, constants included.
  List<Value> inputs() {
    var own = produced();
    var inputs = new ArrayList<Value>();
    for (var node : nodes) {
      for (var input : node.inputs()) {
        boolean isOther = input.isPresent() && !own.contains(input);
        if (isOther && inputs.stream().noneMatch(each -> each == input)) inputs.add(input);
      }
    }
    return inputs;
  }

  /// What others use of it; what nobody uses, too, but not what passes between its nodes.
  List<Value> outputs(Graph graph) {
    var inside = Collections.newSetFromMap(new IdentityHashMap<Value, Boolean>());
    for (var value : produced()) {
      boolean isUsed = !value.uses().isEmpty();
      boolean isInner = isUsed && value.uses().stream().allMatch(use -> nodes.contains(use.node()));
      if (isInner && !graph.isOutput(value)) inside.add(value);
    }
    return nodes.stream()
        .flatMap(node -> node.outputs().stream())
        .filter(value -> value.isPresent() && !inside.contains(value))
        .toList();
  }

  private Set<Value> produced() {
    Set<Value> own = Collections.newSetFromMap(new IdentityHashMap<>());
    nodes.forEach(node -> own.addAll(node.outputs()));
    return own;
  }
}
