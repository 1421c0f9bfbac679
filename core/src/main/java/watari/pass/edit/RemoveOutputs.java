package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Takes outputs from a graph, and what only they needed.
public final class RemoveOutputs implements Pass {
  private final List<String> names;

  public RemoveOutputs(List<String> names) {
    this.names = List.copyOf(names);
  }

  @Override
  public String name() {
    return "remove-outputs";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var name : names) {
      if (!graph.outputNames().contains(name)) {
        log.add(
            Finding.error("NAME_UNKNOWN", "the model has no output '" + name + "'")
                .fix("outputs: " + String.join(", ", NearNames.of(name, graph.outputNames()))));
      }
    }
    if (log.hasErrors()) return;
    if (names.containsAll(graph.outputNames())) {
      log.add(
          Finding.error("EDIT_IMPOSSIBLE", "no output would be left")
              .fix("keep one, or name others with --outputs"));
      return;
    }
    var kept = new ArrayList<Integer>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (!names.contains(graph.outputNames().get(i))) kept.add(i);
    }
    keep(graph, kept);
    new PruneGraph().run(graph, log);
    log.fired(name());
  }

  private static void keep(Graph graph, List<Integer> kept) {
    var values = kept.stream().map(i -> graph.outputs().get(i)).toArray(Value[]::new);
    var called = kept.stream().map(i -> graph.outputNames().get(i)).toList();
    var old = graph.signature();
    if (old.outputs().size() == graph.outputs().size()) {
      var outputs = kept.stream().map(i -> old.outputs().get(i)).toList();
      graph.setSignature(new Signature(old.key(), old.inputs(), outputs));
    }
    graph.clearOutputs();
    for (int i = 0; i < values.length; i++) graph.addOutput(called.get(i), values[i]);
  }
}
