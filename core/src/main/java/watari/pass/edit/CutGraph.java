package watari.pass.edit;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.pass.fold.DeadCode;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Cuts a graph at named tensors, which become its inputs or outputs.
///
/// Names are those of values, of outputs, or of the source's tensors that a value stands for.
/// Without names for an end, that end stays; inputs that nothing needs any more go. A name that is
/// not there, and an input that is still needed though it is not among the new ones, is an error.
public final class CutGraph implements Pass {
  private final List<String> inputs;
  private final List<String> outputs;

  /// @param inputs names of the new inputs, in order; none for the graph's own
  /// @param outputs names of the new outputs, in order; none for the graph's own
  public CutGraph(List<String> inputs, List<String> outputs) {
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
  }

  @Override
  public String name() {
    return "cut-graph";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var names = names(graph);
    var known = signatureNames(graph);
    // Both are looked at, so that all unknown names are reported.
    boolean inputsKnown = areKnown(inputs, names, log);
    boolean outputsKnown = areKnown(outputs, names, log);
    if (!inputsKnown || !outputsKnown) return;
    if (!outputs.isEmpty()) {
      graph.clearOutputs();
      for (var output : outputs) graph.addOutput(output, requireNonNull(names.get(output)));
    }
    var before = graph.inputs().stream().filter(CutGraph::isUsed).toList();
    var cut = new ArrayList<Value>();
    for (var input : inputs) cut.add(cutAt(graph, requireNonNull(names.get(input)), input));
    new DeadCode().run(graph, log);
    if (!inputs.isEmpty()) takeInputs(graph, cut, log);
    else before.stream().filter(value -> !isNeeded(graph, value)).forEach(graph::removeInput);
    describe(graph, known);
    log.fired(name());
  }

  private static boolean isUsed(Value value) {
    return !value.uses().isEmpty();
  }

  private static boolean isNeeded(Graph graph, Value value) {
    return isUsed(value) || graph.isOutput(value);
  }

  private static Map<String, Value> names(Graph graph) {
    var names = new LinkedHashMap<String, Value>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      names.put(graph.outputNames().get(i), graph.outputs().get(i));
    }
    graph.inputs().forEach(value -> names.put(value.name(), value));
    for (var node : graph) {
      for (var output : node.outputs()) {
        if (output.isPresent()) names.putIfAbsent(output.name(), output);
      }
    }
    for (var node : graph) {
      for (var output : node.outputs()) {
        output.sourceNames().forEach(name -> names.putIfAbsent(name, output));
      }
    }
    return names;
  }

  private static boolean areKnown(List<String> asked, Map<String, Value> names, PassLog log) {
    boolean all = true;
    for (var name : asked) {
      if (names.containsKey(name)) continue;
      all = false;
      log.add(
          Finding.error("NAME_UNKNOWN", "the model has no tensor '" + name + "'")
              .fix("near names: " + String.join(", ", NearNames.of(name, names.keySet()))));
    }
    return all;
  }

  private static Value cutAt(Graph graph, Value value, String name) {
    if (graph.inputs().contains(value)) return value;
    graph.rename(value, name + "_cut");
    var input = graph.addInput(name, value.type());
    graph.replaceUses(value, input);
    return input;
  }

  private static void takeInputs(Graph graph, List<Value> cut, PassLog log) {
    for (var input : List.copyOf(graph.inputs())) {
      if (cut.contains(input)) continue;
      if (isNeeded(graph, input)) {
        log.add(
            Finding.error(
                    "INPUT_NEEDED",
                    "input '" + input.name() + "' is still needed, though it is not among --inputs")
                .fix("add '" + input.name() + "' to --inputs, or cut behind all that uses it"));
      } else {
        graph.removeInput(input);
      }
    }
    graph.orderInputs(cut);
  }

  private static Map<Value, String> signatureNames(Graph graph) {
    var names = new HashMap<Value, String>();
    var signature = graph.signature();
    for (int i = 0; i < Math.min(graph.inputs().size(), signature.inputs().size()); i++) {
      names.put(graph.inputs().get(i), signature.inputs().get(i));
    }
    for (int i = 0; i < Math.min(graph.outputs().size(), signature.outputs().size()); i++) {
      names.putIfAbsent(graph.outputs().get(i), signature.outputs().get(i));
    }
    return names;
  }

  /// The signature of what is left; new ends are called as the user called them.
  private static void describe(Graph graph, Map<Value, String> known) {
    var old = graph.signature();
    if (old.inputs().isEmpty() && old.outputs().isEmpty()) return;
    var inputs = new ArrayList<String>();
    for (var value : graph.inputs()) inputs.add(known.getOrDefault(value, value.name()));
    var outputs = new ArrayList<String>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      outputs.add(known.getOrDefault(graph.outputs().get(i), graph.outputNames().get(i)));
    }
    graph.setSignature(new Signature(old.key(), inputs, outputs));
  }
}
