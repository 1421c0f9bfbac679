package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Makes outputs of tensors, behind those that the graph has.
public final class AddOutputs implements Pass {
  private final List<String> tensors;

  public AddOutputs(List<String> tensors) {
    this.tensors = List.copyOf(tensors);
  }

  @Override
  public String name() {
    return "add-outputs";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var name : tensors) {
      if (graph.outputNames().contains(name)) {
        log.add(
            Finding.error("NAME_TAKEN", "'" + name + "' is an output already").fix("leave it out"));
        continue;
      }
      new TensorNames(graph).tensor(name, log).ifPresent(value -> add(graph, name, value));
      log.fired(name());
    }
  }

  static void add(Graph graph, String name, Value value) {
    graph.addOutput(name, value);
    var old = graph.signature();
    if (old.outputs().isEmpty()) return;
    var outputs = new ArrayList<>(old.outputs());
    outputs.add(name);
    graph.setSignature(new Signature(old.key(), old.inputs(), outputs));
  }
}
