package watari.format.onnx;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import watari.format.onnx.schema.GraphProto;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What bodies use from outside: values become inputs of the node and parameters of its bodies;
/// constants, and integers that are known, become constants of the bodies.
final class OnnxCaptures {
  private final OnnxReadScope outside;
  private final SequencedMap<String, List<Value>> used = new LinkedHashMap<>();
  private final Map<String, Boolean> isSequence = new LinkedHashMap<>();
  private final List<Value> values = new ArrayList<>();
  private final Map<Value, TensorData> known = new IdentityHashMap<>();

  OnnxCaptures(OnnxReadScope outside, List<GraphProto> bodies, boolean areBranches) {
    this.outside = outside;
    for (var body : bodies) {
      for (var name : OnnxReadModel.freeNames(body, areBranches))
        if (!used.containsKey(name)) use(name);
    }
  }

  private void use(String name) {
    if (outside.isAbsent(name)) return;
    var sequence = outside.sequence(name);
    isSequence.put(name, sequence.isPresent());
    var all = sequence.orElseGet(() -> List.of(outside.stored(name)));
    used.put(name, all.stream().map(outside::raw).toList());
    used.get(name).forEach(this::add);
  }

  /// Makes a value available to the bodies.
  void add(Value value) {
    if (known.containsKey(value) || values.contains(value)) return;
    var constant = value.constant().or(() -> integers(value));
    if (constant.isPresent()) known.put(value, constant.get());
    else values.add(value);
  }

  private Optional<TensorData> integers(Value value) {
    if (!value.shape().isFixed() || !value.dtype().isInteger()) return Optional.empty();
    var dims = outside.builder().inference().integers(value);
    if (dims.isEmpty() || !dims.get().stream().allMatch(Dim::isFixed)) return Optional.empty();
    if (dims.get().size() != value.shape().elements().fixed()) return Optional.empty();
    var longs = dims.get().stream().mapToLong(Dim::fixed).toArray();
    return Optional.of(TensorData.ofLongs(value.dtype(), value.shape(), longs));
  }

  /// The values that the node takes as its last inputs.
  List<Value> values() {
    return List.copyOf(values);
  }

  /// Makes the parameters of a body and lets its names stand for them; returns what each value
  /// outside is inside.
  Map<Value, Value> bind(OnnxReadGraph body) {
    var builder = body.scope().builder();
    var inside = new IdentityHashMap<Value, Value>();
    for (var value : values) inside.put(value, parameter(builder, value.name(), value.type()));
    known.forEach((value, data) -> inside.put(value, builder.constant(value.name(), data)));
    used.forEach((name, all) -> {
      var elements = all.stream().map(value -> element(inside, value)).toList();
      if (Boolean.TRUE.equals(isSequence.get(name))) body.scope().putSequence(name, elements);
      else body.scope().put(name, elements.get(0));
      for (int i = 0; i < all.size(); i++) {
        if (body.model().isBroken(all.get(i))) body.model().setBroken(elements.get(i));
      }
    });
    return inside;
  }

  private static Value element(Map<Value, Value> inside, Value outside) {
    return java.util.Objects.requireNonNull(inside.get(outside));
  }

  /// A parameter of a body. Dims that were invented outside get names of their own.
  static Value parameter(GraphBuilder builder, String name, TensorType type) {
    return builder.input(name, type.with(renamed(name, type.shape())));
  }

  private static Shape renamed(String name, Shape shape) {
    if (!shape.isRanked()) return shape;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < shape.rank(); i++) {
      boolean isInvented = shape.dim(i).toString().contains("?");
      dims.add(isInvented ? Dim.named("?" + name + "." + i) : shape.dim(i));
    }
    return Shape.of(dims);
  }
}
