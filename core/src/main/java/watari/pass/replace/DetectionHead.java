package watari.pass.replace;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.DetectionOp;
import watari.rewrite.PassLog;

/// A node that suppresses overlapping boxes, and the outputs of the graph that hang on it.
///
/// @param outputs numbers of these outputs
record DetectionHead(Node node, List<Integer> outputs) {
  /// An output under its name.
  record Named(String name, Value value) {}

  /// Those of a graph; that there is none is said.
  static List<DetectionHead> of(Graph graph, PassLog log) {
    var heads = new ArrayList<DetectionHead>();
    for (var node : graph) {
      if (node.op() instanceof DetectionOp) heads.add(of(node));
    }
    if (heads.isEmpty()) {
      log.add(
          Finding.warning("NMS_UNUSED", "the model has no detection head that --nms could change")
              .fix("leave --nms out, or end the model elsewhere with --outputs"));
    }
    return heads;
  }

  private static DetectionHead of(Node node) {
    Set<Value> reached = new HashSet<>();
    var queue = new ArrayDeque<Value>(node.outputs());
    while (!queue.isEmpty()) {
      var value = queue.poll();
      if (!value.isPresent() || !reached.add(value)) continue;
      value.uses().forEach(use -> queue.addAll(use.node().outputs()));
    }
    var outputs = new ArrayList<Integer>();
    var all = node.graph().outputs();
    for (int i = 0; i < all.size(); i++) if (reached.contains(all.get(i))) outputs.add(i);
    return new DetectionHead(node, outputs);
  }

  /// Lets others stand for the outputs that hang on it.
  void replaceOutputs(List<Named> others) {
    var graph = node.graph();
    var names = graph.outputNames();
    var values = graph.outputs();
    var kept = new ArrayList<Named>();
    for (int i = 0; i < values.size(); i++) {
      if (!outputs.contains(i)) kept.add(new Named(names.get(i), values.get(i)));
    }
    kept.addAll(others);
    graph.clearOutputs();
    var taken = new HashSet<String>();
    for (var output : kept) {
      var name = output.name();
      for (int i = 1; !taken.add(name); i++) name = output.name() + "_" + i;
      graph.addOutput(name, output.value());
    }
  }

  Optional<Finding> refused(String why) {
    var origin = node.origin();
    return Optional.of(
        Finding.error("NMS_UNSUPPORTED", why)
            .at(origin.node(), origin.index(), origin.operator())
            .fix("leave --nms out, or use --nms strip"));
  }
}
