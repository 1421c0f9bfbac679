package watari.pass.fold;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Op;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Removes nodes that nothing needs, and states that are never read.
///
/// Reading a state that nobody uses is dead; writing one is, if it is never read.
public final class DeadCode implements Pass {
  @Override
  public String name() {
    return "dead-code";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    removeUnused(graph.nodes(), log);
    removeUnreadStates(graph, log);
    for (var node : graph) for (var body : node.bodies()) run(body, log);
  }

  private void removeUnused(List<Node> nodes, PassLog log) {
    var stack = new ArrayDeque<>(nodes);
    while (!stack.isEmpty()) {
      var node = stack.pollLast();
      if (node.isRemoved() || !isRemovable(node.op()) || isUsed(node)) continue;
      var inputs = List.copyOf(node.inputs());
      node.graph().remove(node);
      log.fired(name());
      for (var input : inputs) input.producer().ifPresent(stack::addLast);
    }
  }

  private static boolean isRemovable(Op op) {
    return op.isPure() || op instanceof ReadState;
  }

  private static boolean isUsed(Node node) {
    return node.outputs().stream()
        .anyMatch(value -> !value.uses().isEmpty() || node.graph().isOutput(value));
  }

  private void removeUnreadStates(Graph graph, PassLog log) {
    if (graph.states().isEmpty()) return;
    var read = readStates(graph);
    for (var state : List.copyOf(graph.states())) {
      if (read.contains(state.name())) continue;
      var freed = new ArrayList<Node>();
      for (var node : graph) {
        if (!(node.op() instanceof WriteState(var name)) || !name.equals(state.name())) continue;
        node.inputs().forEach(input -> input.producer().ifPresent(freed::add));
        graph.remove(node);
        log.fired(name());
      }
      graph.removeState(state.name());
      removeUnused(freed, log);
    }
  }

  /// Names of the states that a graph or its bodies read.
  private static Set<String> readStates(Graph graph) {
    var names = new HashSet<String>();
    var graphs = new ArrayDeque<Graph>(Collections.singletonList(graph));
    while (!graphs.isEmpty()) {
      for (var node : graphs.poll()) {
        if (node.op() instanceof ReadState(var name, _)) names.add(name);
        graphs.addAll(node.bodies());
      }
    }
    return names;
  }
}
