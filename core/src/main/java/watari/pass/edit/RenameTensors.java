package watari.pass.edit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Signature;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Gives inputs, outputs and inner tensors other names. A name that is taken is an error.
public final class RenameTensors implements Pass {
  private final Map<String, String> names;

  /// @param names the new name of each old one
  public RenameTensors(Map<String, String> names) {
    this.names = new LinkedHashMap<>(names);
  }

  @Override
  public String name() {
    return "rename";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    names.forEach((old, name) -> {
      var known = new TensorNames(graph);
      var value = known.tensor(old, log);
      if (value.isEmpty()) return;
      if (known.has(name)) {
        log.add(
            Finding.error(
                    "NAME_TAKEN", "'" + old + "' cannot become '" + name + "', which is there")
                .fix("choose another name, or rename that one first"));
        return;
      }
      rename(graph, value.get(), old, name);
      log.fired(name());
    });
  }

  private static void rename(Graph graph, Value value, String old, String name) {
    var signature = graph.signature();
    graph.setSignature(
        new Signature(
            signature.key(),
            renamed(signature.inputs(), old, name),
            renamed(signature.outputs(), old, name)));
    var outputs = List.copyOf(graph.outputs());
    var outputNames = renamed(graph.outputNames(), old, name);
    graph.clearOutputs();
    for (int i = 0; i < outputs.size(); i++) graph.addOutput(outputNames.get(i), outputs.get(i));
    if (value.name().equals(old)) graph.rename(value, name);
    value.setSourceNames(List.of());
  }

  private static List<String> renamed(List<String> all, String old, String name) {
    var renamed = new ArrayList<>(all);
    renamed.replaceAll(each -> each.equals(old) ? name : each);
    return renamed;
  }
}
