package watari.pass.edit;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A node to insert.
///
/// @param operator name of the operator: ours, or ONNX'
/// @param outputs names of what it computes; empty to name one after the operator
/// @param attributes parameters by name: numbers, texts, booleans or lists of them
/// @param place where it stands between nodes
public record Insertion(
    String operator,
    List<Operand> inputs,
    List<String> outputs,
    Map<String, Object> attributes,
    Place place) {
  /// An input of the node.
  public sealed interface Operand {
    /// What `Place` names.
    record Spliced() implements Operand {}

    /// A tensor of the graph.
    record Named(String name) implements Operand {}

    /// A new input of the graph.
    record Input(String name, TensorType type) implements Operand {}

    /// Numbers, or lists of them, of the type that the operator wants.
    record Literal(Object value) implements Operand {}

    /// A constant of a stated type.
    record Constant(TensorData data) implements Operand {}
  }

  /// Where a node stands.
  public sealed interface Place {
    /// Anywhere; outputs that nothing uses become outputs of the graph.
    record Free() implements Place {}

    /// All that uses a tensor uses the new node's first output from now on.
    record After(String tensor) implements Place {}

    /// One input of a node comes from the new node's first output from now on.
    record Before(String node, int input) implements Place {}
  }

  public Insertion {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
  }
}
