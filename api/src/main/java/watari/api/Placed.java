package watari.api;

import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;

/// Findings about nodes, with all that is known of the node.
final class Placed {
  private Placed() {}

  /// The finding with the node's place and types where it does not say them itself.
  static Finding at(Finding finding, Node node) {
    var placed = finding;
    if (finding.node().isEmpty() && finding.index() < 0) {
      var origin = node.origin();
      var name = origin.node();
      if (name.isEmpty() && origin.index() < 0 && !node.outputs().isEmpty()) {
        name = node.output(0).name();
      }
      var operator =
          !finding.operator().isEmpty()
              ? finding.operator()
              : origin.operator().isEmpty() ? node.op().name() : origin.operator();
      placed = placed.at(name, origin.index(), operator);
    }
    if (finding.inputs().isEmpty() && finding.outputs().isEmpty()) {
      placed = placed.withTypes(types(node.inputs()), types(node.outputs()));
    }
    return placed;
  }

  private static java.util.List<String> types(java.util.List<Value> values) {
    return values.stream().map(v -> v.isPresent() ? v.type().toString() : "").toList();
  }
}
