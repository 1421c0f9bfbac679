package watari.pass.edit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Keeps one side of a cut through tensors: the side that computes them, whose outputs they become,
/// or the side that reads them, whose inputs they become.
///
/// Outputs that do not hang on the tensors belong to the first side; inputs that both sides need
/// are inputs of both.
public final class SplitGraph implements Pass {
  private final List<String> tensors;
  private final boolean isFirst;

  /// @param isFirst whether the side that computes the tensors is kept
  public SplitGraph(List<String> tensors, boolean isFirst) {
    this.tensors = List.copyOf(tensors);
    this.isFirst = isFirst;
  }

  @Override
  public String name() {
    return "split";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var names = new TensorNames(graph);
    var cut = new ArrayList<Value>();
    for (var name : tensors) names.tensor(name, log).ifPresent(cut::add);
    if (log.hasErrors()) return;
    var behind = behind(graph, cut);
    var kept = new ArrayList<Integer>();
    boolean splits = false;
    for (int i = 0; i < graph.outputs().size(); i++) {
      var output = graph.outputs().get(i);
      boolean isBehind = behind.contains(output) && !cut.contains(output);
      splits |= isBehind;
      boolean isCut = cut.contains(output);
      if (isFirst ? !isBehind && !isCut : isBehind) kept.add(i);
    }
    if (!splits) {
      log.add(
          Finding.error("EDIT_IMPOSSIBLE", "no output hangs on " + tensors)
              .fix("split at tensors that lie between inputs and outputs"));
      return;
    }
    if (isFirst) keepFirst(graph, cut, kept);
    else keepSecond(graph, cut, kept);
    new PruneGraph().run(graph, log);
    log.fired(name());
  }

  /// The tensors, and all that is computed from them.
  private static Set<Value> behind(Graph graph, List<Value> cut) {
    Set<Value> behind = Collections.newSetFromMap(new IdentityHashMap<>());
    behind.addAll(cut);
    for (var node : graph) {
      if (node.inputs().stream().anyMatch(behind::contains)) behind.addAll(node.outputs());
    }
    return behind;
  }

  private void keepFirst(Graph graph, List<Value> cut, List<Integer> kept) {
    var values = new ArrayList<>(cut);
    var names = new ArrayList<>(tensors);
    for (int i : kept) {
      values.add(graph.outputs().get(i));
      names.add(graph.outputNames().get(i));
    }
    setOutputs(graph, values, names);
  }

  private void keepSecond(Graph graph, List<Value> cut, List<Integer> kept) {
    var values = new ArrayList<Value>();
    var names = new ArrayList<String>();
    for (int i : kept) {
      values.add(graph.outputs().get(i));
      names.add(graph.outputNames().get(i));
    }
    setOutputs(graph, values, names);
    var inputs = new ArrayList<Value>();
    for (int i = 0; i < cut.size(); i++) {
      var value = cut.get(i);
      if (graph.inputs().contains(value)) {
        inputs.add(value);
        continue;
      }
      graph.rename(value, tensors.get(i) + "_cut");
      var input = graph.addInput(tensors.get(i), value.type());
      graph.replaceUses(value, input);
      inputs.add(input);
    }
    graph.orderInputs(inputs);
    var signature = graph.signature();
    if (!signature.inputs().isEmpty()) {
      var all = graph.inputs().stream().map(Value::name).toList();
      graph.setSignature(new Signature(signature.key(), all, signature.outputs()));
    }
  }

  private static void setOutputs(Graph graph, List<Value> values, List<String> names) {
    graph.clearOutputs();
    for (int i = 0; i < values.size(); i++) graph.addOutput(names.get(i), values.get(i));
    var old = graph.signature();
    if (!old.outputs().isEmpty()) {
      graph.setSignature(new Signature(old.key(), old.inputs(), names));
    }
  }
}
