package watari.pass.edit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.tensor.TensorType;

/// If, Loop whose bodies read or write states → ReadState, the same with each of these states as a
/// value that goes in and comes out, WriteState.
///
/// Of a Loop such a value is carried from one iteration to the next.
public final class LiftStates {
  private final Graph root;

  private LiftStates(Graph root) {
    this.root = root;
  }

  /// Leaves no state within the bodies of a graph.
  public static void run(Graph root) {
    new LiftStates(root).graph(root);
  }

  private void graph(Graph graph) {
    for (var node : graph.nodes()) {
      if (node.bodies().isEmpty()) continue;
      node.bodies().forEach(this::graph);
      var names = names(node);
      if (!names.isEmpty()) lift(node, names.stream().map(this::state).toList());
    }
  }

  private State state(String name) {
    return root.state(name).orElseThrow();
  }

  private static Set<String> names(Node node) {
    var names = new LinkedHashSet<String>();
    for (var body : node.bodies()) {
      for (var inner : body) {
        if (inner.op() instanceof ReadState(var name, _)) names.add(name);
        if (inner.op() instanceof WriteState(var name)) names.add(name);
      }
    }
    return names;
  }

  private static void lift(Node node, List<State> states) {
    var graph = node.graph();
    var op = node.op();
    int carried = op instanceof Loop(int count, _) ? count : 0;
    int place = op instanceof Loop ? 2 + carried : node.inputs().size();
    int result = op instanceof Loop ? carried : node.outputs().size();
    for (var body : node.bodies()) {
      int at = op instanceof Loop ? place : body.inputs().size();
      lift(body, at, op instanceof If ? result : 1 + result, states);
    }
    var builder = GraphBuilder.before(node, new Inference(graph)).from(node.origins());
    var inputs = new ArrayList<>(node.inputs());
    for (int i = 0; i < states.size(); i++) inputs.add(place + i, read(states.get(i), builder));
    var old = node.outputs();
    var names = new ArrayList<>(old.stream().map(Value::name).toList());
    var types = new ArrayList<TensorType>(old.stream().map(Value::type).toList());
    for (int i = 0; i < states.size(); i++) {
      names.add(result + i, states.get(i).name() + "/last");
      types.add(result + i, states.get(i).type());
    }
    var wider = op instanceof Loop(_, int scans) ? new Loop(carried + states.size(), scans) : op;
    var made = builder.addDeclared(wider, inputs, names, types, node.bodies());
    for (int i = 0; i < old.size(); i++) {
      graph.replaceUses(old.get(i), made.output(i < result ? i : i + states.size()));
    }
    graph.remove(node);
    for (int i = 0; i < old.size(); i++) {
      graph.takeName(made.output(i < result ? i : i + states.size()), old.get(i));
    }
    for (int i = 0; i < states.size(); i++) {
      var last = List.of(made.output(result + i));
      builder.add(new WriteState(states.get(i).name()), last, List.of(), List.of());
    }
  }

  private static Value read(State state, GraphBuilder builder) {
    var op = new ReadState(state.name(), state.type());
    return builder
        .addDeclared(op, List.of(), List.of(state.name()), List.of(state.type()), List.of())
        .output();
  }

  /// Lets states come into a body as parameters from `input` on, and go out from `output` on.
  private static void lift(Graph body, int input, int output, List<State> states) {
    Map<String, Value> present = new HashMap<>();
    for (int i = 0; i < states.size(); i++) {
      var state = states.get(i);
      present.put(state.name(), body.addInput(input + i, state.name(), state.type()));
    }
    for (var node : body.nodes()) {
      if (node.op() instanceof ReadState(var name, _)) {
        body.replaceUses(node.output(), present.getOrDefault(name, Value.ABSENT));
        body.remove(node);
      } else if (node.op() instanceof WriteState(var name)) {
        present.put(name, node.input(0));
        body.remove(node);
      }
    }
    var outputs = new ArrayList<>(body.outputs());
    var names = new ArrayList<>(body.outputNames());
    for (int i = 0; i < states.size(); i++) {
      var name = states.get(i).name();
      outputs.add(output + i, present.getOrDefault(name, Value.ABSENT));
      names.add(output + i, name + "/last");
    }
    body.clearOutputs();
    for (int i = 0; i < outputs.size(); i++) body.addOutput(names.get(i), outputs.get(i));
  }
}
