package watari.format.tflite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.tflite.schema.BuiltinOperator;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// One subgraph to be: its tensors and operators, in order. What the methods of the operator tables
/// write to.
final class TfliteSubgraph {
  /// A tensor to be.
  ///
  /// @param buffer index of the file's buffer; 0 for what is computed
  record Tensor(String name, TensorType type, int buffer, Kind kind) {}

  /// What a tensor is for: values, the handle of a resource, or a value that its operators keep
  /// from one call to the next.
  enum Kind {
    VALUE,
    RESOURCE,
    VARIABLE
  }

  /// An operator to be.
  ///
  /// @param custom name of a custom operator, or empty
  /// @param customOptions its bytes
  /// @param intermediates tensors that only say how values within it are quantized
  record Operator(
      int code,
      int version,
      String custom,
      List<Integer> inputs,
      List<Integer> outputs,
      TfliteOptions options,
      Optional<TensorData> customOptions,
      List<Integer> intermediates) {
    Operator {
      intermediates = List.copyOf(intermediates);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  private final TfliteParts parts;
  private final String name;
  private final List<Tensor> tensors = new ArrayList<>();
  private final List<Operator> operators = new ArrayList<>();
  private final List<Integer> inputs = new ArrayList<>();
  private final List<Integer> outputs = new ArrayList<>();
  private final Map<Value, Integer> known = new IdentityHashMap<>();
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<Node, TfliteActivation> fused = new IdentityHashMap<>();
  private final Map<Integer, Integer> narrowed = new HashMap<>();
  private int inFront;
  private String prefix = "";
  private TfliteVariableStates variableStates = TfliteVariableStates.NONE;

  TfliteSubgraph(TfliteParts parts, String name) {
    this.parts = parts;
    this.name = name;
  }

  String name() {
    return name;
  }

  List<Tensor> tensors() {
    return Collections.unmodifiableList(tensors);
  }

  List<Operator> operators() {
    return Collections.unmodifiableList(operators);
  }

  List<Integer> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  List<Integer> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  TfliteParts parts() {
    return parts;
  }

  void addInput(int tensor) {
    inputs.add(tensor);
  }

  void addOutput(int tensor) {
    outputs.add(tensor);
  }

  /// Tensors made from now on without a name of their own are named after this.
  void setPrefix(String text) {
    prefix = text;
  }

  // ---- tensors

  /// The tensor of a value; -1 for one that is absent.
  int tensor(Value value) {
    if (!value.isPresent()) return -1;
    var index = known.get(value);
    if (index != null) return index;
    int buffer = value.constant().map(parts::buffer).orElse(0);
    int made = tensor(value.name(), value.type(), buffer);
    known.put(value, made);
    return made;
  }

  /// Lets a value be a tensor that is there already.
  void alias(Value value, int tensor) {
    known.put(value, tensor);
  }

  /// Makes the tensor of a value under another name.
  int named(Value value, String other) {
    int made = tensor(other, value.type(), 0);
    known.put(value, made);
    return made;
  }

  boolean has(Value value) {
    return known.containsKey(value);
  }

  private int tensor(String hint, TensorType type, int buffer) {
    if (TfliteTypes.number(type.dtype()).isEmpty()) {
      throw Refusal.dtype(
          "TFLite has no element type '" + type.dtype() + "'", "use another element type");
    }
    for (var dim : type.shape().isRanked() ? type.shape().dims() : List.<Dim>of()) {
      if (dim.isFixed() && dim.fixed() > Integer.MAX_VALUE) {
        throw new Refusal(
            "SHAPE_UNSUPPORTED",
            "'" + hint + "' has dim '" + dim + "', TFLite counts to " + Integer.MAX_VALUE,
            "end the model before this node with --outputs");
      }
    }
    tensors.add(new Tensor(freshName(hint), type, buffer, Kind.VALUE));
    return tensors.size() - 1;
  }

  private String freshName(String hint) {
    int count = names.merge(hint, 1, Integer::sum);
    if (count == 1) return hint;
    var numbered = hint + "_" + (count - 1);
    return names.putIfAbsent(numbered, 1) == null ? numbered : freshName(hint);
  }

  /// The handle of a variable.
  int resource(String variable) {
    var type = TensorType.of(DataType.INT32, 1);
    tensors.add(new Tensor(freshName(variable + "/handle"), type, 0, Kind.RESOURCE));
    return tensors.size() - 1;
  }

  /// A value that the operators that use it change.
  int variable(String hint, TensorType type) {
    tensors.add(new Tensor(freshName(hint), type, 0, Kind.VARIABLE));
    return tensors.size() - 1;
  }

  /// States that are variable tensors, and no resources.
  TfliteVariableStates variableStates() {
    return variableStates;
  }

  void setVariableStates(TfliteVariableStates states) {
    variableStates = states;
  }

  int temporary(TensorType type) {
    return tensor(prefix + "/temporary", type, 0);
  }

  int constant(TensorData data) {
    return tensor(prefix + "/constant", data.type(), parts.buffer(data));
  }

  int constant(TensorData data, Quantization quantization) {
    return tensor(prefix + "/constant", data.type().with(quantization), parts.buffer(data));
  }

  int ints(int... values) {
    return constant(TensorData.ofInts(Shape.of(values.length), values));
  }

  int ints(List<Integer> values) {
    return ints(values.stream().mapToInt(i -> i).toArray());
  }

  int scalar(int value) {
    return constant(TensorData.ofInts(Shape.SCALAR, value));
  }

  TensorType type(int tensor) {
    return tensors.get(tensor).type();
  }

  /// An integer value as int32, which is what TFLite takes for shapes, axes and pads.
  int int32(Value value) {
    if (value.dtype() == DataType.INT32 && !value.type().isQuantized()) return tensor(value);
    if (value.isConstant()) return constant(clamped(value.constant().orElseThrow()));
    int from = tensor(value);
    return narrowed.computeIfAbsent(from, _ -> cast(from, DataType.INT32));
  }

  private static TensorData clamped(TensorData data) {
    var longs = data.longs();
    var ints = new int[longs.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.clamp(longs[i], Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    return TensorData.ofInts(data.shape(), ints);
  }

  /// A tensor converted by a CAST.
  int cast(int tensor, DataType to) {
    var type = type(tensor);
    if (type.dtype() == to && !type.isQuantized()) return tensor;
    int made = temporary(new TensorType(to, type.shape()));
    cast(tensor, made);
    return made;
  }

  void cast(int from, int to) {
    add(
        BuiltinOperator.CAST,
        TfliteOptions.cast(number(type(from).dtype()), number(type(to).dtype())),
        List.of(from),
        List.of(to));
  }

  static byte number(DataType dtype) {
    return TfliteTypes.number(dtype)
        .orElseThrow(
            () -> Refusal.dtype("TFLite has no element type '" + dtype + "'", "use another one"));
  }

  /// The dims of a value, which must be fixed.
  int[] fixedDims(Value value) {
    if (!value.shape().isFixed()) {
      throw Refusal.dynamic(
          "the shape " + value.shape() + " of '" + value.name() + "' is not fixed");
    }
    return java.util.Arrays.stream(value.shape().fixedDims()).mapToInt(Math::toIntExact).toArray();
  }

  /// The elements of a constant.
  static TensorData constant(Value value, String what) {
    return value
        .constant()
        .orElseThrow(() ->
            Refusal.operator(
                what + " are computed, TFLite takes constants", "make them constants"));
  }

  // ---- activations

  /// The activation that goes into this node's operator, and the value that it then gives.
  TfliteActivation activation(Node node) {
    var activation = TfliteActivation.after(node);
    if (activation.node().isPresent()) fused.put(activation.node().get(), activation);
    return activation;
  }

  /// Whether the node has gone into another's operator.
  boolean isFused(Node node) {
    return fused.containsKey(node);
  }

  // ---- operators

  void add(int code, TfliteOptions options, List<Integer> from, List<Integer> to) {
    add(code, 1, options, from, to);
  }

  /// Adds an operator of the lowest version that has its element types and ranks, or of a higher
  /// one that its options need.
  void add(int code, int version, TfliteOptions options, List<Integer> from, List<Integer> to) {
    var fromTypes = types(from);
    var toTypes = types(to);
    TfliteKernels.require(code, fromTypes, toTypes);
    int needed = Math.max(version, TfliteVersions.version(code, fromTypes, toTypes));
    operators.add(new Operator(code, needed, "", from, to, options, Optional.empty(), List.of()));
  }

  /// Adds an operator with tensors that only say how values within it are quantized.
  void add(
      int code,
      int version,
      TfliteOptions options,
      List<Integer> from,
      List<Integer> to,
      List<Integer> intermediates) {
    operators.add(
        new Operator(code, version, "", from, to, options, Optional.empty(), intermediates));
  }

  /// Lets operators stand in front of all others but those that already do.
  void inFront(Runnable adding) {
    int before = operators.size();
    adding.run();
    int added = operators.size() - before;
    Collections.rotate(operators.subList(inFront, operators.size()), added);
    inFront += added;
  }

  void addCustom(
      String custom, int version, List<Integer> from, List<Integer> to, TensorData options) {
    operators.add(
        new Operator(
            BuiltinOperator.CUSTOM,
            version,
            custom,
            from,
            to,
            TfliteOptions.NONE,
            Optional.of(options),
            List.of()));
  }

  private List<Optional<TensorType>> types(List<Integer> indices) {
    return indices.stream()
        .map(i -> i < 0 ? Optional.<TensorType>empty() : Optional.of(type(i)))
        .toList();
  }

  /// Writes a body as a subgraph of its own.
  int body(Graph graph) {
    return parts.subgraph(graph);
  }
}
