package watari.pass.edit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Lets every call begin with the initial state: what is read is the initial constant, or what the
/// same call has written before.
///
/// Each state that was written is a warning. States that bodies read or write stay.
public final class ResetState implements Pass {
  @Override
  public String name() {
    return "reset-state";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inBodies = StatesOfBodies.of(graph);
    Map<String, Value> present = new HashMap<>();
    var written = new HashMap<String, Node>();
    for (var node : graph) {
      switch (node.op()) {
        case ReadState(var name, _) when !inBodies.contains(name) -> read(node, name, present);
        case WriteState(var name) when !inBodies.contains(name) -> {
          present.put(name, node.input(0));
          written.putIfAbsent(name, node);
          graph.remove(node);
        }
        default -> {}
      }
    }
    for (var state : List.copyOf(graph.states())) {
      if (inBodies.contains(state.name())) continue;
      graph.removeState(state.name());
      log.fired(name());
      Optional.ofNullable(written.get(state.name())).ifPresent(node -> warn(state, node, log));
    }
  }

  private static void read(Node node, String name, Map<String, Value> present) {
    var graph = node.graph();
    var value = present.computeIfAbsent(name, key -> initial(graph, graph.state(key)));
    graph.replaceUses(node.output(), value);
    graph.remove(node);
  }

  private static Value initial(Graph graph, Optional<State> state) {
    var known = state.orElseThrow();
    return graph.addConstant(
        known.name(), known.type().with(known.initial().shape()), known.initial());
  }

  private static void warn(State state, Node node, PassLog log) {
    var origin = node.origin();
    log.add(
        Finding.warning(
                "STATE_RESET",
                "state '" + state.name() + "' begins anew with every call, and is not kept")
            .at(origin.node(), origin.index(), origin.operator())
            .fix("convert with '--state io' to pass it in and out"));
  }
}
