package watari.api;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Signature;
import watari.graph.Value;
import watari.op.ControlOp.WriteState;
import watari.pass.fold.DeadCode;
import watari.rewrite.PassLog;

/// The piece of a graph that computes some values from others that are known.
///
/// A known value is an input of the piece wherever it is used, also where it is computed as well.
///
/// @param graph whose outputs are the wanted values, in order
/// @param inputs what each input of the piece is in the whole
record Part(Graph graph, List<Value> inputs) {
  static Part of(Graph whole, Set<Value> known, List<Value> wanted) {
    var graph = GraphCopy.of(whole);
    var copies = copies(whole, graph);
    var origins = new LinkedHashMap<Value, Value>();
    for (int i = 0; i < whole.inputs().size(); i++) {
      origins.put(graph.inputs().get(i), whole.inputs().get(i));
    }
    for (var node : whole.nodes()) {
      for (var value : node.outputs()) {
        if (!known.contains(value) || value.uses().isEmpty()) continue;
        var copy = requireNonNull(copies.get(value.name()));
        var input = graph.addInput(value.name() + "/given", value.type());
        for (var use : List.copyOf(copy.uses())) graph.setInput(use.node(), use.index(), input);
        origins.put(input, value);
      }
    }
    graph.clearOutputs();
    for (var value : wanted) {
      graph.addOutput(value.name(), requireNonNull(copies.get(value.name())));
    }
    for (var node : graph.nodes()) if (node.op() instanceof WriteState) graph.remove(node);
    new DeadCode().run(graph, new PassLog(false));
    return withoutUnused(graph, origins);
  }

  private static Part withoutUnused(Graph graph, Map<Value, Value> origins) {
    var inputs = new ArrayList<Value>();
    for (var input : List.copyOf(graph.inputs())) {
      if (input.uses().isEmpty() && !graph.isOutput(input)) graph.removeInput(input);
      else inputs.add(requireNonNull(origins.get(input)));
    }
    graph.setSignature(new Signature("", List.of(), List.of()));
    return new Part(graph, inputs);
  }

  private static Map<String, Value> copies(Graph whole, Graph copy) {
    var copies = new HashMap<String, Value>();
    var nodes = copy.nodes();
    int at = 0;
    for (var node : whole) {
      var twin = nodes.get(at++);
      for (int i = 0; i < node.outputs().size(); i++) {
        copies.put(node.output(i).name(), twin.output(i));
      }
    }
    return copies;
  }
}
