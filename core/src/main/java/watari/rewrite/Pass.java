package watari.rewrite;

import java.util.Set;
import watari.graph.Graph;
import watari.op.Op;

/// Takes a valid graph to a valid graph that computes the same.
public interface Pass {
  String name();

  /// The operators that it may rewrite, or the families of them; empty where it is not about
  /// operators.
  default Set<Class<? extends Op>> roots() {
    return Set.of();
  }

  /// Edits the graph, its bodies included, and says what was done in the log.
  void run(Graph graph, PassLog log);
}
