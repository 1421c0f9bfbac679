package watari.graph;

/// Where a node comes from: what findings, reports and layer-by-layer verification name.
///
/// @param node name of the node in the source file; may be empty
/// @param index position of the node in the source file (in its sub-graph), from 0, or -1
/// @param operator the source format's name of the operator
public record Origin(String node, int index, String operator) {
  /// A node that no source node stands for.
  public static final Origin NONE = new Origin("", -1, "");
}
