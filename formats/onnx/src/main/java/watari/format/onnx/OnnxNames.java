package watari.format.onnx;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Value;

/// Names of values and nodes, unique over a model with all its bodies.
final class OnnxNames {
  private final Map<Value, String> values = new IdentityHashMap<>();
  private final Map<String, Integer> taken = new HashMap<>();
  private final Map<String, Integer> nodes = new HashMap<>();

  /// Keeps the names by which users know the inputs and outputs.
  OnnxNames(Graph main) {
    for (var input : main.inputs()) set(input, claim(input.name()));
    for (var name : main.outputNames()) claim(name);
  }

  boolean has(Value value) {
    return values.containsKey(value);
  }

  /// The name of a value, which is made up at the first time; empty for an absent one.
  String of(Value value) {
    if (!value.isPresent()) return "";
    return values.computeIfAbsent(value, v -> fresh(v.name()));
  }

  void set(Value value, String name) {
    values.put(value, name);
  }

  private String claim(String name) {
    taken.putIfAbsent(name, 1);
    return name;
  }

  /// A name that no value has.
  String fresh(String hint) {
    return unique(taken, hint.isEmpty() ? "value" : hint, "_");
  }

  /// A name that no node has.
  String freshNode(String hint) {
    // ONNX Runtime makes names with underscores itself, and trips over those that are taken.
    return unique(nodes, hint.isEmpty() ? "node" : hint, "/");
  }

  private static String unique(Map<String, Integer> names, String hint, String separator) {
    if (names.putIfAbsent(hint, 1) == null) return hint;
    while (true) {
      var numbered = hint + separator + names.merge(hint, 1, Integer::sum);
      if (names.putIfAbsent(numbered, 1) == null) return numbered;
    }
  }
}
