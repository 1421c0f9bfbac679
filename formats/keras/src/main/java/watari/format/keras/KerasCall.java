package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.Op;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A layer that is called: what it has and is given, and words to say what it computes.
final class KerasCall {
  private final KerasReadModel model;
  private final KerasLayer layer;
  private final List<KerasArgument> positional;
  private final Map<String, KerasArgument> named;
  private final List<Value> outputs = new ArrayList<>();

  KerasCall(
      KerasReadModel model,
      KerasLayer layer,
      List<KerasArgument> positional,
      Map<String, KerasArgument> named) {
    this.model = model;
    this.layer = layer;
    this.positional = List.copyOf(positional);
    this.named = Map.copyOf(named);
  }

  /// A part of this layer, called with a value.
  KerasCall of(KerasLayer part, Value... inputs) {
    var all = new ArrayList<KerasArgument>();
    for (var input : inputs) all.add(new KerasArgument.Tensor(input));
    return new KerasCall(model, part, all, Map.of());
  }

  KerasReadModel model() {
    return model;
  }

  KerasLayer layer() {
    return layer;
  }

  KerasConfig config() {
    return layer.config();
  }

  GraphBuilder builder() {
    return model.builder();
  }

  /// Words for compositions.
  Formula formula() {
    return new Formula(model.builder());
  }

  // ---- arguments

  /// All tensors among the arguments, those with names last.
  List<Value> tensors() {
    var all = new ArrayList<Value>();
    positional.forEach(each -> all.addAll(each.tensors()));
    named.values().forEach(each -> all.addAll(each.tensors()));
    return all;
  }

  /// An argument by its place or name.
  KerasArgument argument(int place, String name) {
    if (place < positional.size()) return positional.get(place);
    return named.getOrDefault(name, KerasArgument.none());
  }

  /// The tensor of an argument, where it is one.
  Optional<Value> tensor(int place, String name) {
    return argument(place, name).tensors().stream().findFirst().map(this::cast);
  }

  Value in() {
    return inputs().stream()
        .findFirst()
        .orElseThrow(() -> KerasRefusal.broken("it is called without a tensor"));
  }

  /// The tensors of the first argument.
  List<Value> inputs() {
    var first = positional.isEmpty() ? first() : positional.get(0);
    return first.tensors().stream().map(this::cast).toList();
  }

  private KerasArgument first() {
    for (var name : List.of("inputs", "x", "inputs1", "sequence")) {
      if (named.containsKey(name)) return named.get(name);
    }
    return KerasArgument.none();
  }

  /// Real numbers become those that the layer computes with.
  private Value cast(Value x) {
    boolean isCast = x.dtype().isFloat() && dtype().isFloat() && !layer.isOperation();
    return isCast ? formula().cast(x, dtype()) : x;
  }

  /// What the layer computes with.
  DataType dtype() {
    return KerasTypes.compute(layer.config());
  }

  // ---- shapes

  int rank() {
    return rank(in());
  }

  /// @throws KerasRefusal if it is not known
  int rank(Value value) {
    if (value.shape().isRanked()) return value.shape().rank();
    throw KerasRefusal.unsupported(
        "the rank of its input is not known", "give the model's inputs shapes");
  }

  Layout layout() {
    return switch (config().text("data_format", "channels_last")) {
      case "channels_last", "default" -> Layout.CHANNELS_LAST;
      case "channels_first" -> Layout.CHANNELS_FIRST;
      default -> throw config().unknown("data_format", "channels_last and channels_first");
    };
  }

  /// The axis that a parameter says, counted from 0.
  int axis(String name, int otherwise) {
    return Shapes.axis(config().integer(name, otherwise), rank());
  }

  /// How many elements an axis has.
  ///
  /// @throws KerasRefusal if it is not known
  long dim(Value x, int axis) {
    var dim = x.shape().dim(axis);
    if (dim.isFixed()) return dim.fixed();
    throw KerasRefusal.unsupported(
        "axis %d of its input has no fixed size (%s)".formatted(axis, x.shape()),
        "build the model with a fixed input shape");
  }

  static List<Integer> axes(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  // ---- masks

  /// Which steps of the input count, where it is known that some do not.
  Optional<Value> mask() {
    return tensors().stream().findFirst().flatMap(each -> model.masks().of(each));
  }

  /// Says which steps of the output count.
  void setMask(Value mask) {
    model.masks().set(outputs.get(0), mask);
  }

  // ---- weights

  boolean hasWeight(String role) {
    return layer.weight(role).isPresent();
  }

  /// The elements of a weight.
  ///
  /// @throws KerasRefusal if the file does not have it
  TensorData data(String role) {
    var data =
        layer
            .weight(role)
            .orElseThrow(() ->
                new KerasRefusal(
                    "WEIGHTS_MISSING",
                    "the file has no array for its '" + role + "'",
                    "save the model again, with its weights"));
    return data.dtype().isFloat() && dtype().isFloat() ? data.cast(dtype()) : data;
  }

  Value weight(String role) {
    return constant(role, data(role));
  }

  /// A weight in another order or shape.
  Value constant(String role, TensorData data) {
    return builder().constant(layer.name() + "/" + role, data);
  }

  /// A weight of a shape that says which axes it belongs to.
  Value weight(String role, Shape shape) {
    return constant(role, data(role).reshaped(shape));
  }

  // ---- outputs

  /// The operator's output is the layer's.
  void give(Op op, Value... inputs) {
    give(builder().addNamed(layer.name(), op, inputs));
  }

  void give(Value value) {
    outputs.add(value);
  }

  List<Value> outputs() {
    return outputs;
  }
}
