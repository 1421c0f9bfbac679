package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.format.tensorflow.schema.AttrValue;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Where the methods of [TensorflowWriteOps] put the nodes of one graph or function.
///
/// An operator that has no kernel for a type works on the next type that holds its numbers, and the
/// result is cast back: what does not fit wraps, as it would have.
final class TensorflowScope {
  /// What becomes of constants.
  interface Constants {
    Port port(String hint, TensorData data, TensorflowScope scope);
  }

  private final TensorflowLibrary library;
  private final Constants constants;
  private final List<TensorflowStep> steps = new ArrayList<>();
  private final Map<Value, Port> ports = new IdentityHashMap<>();
  private String prefix = "";

  TensorflowScope(TensorflowLibrary library, Constants constants) {
    this.library = library;
    this.constants = constants;
  }

  TensorflowLibrary library() {
    return library;
  }

  List<TensorflowStep> steps() {
    return steps;
  }

  /// Names what is added next after the operator that it is part of.
  void setPrefix(String text) {
    prefix = text;
  }

  // ---- values

  boolean has(Node node, int i) {
    return node.input(i).isPresent();
  }

  Port in(Node node, int i) {
    return port(node.input(i));
  }

  Port port(Value value) {
    var known = ports.get(value);
    if (known != null) return known;
    if (!value.isConstant()) throw new IllegalStateException(value + " is given by no node");
    var port = constants.port(value.name(), value.constant().orElseThrow(), this);
    ports.put(value, port);
    return port;
  }

  void give(Value value, Port port) {
    ports.put(value, port);
  }

  /// Says that a port is the node's output, and names it so.
  void give(Node node, Port port) {
    give(node, 0, port);
  }

  void give(Node node, int i, Port port) {
    if (i >= node.outputs().size() || !node.output(i).isPresent()) return;
    give(node.output(i), port);
    if (i == 0 && port.step().hint().startsWith(prefix + "/")) port.step().setHint(prefix);
  }

  // ---- constants

  /// A constant that may become a variable.
  Port weight(String hint, TensorData data) {
    return constants.port(hint, data, this);
  }

  Port constant(String hint, TensorData data) {
    var carried = TensorflowWriteTypes.carried(data.dtype());
    var tensor = TensorflowWriteTypes.tensor(data, library.arena());
    var step = add(new TensorflowStep(hint, "Const", List.of()));
    return step.set("dtype", carried).set("value", AttrValue.newBuilder().setTensor(tensor)).port();
  }

  Port constant(TensorData data) {
    return constant(prefix + "/Const", data);
  }

  Port scalar(DataType dtype, double value) {
    return constant(TensorData.scalar(dtype, value));
  }

  /// A vector of int32, or of int64 where it must be.
  Port ints(long... values) {
    boolean isWide = false;
    for (long value : values) isWide |= value != (int) value;
    var dtype = isWide ? DataType.INT64 : DataType.INT32;
    return constant(TensorData.ofLongs(dtype, Shape.of(values.length), values));
  }

  Port ints(List<? extends Number> values) {
    return ints(values.stream().mapToLong(Number::longValue).toArray());
  }

  Port index(long value) {
    return constant(TensorData.ofLongs(DataType.INT32, Shape.SCALAR, value));
  }

  // ---- nodes

  TensorflowStep add(TensorflowStep step) {
    steps.add(step);
    return step;
  }

  /// A node whose types are to be set.
  TensorflowStep bare(String op, Port... inputs) {
    return add(new TensorflowStep(prefix + "/" + op, op, List.of(inputs)));
  }

  Port cast(Port x, DataType to) {
    if (x.type() == to) return x;
    return bare("Cast", x).set("SrcT", x.type()).set("DstT", to).port();
  }

  /// An operator of one output.
  Port op(String op, Port... inputs) {
    return op(op, _ -> {}, inputs);
  }

  /// An operator of one output with attributes.
  Port op(String op, java.util.function.Consumer<TensorflowStep> attributes, Port... inputs) {
    return ops(op, attributes, inputs).get(0);
  }

  /// An operator of several outputs that are one tensor each.
  List<Port> ops(
      String op, java.util.function.Consumer<TensorflowStep> attributes, Port... inputs) {
    var kernel = TensorflowKernels.of(op);
    var wanted = types(op, kernel, inputs);
    var carried = new ArrayList<Port>();
    for (var argument : kernel.inputs()) {
      int count = argument.count().isEmpty() ? 1 : inputs.length - kernel.inputs().size() + 1;
      for (int i = 0; i < count && carried.size() < inputs.length; i++) {
        var given = inputs[carried.size()];
        var carrier = argument.attribute().isEmpty() ? argument.fixed() : carrier(wanted, argument);
        carried.add(carrier.map(to -> cast(given, to)).orElse(given));
      }
    }
    var step = bare(op, carried.toArray(Port[]::new));
    wanted.forEach((attribute, pair) -> step.set(attribute, pair.carrier()));
    for (var argument : kernel.inputs()) {
      if (argument.count().isEmpty()) continue;
      step.set(argument.count(), (long) inputs.length - kernel.inputs().size() + 1);
    }
    attributes.accept(step);
    return results(step, kernel, wanted);
  }

  private static Optional<DataType> carrier(
      Map<String, Carried> wanted, TensorflowKernels.Argument argument) {
    return Optional.ofNullable(wanted.get(argument.attribute())).map(Carried::carrier);
  }

  private List<Port> results(
      TensorflowStep step, TensorflowKernels.Kernel kernel, Map<String, Carried> wanted) {
    var results = new ArrayList<Port>();
    for (int i = 0; i < kernel.outputs().size(); i++) {
      var argument = kernel.outputs().get(i);
      var carried = wanted.get(argument.attribute());
      if (!argument.count().isEmpty() || argument.isList()) break;
      var port = step.port(i);
      results.add(carried == null ? port : cast(port, carried.own()));
    }
    return results;
  }

  /// The type that numbers have, and the one in which an operator works on them.
  private record Carried(DataType own, DataType carrier) {}

  private static Map<String, Carried> types(
      String op, TensorflowKernels.Kernel kernel, Port... inputs) {
    var types = new HashMap<String, Carried>();
    int at = 0;
    for (var argument : kernel.inputs()) {
      int count = argument.count().isEmpty() ? 1 : inputs.length - kernel.inputs().size() + 1;
      if (!argument.attribute().isEmpty() && at < inputs.length) {
        var own = inputs[at].type();
        types.putIfAbsent(
            argument.attribute(), new Carried(own, carrier(op, kernel, argument, own)));
      }
      at += count;
    }
    return types;
  }

  private static DataType carrier(
      String op,
      TensorflowKernels.Kernel kernel,
      TensorflowKernels.Argument argument,
      DataType own) {
    if (kernel.takes(argument.attribute(), own)) return own;
    for (var carrier : TensorflowWriteTypes.carriers(own)) {
      if (kernel.takes(argument.attribute(), carrier)) return carrier;
    }
    throw new TensorflowRefusal(
        "DTYPE_UNSUPPORTED",
        "TensorFlow's processor kernel of '%s' does not take %s".formatted(op, own),
        "use another element type, or end the model before this node with --outputs");
  }
}
