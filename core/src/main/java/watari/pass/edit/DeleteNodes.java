package watari.pass.edit;

import java.util.List;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Inference;
import watari.graph.Node;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// `f(x, …)` → `x`: takes nodes out; what used the first output uses the first input.
///
/// Shapes behind them are inferred anew. A node without a computed input, one whose other outputs
/// are used, and one without which later nodes do not fit, is an error.
public final class DeleteNodes implements Pass {
  private final List<String> nodes;

  /// @param nodes names of nodes, or of what they compute
  public DeleteNodes(List<String> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  @Override
  public String name() {
    return "delete";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var name : nodes) {
      var node = new TensorNames(graph).node(name, log);
      if (node.isPresent()) delete(graph, node.get(), log);
    }
  }

  private void delete(Graph graph, Node node, PassLog log) {
    boolean hasInput =
        !node.inputs().isEmpty() && node.input(0).isPresent() && !node.input(0).isConstant();
    if (!hasInput) {
      refuse(node, "has no computed input that could stand in its place", log);
      return;
    }
    for (var output : node.outputs().subList(1, node.outputs().size())) {
      if (output.isPresent() && (!output.uses().isEmpty() || graph.isOutput(output))) {
        refuse(node, "has a second output, '" + output.name() + "', which is used", log);
        return;
      }
    }
    var x = node.input(0);
    var y = node.output(0);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == y) graph.setOutput(i, x);
    }
    graph.replaceUses(y, x);
    graph.remove(node);
    inferAnew(graph, node, log);
    log.fired(name());
  }

  private static void inferAnew(Graph graph, Node gone, PassLog log) {
    try {
      new Inference(graph).inferAll(graph);
    } catch (IllegalArgumentException e) {
      refuse(gone, "cannot go: later nodes do not fit, " + e.getMessage(), log);
    }
  }

  private static void refuse(Node node, String why, PassLog log) {
    var origin = node.origin();
    log.add(
        Finding.error("EDIT_IMPOSSIBLE", "the node '" + node.output(0).name() + "' " + why)
            .at(origin.node(), origin.index(), origin.operator()));
  }
}
