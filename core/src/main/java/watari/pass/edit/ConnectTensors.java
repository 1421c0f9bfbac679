package watari.pass.edit;

import java.util.List;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Lets all that uses one tensor use another one; what nothing needs any more goes.
public final class ConnectTensors implements Pass {
  private final String source;
  private final String target;

  /// @param source the tensor that is used from now on
  /// @param target the tensor whose place it takes
  public ConnectTensors(String source, String target) {
    this.source = source;
    this.target = target;
  }

  @Override
  public String name() {
    return "connect";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var names = new TensorNames(graph);
    var from = names.tensorOrConstant(source, log);
    var to = names.tensorOrConstant(target, log);
    if (from.isEmpty() || to.isEmpty()) return;
    if (from.get() == to.get() || to.get().uses().isEmpty()) {
      log.add(
          Finding.error("EDIT_IMPOSSIBLE", "no node reads '" + target + "'")
              .fix("name a tensor that nodes read, or use --outputs"));
      return;
    }
    connect(graph, from.get(), to.get(), log);
  }

  private void connect(Graph graph, Value from, Value to, PassLog log) {
    var users = to.uses().stream().map(Value.Use::node).distinct().toList();
    for (var use : List.copyOf(to.uses())) graph.setInput(use.node(), use.index(), from);
    if (!EditedGraph.order(graph, log)) return;
    EditedGraph.inferBehind(graph, users, log);
    new PruneGraph().run(graph, log);
    log.fired(name());
  }
}
