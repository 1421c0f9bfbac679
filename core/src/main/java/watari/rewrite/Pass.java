package watari.rewrite;

import watari.graph.Graph;

/// Takes a valid graph to a valid graph that computes the same.
public interface Pass {
  String name();

  /// Edits the graph, its bodies included, and says what was done in the log.
  void run(Graph graph, PassLog log);
}
