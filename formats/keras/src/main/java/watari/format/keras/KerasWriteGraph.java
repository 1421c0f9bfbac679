package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import watari.finding.Finding;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Turns a graph into the layers of a Functional model: what the methods of [KerasWriteOps] write
/// to.
final class KerasWriteGraph {
  static final String NUMPY = "keras.src.ops.numpy";
  static final String NN = "keras.src.ops.nn";
  static final String CORE = "keras.src.ops.core";
  static final String MATH = "keras.src.ops.math";

  /// Larger constants are weights, not numbers in the configuration.
  private static final int MOST_NUMBERS = 2048;

  private final Graph graph;
  private final Map<Value, KerasTensor> tensors = new IdentityHashMap<>();
  private final boolean isTrial;
  private final Set<Node> taken = Collections.newSetFromMap(new IdentityHashMap<>());
  private String hint = "";

  private KerasWriteGraph(Graph graph, boolean isTrial) {
    this.graph = graph;
    this.isTrial = isTrial;
  }

  // ---- whole graphs

  static KerasWrittenModel write(Graph graph) {
    return new KerasWriteGraph(graph, false).model();
  }

  /// Why a node cannot be written: it is written to nothing.
  static Optional<Finding> refuse(Node node) {
    try {
      new KerasWriteGraph(node.graph(), true).write(node);
      for (var output : node.outputs()) KerasTypes.name(output.dtype());
      return Optional.empty();
    } catch (KerasRefusal e) {
      return Optional.of(e.finding());
    }
  }

  private KerasWrittenModel model() {
    var inputs = new ArrayList<KerasTensor>();
    SequencedMap<KerasWrittenLayer, String> names = new LinkedHashMap<>();
    for (var value : graph.inputs()) {
      var input = input(value);
      inputs.add(input);
      names.put(input.layer(), value.name());
    }
    for (var node : graph) write(node);
    var outputs = new ArrayList<KerasTensor>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      var output = output(graph.outputs().get(i), names);
      outputs.add(output);
      names.put(output.layer(), graph.outputNames().get(i));
    }
    var layers = KerasOrder.of(inputs, outputs);
    KerasNames.give(layers, names);
    var name = graph.name().isEmpty() ? "model" : KerasNames.plain(graph.name());
    return new KerasWrittenModel(name, layers, inputs, outputs);
  }

  private KerasTensor input(Value value) {
    var type = value.type();
    if (!type.shape().isRanked()) {
      throw new KerasRefusal(
          "DYNAMIC_SHAPE",
          "the rank of input '" + value.name() + "' is not known",
          "state the shapes with --input-shape");
    }
    var layer = new KerasWrittenLayer(KerasWrittenLayer.LAYERS, "InputLayer", value.name());
    layer
        .setRenamed("batch_shape", "batch_input_shape", KerasJson.dims(type.shape()))
        .set("dtype", KerasTypes.name(type.dtype()))
        .set("sparse", false);
    var tensor = layer.gives(type);
    tensors.put(value, tensor);
    return tensor;
  }

  /// The layer of an output is its own: it has the output's name.
  private KerasTensor output(Value value, Map<KerasWrittenLayer, String> named) {
    hint = value.name();
    var tensor = tensor(value);
    boolean isOwn = tensor.index() == 0 && !named.containsKey(tensor.layer()) && isSole(tensor);
    if (isOwn) return tensor;
    return layer("Activation", tensor.type()).set("activation", "linear").on(tensor, tensor.type());
  }

  private boolean isSole(KerasTensor tensor) {
    return tensors.values().stream()
        .noneMatch(each -> each.layer() == tensor.layer() && each.index() != tensor.index());
  }

  private void write(Node node) {
    if (taken.contains(node)) return;
    var origin = node.origin().node();
    hint = origin.isEmpty() && !node.outputs().isEmpty() ? node.output(0).name() : origin;
    KerasWriteOps.TABLE
        .entry(node.op())
        .orElseThrow(() -> KerasRefusal.inexpressible(unwritten(node)))
        .write(node.op(), node, this);
  }

  private static String unwritten(Node node) {
    var why = KerasWriteOps.TABLE.refusals().get(node.op().getClass());
    return why == null
        ? "neither a layer nor a function of Keras says " + node.op().name()
        : "Keras does not say " + node.op().name() + ": " + why;
  }

  // ---- values

  void give(Value value, KerasTensor tensor) {
    tensors.put(value, tensor);
  }

  void give(Node node, KerasTensor tensor) {
    give(node.output(), tensor);
  }

  /// A node is part of the layer before it.
  void take(Node node, KerasTensor made) {
    taken.add(node);
    give(node, made);
  }

  /// What stands for a value; constants become the results of layers.
  KerasTensor tensor(Value value) {
    var known = tensors.get(value);
    if (known != null) return known;
    if (value.isConstant()) return remembered(value, constant(value));
    if (!isTrial) throw new IllegalStateException(value + " is not written");
    KerasTypes.name(value.dtype());
    return remembered(value, input(value));
  }

  private KerasTensor remembered(Value value, KerasTensor tensor) {
    tensors.put(value, tensor);
    return tensor;
  }

  List<KerasTensor> tensors(List<Value> values) {
    return values.stream().map(this::tensor).toList();
  }

  /// A value as an argument: small constants are numbers in the configuration.
  Argument argument(Value value) {
    var data = value.constant();
    if (data.isEmpty() || data.get().size() > MOST_NUMBERS) return Argument.of(tensor(value));
    return Argument.of(numbers(data.get()));
  }

  /// The elements of a constant as an argument: one alone as a number, others as an array.
  static KerasJson numbers(TensorData data) {
    if (data.shape().hasRank(0)) return number(data, 0);
    var config =
        KerasJson.object(
            Map.entry("value", nested(data, 0, 0, data.size())),
            Map.entry("dtype", KerasJson.of(KerasTypes.name(data.dtype()))));
    return KerasJson.object(
        Map.entry("class_name", KerasJson.of("__numpy__")), Map.entry("config", config));
  }

  private static KerasJson nested(TensorData data, int axis, long from, long count) {
    if (axis == data.shape().rank()) return number(data, from);
    long dim = data.shape().dim(axis).fixed();
    var all = new ArrayList<KerasJson>();
    for (long i = 0; i < dim; i++) {
      all.add(nested(data, axis + 1, from + i * (count / dim), count / dim));
    }
    return new KerasJson.Items(all);
  }

  private static KerasJson number(TensorData data, long index) {
    return switch (data.dtype()) {
      case BOOL -> KerasJson.of(data.longAt(index) != 0);
      case FLOAT64 -> KerasJson.of(data.doubleAt(index));
      case UINT64 -> new KerasJson.Word(Long.toUnsignedString(data.longAt(index)));
      default ->
          data.dtype().isFloat()
              ? KerasJson.of((float) data.doubleAt(index))
              : KerasJson.of(data.longAt(index));
    };
  }

  // ---- layers

  /// A layer that computes with the element type of what it gives.
  KerasWrittenLayer layer(String className, TensorType type) {
    var layer = new KerasWrittenLayer(KerasWrittenLayer.LAYERS, className, hint);
    var dtype = type.dtype();
    return layer.set("dtype", dtype.isFloat() ? KerasTypes.name(dtype) : "float32");
  }

  KerasWrittenLayer layer(String className, Node node) {
    return layer(className, node.output(0).type());
  }

  /// A function of `keras.ops`.
  KerasWrittenLayer operation(String module, String className) {
    return new KerasWrittenLayer(module, className, hint);
  }

  KerasTensor cast(KerasTensor x, DataType to) {
    if (x.type().dtype() == to) return x;
    return operation(CORE, "Cast").set("dtype", KerasTypes.name(to)).on(x, x.type().with(to));
  }

  /// With a value added that broadcasts to it.
  KerasTensor sum(KerasTensor x, Value y) {
    return operation(NUMPY, "Add").with(Argument.of(x)).with(argument(y)).gives(x.type());
  }

  KerasTensor reshaped(KerasTensor x, Shape shape) {
    var dims = KerasShapes.target(shape).orElseThrow(() -> KerasShapes.open(shape));
    return operation(NUMPY, "Reshape").set("newshape", dims).on(x, x.type().with(shape));
  }

  // ---- constants

  /// Functional models have no constants: one hangs on an input, of which it takes nothing.
  private KerasTensor constant(Value value) {
    var data = value.constant().orElseThrow();
    if (data.dtype().isFloat() && data.size() > MOST_NUMBERS) return weights(data);
    var numbers = Argument.of(array(data));
    return operation(NUMPY, "Where")
        .with(Argument.of(never()))
        .with(numbers)
        .with(numbers)
        .gives(data.type());
  }

  private static KerasJson array(TensorData data) {
    return numbers(data.shape().hasRank(0) ? data.reshaped(Shape.of(1)) : data);
  }

  /// The only row of an embedding.
  private KerasTensor weights(TensorData data) {
    var row = new TensorType(data.dtype(), Shape.of(1, data.size()));
    var index = cast(reshaped(never(), Shape.of(1)), DataType.INT32);
    var table =
        layer("Embedding", row)
            .set("input_dim", 1)
            .set("output_dim", data.size())
            .weight("embeddings", data.reshaped(row.shape()))
            .on(index, row);
    return reshaped(table, data.shape());
  }

  /// A scalar that is false.
  private KerasTensor never() {
    var from = graph.inputs().stream().findFirst();
    if (from.isEmpty()) throw KerasRefusal.inexpressible("a model without inputs has no layers");
    var x = isTrial ? input(from.get()) : tensor(from.get());
    var less =
        operation(NUMPY, "Less")
            .with(Argument.of(x))
            .with(Argument.of(x))
            .gives(x.type().with(DataType.BOOL));
    return operation(NUMPY, "Any").on(less, new TensorType(DataType.BOOL, Shape.SCALAR));
  }
}
