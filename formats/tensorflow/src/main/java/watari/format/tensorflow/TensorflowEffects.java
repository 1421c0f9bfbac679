package watari.format.tensorflow;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import watari.format.tensorflow.TensorflowNodes.Entry;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.FunctionDef;

/// Finds nodes that run only for what they change: nothing takes their outputs, but what computes
/// the model's results waits for them.
final class TensorflowEffects {
  private static final Pattern CHANGES =
      Pattern.compile(
          "Assign.*"
              + "|(Resource)?(Sparse)?Apply.*"
              + "|ResourceScatter.*"
              + "|Scatter(Nd)?(Update|Add|Sub|Mul|Div|Min|Max)"
              + "|(Resource)?StridedSliceAssign"
              + "|(Resource)?CountUpTo"
              + "|(Resource)?AccumulatorApplyGradient");

  private final Map<String, FunctionDef> functions;
  private final Map<String, Boolean> known = new HashMap<>();

  TensorflowEffects(Map<String, FunctionDef> functions) {
    this.functions = functions;
  }

  /// The nodes that run before others, or besides them, and change a variable.
  ///
  /// @param roots names of nodes that run
  List<Entry> changes(TensorflowNodes nodes, Iterable<String> roots) {
    var seen = new HashSet<String>();
    var open = new ArrayDeque<String>();
    roots.forEach(open::add);
    var found = new ArrayList<Entry>();
    while (!open.isEmpty()) {
      var entry = nodes.find(open.pop()).filter(each -> seen.add(each.name())).orElse(null);
      if (entry == null) continue;
      if (changes(entry.op(), entry.proto().getAttrMap())) found.add(entry);
      entry.inputs().forEach(edge -> open.add(edge.node()));
      open.addAll(entry.controls());
    }
    return found;
  }

  private boolean changes(String operator, Map<String, AttrValue> attributes) {
    if (CHANGES.matcher(operator).matches() || changes(operator)) return true;
    for (var attribute : attributes.values()) {
      if (attribute.hasFunc() && changes(attribute.getFunc().getName())) return true;
      for (var each : attribute.getList().getFuncList()) if (changes(each.getName())) return true;
    }
    return false;
  }

  /// Whether a function changes a variable; one that calls itself is judged by the rest.
  private boolean changes(String function) {
    var body = functions.get(function);
    if (body == null) return false;
    var before = known.putIfAbsent(function, false);
    if (before != null) return before;
    boolean any =
        body.getNodeDefList().stream().anyMatch(node -> changes(node.getOp(), node.getAttrMap()));
    known.put(function, any);
    return any;
  }
}
