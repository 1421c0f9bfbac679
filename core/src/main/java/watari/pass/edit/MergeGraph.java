package watari.pass.edit;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Node;
import watari.graph.Signature;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Puts another graph behind this one: tensors of this graph become inputs of the other.
///
/// Outputs that are joined are outputs no longer; where an input of this graph is joined, both
/// share it.
public final class MergeGraph implements Pass {
  private final Graph other;
  private final Map<String, String> joints;
  private final String ownPrefix;
  private final String otherPrefix;

  /// @param joints inputs of the other graph by the tensor of this one that each of them becomes
  /// @param ownPrefix in front of all names of this graph, with an underscore; empty for none
  /// @param otherPrefix the same for the other graph
  public MergeGraph(Graph other, Map<String, String> joints, String ownPrefix, String otherPrefix) {
    this.other = other;
    this.joints = new LinkedHashMap<>(joints);
    this.ownPrefix = ownPrefix.isEmpty() ? "" : ownPrefix + "_";
    this.otherPrefix = otherPrefix.isEmpty() ? "" : otherPrefix + "_";
  }

  @Override
  public String name() {
    return "merge";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var names = new TensorNames(graph);
    Map<Value, Value> made = new IdentityHashMap<>();
    made.put(Value.ABSENT, Value.ABSENT);
    joints.forEach((source, input) -> {
      var from = names.tensor(source, log);
      var into = other.inputs().stream().filter(each -> each.name().equals(input)).findFirst();
      if (into.isEmpty()) {
        var known = other.inputs().stream().map(Value::name).toList();
        log.add(
            Finding.error("NAME_UNKNOWN", "the other model has no input '" + input + "'")
                .fix("inputs: " + String.join(", ", NearNames.of(input, known))));
      }
      if (from.isPresent() && into.isPresent()) made.put(into.get(), from.get());
    });
    if (log.hasErrors() || !ownPrefix.isEmpty() && !prefix(graph)) return;
    if (!areFree(graph, made, log)) return;
    var joined = made.values().stream().filter(Value::isPresent).toList();
    copy(graph, made, log);
    var kept = new ArrayList<Integer>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (!joined.contains(graph.outputs().get(i))) kept.add(i);
    }
    describe(graph, kept, made);
    log.fired(name());
  }

  /// Puts the prefix before all names of this graph.
  private boolean prefix(Graph graph) {
    for (var input : graph.inputs()) graph.rename(input, ownPrefix + input.name());
    for (var node : graph) {
      for (var output : node.outputs()) {
        if (output.isPresent()) graph.rename(output, ownPrefix + output.name());
      }
    }
    var names = graph.outputNames().stream().map(name -> ownPrefix + name).toList();
    var values = List.copyOf(graph.outputs());
    graph.clearOutputs();
    for (int i = 0; i < values.size(); i++) graph.addOutput(names.get(i), values.get(i));
    return true;
  }

  private boolean areFree(Graph graph, Map<Value, Value> made, PassLog log) {
    var known = new TensorNames(graph);
    var names = new ArrayList<>(other.outputNames().stream().map(n -> otherPrefix + n).toList());
    for (var input : other.inputs()) {
      if (!made.containsKey(input)) names.add(otherPrefix + input.name());
    }
    boolean all = true;
    for (var name : names) {
      boolean isJoint = joinedNames(graph, made).contains(name);
      if (!known.has(name) || isJoint) continue;
      all = false;
      log.add(
          Finding.error("NAME_TAKEN", "both models have '" + name + "'")
              .fix("tell them apart with --prefix FIRST,SECOND, or rename one"));
    }
    return all;
  }

  private static List<String> joinedNames(Graph graph, Map<Value, Value> made) {
    var names = new ArrayList<String>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      var value = graph.outputs().get(i);
      if (made.containsValue(value) && value.producer().isPresent()) {
        names.add(graph.outputNames().get(i));
      }
    }
    return names;
  }

  private void copy(Graph graph, Map<Value, Value> made, PassLog log) {
    for (var input : other.inputs()) {
      made.computeIfAbsent(input, each -> graph.addInput(otherPrefix + each.name(), each.type()));
    }
    other.states().forEach(graph::addState);
    var added = new ArrayList<Node>();
    for (var node : other) {
      var inputs = node.inputs().stream().map(each -> of(each, graph, made)).toList();
      var names = node.outputs().stream().map(each -> otherPrefix + each.name()).toList();
      var types = node.outputs().stream().map(Value::type).toList();
      var bodies = node.bodies().stream().map(GraphCopy::of).toList();
      var place = java.util.Optional.<Node>empty();
      var copied = graph.insert(place, node.op(), inputs, names, types, bodies, node.origins());
      for (int i = 0; i < names.size(); i++) made.put(node.output(i), copied.output(i));
      added.add(copied);
    }
    EditedGraph.inferBehind(graph, added, log);
  }

  private Value of(Value value, Graph graph, Map<Value, Value> made) {
    return made.computeIfAbsent(
        value,
        each ->
            graph.addConstant(
                otherPrefix + each.name(), each.type(), each.constant().orElseThrow()));
  }

  private void describe(Graph graph, List<Integer> kept, Map<Value, Value> made) {
    var old = graph.signature();
    boolean isSigned = !old.inputs().isEmpty() || !old.outputs().isEmpty();
    var names = new ArrayList<>(kept.stream().map(i -> graph.outputNames().get(i)).toList());
    var values = new ArrayList<>(kept.stream().map(i -> graph.outputs().get(i)).toList());
    for (int i = 0; i < other.outputs().size(); i++) {
      names.add(otherPrefix + other.outputNames().get(i));
      values.add(of(other.outputs().get(i), graph, made));
    }
    graph.clearOutputs();
    for (int i = 0; i < names.size(); i++) graph.addOutput(names.get(i), values.get(i));
    if (!isSigned) return;
    var inputs = graph.inputs().stream().map(Value::name).toList();
    graph.setSignature(new Signature(old.key(), inputs, names));
  }
}
