package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.pass.fold.DeadCode;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Removes nodes, constants, states and inputs that no output needs.
public final class PruneGraph implements Pass {
  @Override
  public String name() {
    return "prune";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    new DeadCode().run(graph, log);
    var inputs = List.copyOf(graph.inputs());
    var old = graph.signature();
    var names = new ArrayList<String>();
    for (int i = 0; i < inputs.size(); i++) {
      boolean isNeeded = !inputs.get(i).uses().isEmpty() || graph.isOutput(inputs.get(i));
      if (!isNeeded) graph.removeInput(inputs.get(i));
      else if (i < old.inputs().size()) names.add(old.inputs().get(i));
    }
    if (graph.inputs().size() == inputs.size()) return;
    graph.setSignature(new Signature(old.key(), names, old.outputs()));
    log.fired(name());
  }
}
