package watari.pass.edit;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Passes state in and out: each state becomes an input and an output behind the model's own.
///
/// Both are named after the state, the output with `_out`. States that bodies read or write stay.
public final class StateToIo implements Pass {
  @Override
  public String name() {
    return "state-to-io";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inBodies = StatesOfBodies.of(graph);
    freeNames(graph);
    Map<String, Value> present = new HashMap<>();
    var inputs = new ArrayList<String>();
    for (var state : graph.states()) {
      if (inBodies.contains(state.name())) continue;
      var input = graph.addInput(state.name(), state.type());
      present.put(state.name(), input);
    }
    for (var node : graph) {
      if (node.op() instanceof ReadState(var name, _) && present.containsKey(name)) {
        graph.replaceUses(node.output(), present.get(name));
        graph.remove(node);
      } else if (node.op() instanceof WriteState(var name) && present.containsKey(name)) {
        present.put(name, node.input(0));
        graph.remove(node);
      }
    }
    var outputs = new ArrayList<String>();
    for (var state : List.copyOf(graph.states())) {
      if (inBodies.contains(state.name())) continue;
      inputs.add(state.name());
      outputs.add(state.name() + "_out");
      graph.addOutput(state.name() + "_out", requireNonNull(present.get(state.name())));
      graph.removeState(state.name());
      log.fired(name());
    }
    extendSignature(graph, inputs, outputs);
  }

  /// What is read from a state often has the name that the input is to have.
  private static void freeNames(Graph graph) {
    for (var node : graph) {
      for (var value : node.outputs()) {
        if (graph.state(value.name()).isPresent()) graph.rename(value, value.name() + "/read");
      }
    }
  }

  private static void extendSignature(Graph graph, List<String> inputs, List<String> outputs) {
    var old = graph.signature();
    if (old.inputs().isEmpty() && old.outputs().isEmpty()) return;
    var allInputs = new ArrayList<>(old.inputs());
    var allOutputs = new ArrayList<>(old.outputs());
    allInputs.addAll(inputs);
    allOutputs.addAll(outputs);
    graph.setSignature(new Signature(old.key(), allInputs, allOutputs));
  }
}
