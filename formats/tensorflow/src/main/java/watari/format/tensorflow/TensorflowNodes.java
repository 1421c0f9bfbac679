package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.NodeDef;

/// The nodes of a graph, or of a function, with their inputs in one form.
final class TensorflowNodes {
  /// A tensor: an output of a node, or an argument of the function.
  record Edge(String node, int output) {
    @Override
    public String toString() {
      return output == 0 ? node : node + ":" + output;
    }
  }

  /// @param index its position in the file
  /// @param controls names of nodes that run before it
  record Entry(NodeDef proto, int index, List<Edge> inputs, List<String> controls) {
    String name() {
      return proto.getName();
    }

    String op() {
      return proto.getOp();
    }
  }

  private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();
  private final TensorflowFlow flow = new TensorflowFlow(this);

  private TensorflowNodes() {}

  /// The nodes of a graph.
  static TensorflowNodes of(List<NodeDef> nodes) {
    var all = new TensorflowNodes();
    for (var node : nodes) all.add(node, text -> edge(text));
    return all;
  }

  /// The nodes of a function, whose inputs name the outputs that they take.
  static TensorflowNodes of(FunctionDef function, Map<String, FunctionDef> library) {
    var all = new TensorflowNodes();
    var byName = new LinkedHashMap<String, NodeDef>();
    function.getNodeDefList().forEach(node -> byName.putIfAbsent(node.getName(), node));
    for (var node : function.getNodeDefList()) {
      all.add(node, text -> edge(text, byName, library));
    }
    return all;
  }

  private void add(NodeDef node, java.util.function.Function<String, Edge> edge) {
    var inputs = new ArrayList<Edge>();
    var controls = new ArrayList<String>();
    for (var input : node.getInputList()) {
      if (input.startsWith("^")) controls.add(input.substring(1));
      else inputs.add(edge.apply(input));
    }
    var entry = new Entry(node, entries.size(), inputs, controls);
    if (entries.putIfAbsent(node.getName(), entry) != null) {
      throw new ModelException(
          Finding.error("GRAPH_BROKEN", "two nodes have the name '" + node.getName() + "'")
              .fix("export the model again"));
    }
  }

  /// `node` or `node:output`.
  static Edge edge(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) return new Edge(text, 0);
    return new Edge(text.substring(0, colon), number(text.substring(colon + 1)));
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException _) {
      throw new ModelException(
          Finding.error("GRAPH_BROKEN", "'" + text + "' is no number of an output")
              .fix("export the model again"));
    }
  }

  /// The first output of the node that a tensor of a function is of.
  static Edge inFunction(String text) {
    int colon = text.indexOf(':');
    return new Edge(colon < 0 ? text : text.substring(0, colon), 0);
  }

  /// `argument`, `node:name:index`, or the outdated forms of graphs.
  static Edge edge(String text, Map<String, NodeDef> nodes, Map<String, FunctionDef> library) {
    var parts = text.split(":", -1);
    if (parts.length < 3) return edge(text);
    int index = number(parts[2]);
    var node = nodes.get(parts[0]);
    if (node == null) return new Edge(parts[0], index);
    var called = library.get(node.getOp());
    int start =
        called == null
            ? TensorflowOperators.outputStart(node, parts[1])
            : position(called, parts[1]);
    return new Edge(parts[0], start + index);
  }

  private static int position(FunctionDef called, String output) {
    var outputs = called.getSignature().getOutputArgList();
    for (int i = 0; i < outputs.size(); i++) if (outputs.get(i).getName().equals(output)) return i;
    return 0;
  }

  Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /// The loops and branches that are said by single nodes.
  TensorflowFlow flow() {
    return flow;
  }

  /// All nodes in the order of the file.
  Iterable<Entry> all() {
    return entries.values();
  }
}
