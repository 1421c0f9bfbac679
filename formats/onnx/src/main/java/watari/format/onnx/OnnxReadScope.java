package watari.format.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.format.onnx.schema.TypeProto;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ElementwiseOp;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// The names of one graph or function body and what they stand for.
///
/// A name stands for a value, for a constant that nobody has asked for yet, or for a sequence whose
/// elements are known one by one.
final class OnnxReadScope {
  private final GraphBuilder builder;
  private final String prefix;
  private final Map<String, Value> values = new HashMap<>();
  private final Map<String, TensorData> constants = new HashMap<>();
  private final Map<String, List<Value>> sequences = new HashMap<>();
  private final Map<String, Optional<String>> optionals = new HashMap<>();
  private final Map<String, TypeProto> declared = new HashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<String> absent = new HashSet<>();
  private final Map<Value, Value> raw = new IdentityHashMap<>();
  private final Map<Value, Map<Quantization, Value>> quantized = new IdentityHashMap<>();

  /// @param prefix what goes before the names of new values
  OnnxReadScope(GraphBuilder builder, String prefix) {
    this.builder = builder;
    this.prefix = prefix;
  }

  GraphBuilder builder() {
    return builder;
  }

  String prefix() {
    return prefix;
  }

  // ---- what names stand for

  void put(String name, Value value) {
    values.put(name, value);
  }

  void putConstant(String name, TensorData data) {
    constants.put(name, data);
  }

  void putSequence(String name, List<Value> elements) {
    sequences.put(name, List.copyOf(elements));
  }

  /// Lets a name stand for an optional: the name of what it holds, or nothing.
  void putOptional(String name, Optional<String> content) {
    optionals.put(name, content);
  }

  /// Says that a parameter of a function was left out.
  void putAbsent(String name) {
    absent.add(name);
  }

  /// Says the type that the file declares for a name.
  void declare(String name, TypeProto type) {
    declared.putIfAbsent(name, type);
  }

  Optional<TypeProto> declared(String name) {
    return Optional.ofNullable(declared.get(name));
  }

  /// Gives a value of this scope the name of a value outside.
  void rename(String name, String outside) {
    renamed.put(name, outside);
  }

  /// The name that a new value gets.
  String hint(String name) {
    if (name.isEmpty()) return prefix + "unused";
    var other = renamed.get(name);
    return other != null ? other : prefix + name;
  }

  boolean isAbsent(String name) {
    return name.isEmpty() || absent.contains(name);
  }

  boolean isDefined(String name) {
    return values.containsKey(name)
        || constants.containsKey(name)
        || sequences.containsKey(name)
        || optionals.containsKey(name);
  }

  Optional<List<Value>> sequence(String name) {
    return Optional.ofNullable(sequences.get(name));
  }

  /// What an optional holds, if the name stands for one.
  Optional<Optional<String>> optional(String name) {
    return Optional.ofNullable(optionals.get(name));
  }

  /// The value as it is stored; integers may denote real numbers.
  ///
  /// @throws OnnxRefusal if there is none
  Value stored(String name) {
    var value = values.get(name);
    if (value != null) return value;
    var constant = constants.get(name);
    if (constant != null) {
      var made = builder.constant(hint(name), constant);
      values.put(name, made);
      return made;
    }
    if (sequences.containsKey(name) || optionals.containsKey(name)) {
      throw OnnxRefusal.unsupported(
          "'"
              + name
              + "' is a sequence or optional, which Watari keeps only where it can be undone",
          "export the model without sequences");
    }
    throw OnnxRefusal.broken("'" + name + "' is used, but nothing before this node computes it");
  }

  /// The value as its numbers are, integers without a meaning.
  Value value(String name) {
    return raw(stored(name));
  }

  /// The integers of a quantized value.
  Value raw(Value value) {
    if (!value.type().isQuantized()) return value;
    return raw.computeIfAbsent(
        value, _ -> builder.add(new ElementwiseOp.Cast(value.dtype()), value));
  }

  /// Lets a name stand for what a name of another scope of the same graph stands for.
  void take(String name, OnnxReadScope other, String otherName) {
    if (other.isAbsent(otherName)) {
      absent.add(name);
    } else if (other.sequences.containsKey(otherName)) {
      putSequence(name, other.sequences.get(otherName));
    } else if (other.optionals.containsKey(otherName)) {
      var content = other.optionals.get(otherName);
      if (content.isPresent()) take(name + "/content", other, content.get());
      putOptional(name, content.map(_ -> name + "/content"));
    } else {
      put(name, other.stored(otherName));
    }
  }

  /// The constant of a name, without making a value of it.
  Optional<TensorData> constant(String name) {
    var value = values.get(name);
    if (value == null) return Optional.ofNullable(constants.get(name));
    return value.type().isQuantized() ? Optional.empty() : value.constant();
  }

  /// A constant whose integers denote real numbers; the same one each time it is asked for.
  Value quantizedConstant(Value stored, Quantization quantization) {
    var data = stored.constant().orElseThrow();
    return quantized
        .computeIfAbsent(stored, _ -> new HashMap<>())
        .computeIfAbsent(quantization, meaning -> builder.constant(stored.name(), data, meaning));
  }

  /// Says what the integers of a graph's input denote. Nodes that have read them as integers read
  /// them through a Cast from now on.
  void quantizeInput(Value input, Quantization quantization) {
    var users = List.copyOf(input.uses());
    input.setType(input.type().with(quantization));
    if (users.isEmpty()) return;
    var graph = builder.graph();
    var start = GraphBuilder.at(graph, graph.firstNode(), builder.inference());
    var integers = start.add(new ElementwiseOp.Cast(input.dtype()), input);
    for (var use : users) graph.setInput(use.node(), use.index(), integers);
    raw.put(input, integers);
  }
}
