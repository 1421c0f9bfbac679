package watari.format.tensorflow;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowNodes.Entry;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.TensorProto;
import watari.tensor.TensorData;

/// Under which keys of the checkpoint the variables of a SavedModel are: what the graph itself
/// restores them from.
final class SavedVariables {
  private final Optional<Checkpoint> checkpoint;
  private final TensorflowNodes nodes;
  private final Map<String, String> keys = new HashMap<>();

  SavedVariables(Optional<Checkpoint> checkpoint, GraphDef graph) {
    this.checkpoint = checkpoint;
    this.nodes = TensorflowNodes.of(graph.getNodeList());
    var functions = new HashMap<String, FunctionDef>();
    graph
        .getLibrary()
        .getFunctionList()
        .forEach(each -> functions.putIfAbsent(each.getSignature().getName(), each));
    restoredBy(nodes).forEach((edge, key) -> keys.putIfAbsent(edge.node(), key));
    for (var entry : nodes.all()) {
      var attribute = entry.proto().getAttrMap().get("f");
      var function = attribute == null ? null : functions.get(attribute.getFunc().getName());
      if (function != null) restoredBy(entry, function, functions);
    }
    for (var entry : nodes.all()) ofCopy(entry);
  }

  /// Keras saves copies of its variables, whose first values are those of the variables themselves.
  private void ofCopy(Entry assign) {
    if (!assign.op().equals("AssignVariableOp") || assign.inputs().size() < 2) return;
    var read = nodes.find(source(nodes, assign.inputs().get(1)).node());
    var key = keys.get(assign.inputs().get(0).node());
    boolean reads = read.isPresent() && read.get().op().equals("ReadVariableOp");
    if (!reads || key == null || read.get().inputs().isEmpty()) return;
    keys.putIfAbsent(read.get().inputs().get(0).node(), key);
  }

  /// The value of the variable that a node is.
  Optional<TensorData> value(String node) {
    if (checkpoint.isEmpty()) return Optional.empty();
    var key = keys.getOrDefault(node, node);
    if (checkpoint.get().has(key)) return Optional.of(checkpoint.get().data(key));
    var shared = nodes.find(node).map(entry -> text(entry, "shared_name")).orElse("");
    return checkpoint.filter(known -> known.has(shared)).map(known -> known.data(shared));
  }

  private static String text(Entry entry, String attribute) {
    var found = entry.proto().getAttrMap().get(attribute);
    return found == null ? "" : found.getS().toStringUtf8();
  }

  private void restoredBy(Entry call, FunctionDef function, Map<String, FunctionDef> functions) {
    boolean restores =
        function.getNodeDefList().stream().anyMatch(node -> node.getOp().equals("RestoreV2"));
    if (!restores) return;
    var arguments = function.getSignature().getInputArgList();
    restoredBy(TensorflowNodes.of(function, functions))
        .forEach((edge, key) -> {
          for (int i = 0; i < arguments.size() && i < call.inputs().size(); i++) {
            if (arguments.get(i).getName().equals(edge.node())) {
              keys.putIfAbsent(call.inputs().get(i).node(), key);
            }
          }
        });
  }

  /// Variables and the keys of what is assigned to them.
  private static Map<Edge, String> restoredBy(TensorflowNodes nodes) {
    var all = new HashMap<Edge, String>();
    for (var entry : nodes.all()) {
      boolean assigns = entry.op().equals("Assign") || entry.op().equals("AssignVariableOp");
      if (!assigns || entry.inputs().size() < 2) continue;
      var from = source(nodes, entry.inputs().get(1));
      var restore = nodes.find(from.node()).filter(each -> each.op().equals("RestoreV2"));
      restore
          .flatMap(each -> key(nodes, each, from.output()))
          .ifPresent(key -> all.put(source(nodes, entry.inputs().get(0)), key));
    }
    return all;
  }

  private static Optional<String> key(TensorflowNodes nodes, Entry restore, int number) {
    if (restore.inputs().size() < 2) return Optional.empty();
    return nodes
        .find(restore.inputs().get(1).node())
        .map(names ->
            names
                .proto()
                .getAttrMap()
                .getOrDefault(
                    "value", watari.format.tensorflow.schema.AttrValue.getDefaultInstance())
                .getTensor())
        .filter(names -> number < names.getStringValCount())
        .map((TensorProto names) -> names.getStringVal(number).toStringUtf8());
  }

  private static Edge source(TensorflowNodes nodes, Edge edge) {
    var found = edge;
    while (true) {
      var entry = nodes.find(found.node());
      if (entry.isEmpty() || !entry.get().op().equals("Identity")) return found;
      if (entry.get().inputs().isEmpty()) return found;
      found = entry.get().inputs().get(0);
    }
  }
}
