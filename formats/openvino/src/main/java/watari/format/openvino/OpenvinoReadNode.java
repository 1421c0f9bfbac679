package watari.format.openvino;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Op;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A layer that is being read: what it has, and words to say what it means.
final class OpenvinoReadNode {
  private final OpenvinoReadGraph graph;
  private final Layer layer;
  private final List<Optional<OpenvinoLinks.Source>> sources;

  OpenvinoReadNode(OpenvinoReadGraph graph, Layer layer) {
    this.graph = graph;
    this.layer = layer;
    this.sources = graph.links().sources(layer);
  }

  OpenvinoReadGraph graph() {
    return graph;
  }

  OpenvinoReadModel model() {
    return graph.model();
  }

  GraphBuilder builder() {
    return graph.builder();
  }

  /// Words for compositions.
  Formula formula() {
    return new Formula(graph.builder());
  }

  Layer layer() {
    return layer;
  }

  /// The number of the operator set that the layer is from; the newest for a set without a number.
  int opset() {
    int opset = OpenvinoFormat.opset(layer.version());
    return opset == 0 ? OpenvinoFormat.NEWEST_OPSET : opset;
  }

  // ---- inputs

  int inputCount() {
    return layer.inputs().size();
  }

  boolean has(int i) {
    return i < sources.size() && sources.get(i).isPresent();
  }

  /// @throws OpenvinoRefusal if it is not there
  private OpenvinoLinks.Source source(int i) {
    if (!has(i)) throw OpenvinoRefusal.broken("input " + i + " is missing");
    return sources.get(i).orElseThrow();
  }

  Value in(int i) {
    return graph.value(source(i).layer(), source(i).port());
  }

  /// An input of real numbers.
  ///
  /// @throws OpenvinoRefusal for integers: OpenVINO rounds on the way, differently by operator
  Value floats(int i) {
    var value = in(i);
    if (value.dtype().isFloat()) return value;
    throw new OpenvinoRefusal(
        "DTYPE_UNSUPPORTED",
        "it computes of " + value.dtype() + ", which OpenVINO rounds in its own ways",
        "convert its input to float32 in the IR, and its output back");
  }

  Value optional(int i) {
    return has(i) ? in(i) : Value.ABSENT;
  }

  List<Value> inputs() {
    var all = new ArrayList<Value>();
    for (int i = 0; i < inputCount(); i++) all.add(in(i));
    return all;
  }

  /// The elements of a constant input.
  Optional<TensorData> constant(int i) {
    return has(i) ? graph.constant(source(i).port()) : Optional.empty();
  }

  /// The elements of an input that has to be a constant.
  TensorData constant(int i, String what) {
    return constant(i).orElseThrow(() -> computed(what));
  }

  private static OpenvinoRefusal computed(String what) {
    return OpenvinoRefusal.unsupported(
        what + " is computed, and Watari reads this operator only where it is constant",
        "fix the shapes of the model's inputs, or write the IR with constant parameters");
  }

  /// The integers of an input that are known although it may be computed.
  Optional<long[]> known(int i) {
    if (!has(i)) return Optional.empty();
    var constant = constant(i).filter(data -> data.dtype().isInteger());
    return constant.isPresent() ? constant.map(TensorData::longs) : known(in(i));
  }

  Optional<long[]> known(Value value) {
    return builder()
        .inference()
        .integers(value)
        .filter(all -> all.stream().allMatch(Dim::isFixed))
        .map(all -> all.stream().mapToLong(Dim::fixed).toArray());
  }

  /// The integers of an input that have to be known.
  long[] integers(int i, String what) {
    return known(i).orElseThrow(() -> computed(what));
  }

  /// An input of integers as int64: a constant where they are known.
  Value integers64(int i) {
    var known = known(i).filter(_ -> shape(i).hasRank(1));
    return known.map(formula()::vector).orElseGet(() -> formula().cast(in(i), DataType.INT64));
  }

  /// An input of axes, or of one axis, as a vector.
  Value axes(int i) {
    var known = known(i);
    if (known.isPresent()) return formula().vector(known.get());
    return formula().reshape(formula().cast(in(i), DataType.INT64), -1);
  }

  /// The one axis that an input gives, counted from 0 where the rank of input 0 is known.
  int axisInput(int i) {
    var axes = integers(i, "its axis");
    if (axes.length != 1) throw OpenvinoRefusal.broken("input " + i + " is not one axis");
    return shape(0).isRanked() ? axis(axes[0], rank(0)) : Math.toIntExact(axes[0]);
  }

  /// An input of one element as a scalar of a type.
  Value scalarInput(int i, DataType dtype) {
    var x = in(i);
    if (!x.shape().hasRank(0)) {
      var constant = constant(i).filter(data -> data.size() == 1);
      x =
          constant
              .map(data -> builder().constant(data.reshaped(Shape.SCALAR)))
              .orElse(formula().reshape(in(i)));
    }
    return formula().cast(x, dtype);
  }

  /// How many elements a vector has.
  int length(Value vector, String what) {
    var shape = vector.shape();
    if (shape.hasRank(1) && shape.dim(0).isFixed()) return Math.toIntExact(shape.dim(0).fixed());
    throw OpenvinoRefusal.unsupported(
        "the number of elements of " + what + " is not known", "give the model's inputs shapes");
  }

  DataType dtype(int i) {
    return in(i).dtype();
  }

  Shape shape(int i) {
    return in(i).shape();
  }

  int rank(int i) {
    return rank(in(i), "input " + i);
  }

  /// @throws OpenvinoRefusal if it is not known
  int rank(Value value, String what) {
    if (value.shape().isRanked()) return value.shape().rank();
    throw OpenvinoRefusal.unsupported(
        "the rank of " + what + " is not known", "give the model's inputs shapes");
  }

  /// Axes of input 0, each counted from 0.
  ///
  /// @throws OpenvinoRefusal if one comes twice
  List<Integer> axesOf(long[] given) {
    int rank = rank(0);
    var axes = Arrays.stream(given).mapToObj(axis -> axis(axis, rank)).toList();
    if (Set.copyOf(axes).size() == axes.size()) return axes;
    throw OpenvinoRefusal.broken("an axis comes twice in " + axes);
  }

  /// The axis counted from 0.
  int axis(long axis, int rank) {
    return Shapes.axis(axis, rank);
  }

  // ---- attributes

  boolean hasAttribute(String name) {
    return layer.data().containsKey(name);
  }

  String text(String name, String otherwise) {
    return layer.data().getOrDefault(name, otherwise).strip();
  }

  String text(String name) {
    if (!hasAttribute(name)) throw OpenvinoRefusal.broken("attribute '" + name + "' is missing");
    return text(name, "");
  }

  long longInteger(String name) {
    return number(name, text(name));
  }

  int integer(String name) {
    return Math.toIntExact(longInteger(name));
  }

  int integer(String name, int otherwise) {
    return hasAttribute(name) ? integer(name) : otherwise;
  }

  private static long number(String name, String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException _) {
      throw unreadable(name, text, "a whole number");
    }
  }

  private static OpenvinoRefusal unreadable(String name, String text, String expected) {
    return OpenvinoRefusal.broken(
        "attribute '%s' is '%s', expected %s".formatted(name, text, expected));
  }

  boolean flag(String name, boolean otherwise) {
    if (!hasAttribute(name)) return otherwise;
    var text = text(name);
    return switch (text) {
      case "true", "True", "1" -> true;
      case "false", "False", "0" -> false;
      default -> throw unreadable(name, text, "'true' or 'false'");
    };
  }

  double real(String name) {
    try {
      return Double.parseDouble(text(name));
    } catch (NumberFormatException _) {
      throw unreadable(name, text(name), "a number");
    }
  }

  double real(String name, double otherwise) {
    return hasAttribute(name) ? real(name) : otherwise;
  }

  private List<String> parts(String name) {
    if (!hasAttribute(name) || text(name).isEmpty()) return List.of();
    return Arrays.stream(text(name).split(",")).map(String::strip).toList();
  }

  /// Integers of a list; none where it is missing.
  List<Integer> integers(String name) {
    return parts(name).stream().map(part -> Math.toIntExact(number(name, part))).toList();
  }

  List<Double> reals(String name) {
    try {
      return parts(name).stream().map(Double::parseDouble).toList();
    } catch (NumberFormatException _) {
      throw unreadable(name, text(name), "numbers");
    }
  }

  List<String> texts(String name) {
    return parts(name);
  }

  /// The element type that an attribute names.
  DataType element(String name, DataType otherwise) {
    if (!hasAttribute(name)) return otherwise;
    return OpenvinoTypes.dtype(text(name)).orElseThrow(() -> OpenvinoRefusal.dtype(text(name)));
  }

  /// An attribute has a text that is none of those that there are.
  OpenvinoRefusal unknown(String name, String expected) {
    return unreadable(name, text(name, ""), expected);
  }

  // ---- outputs

  int outputCount() {
    return layer.outputs().size();
  }

  boolean wants(int i) {
    return i < layer.outputs().size();
  }

  /// Whether anything takes output `i`.
  boolean isUsed(int i) {
    return wants(i) && graph.links().isUsed(layer, layer.outputs().get(i));
  }

  /// Leaves out an output that nothing takes.
  void skip(int i) {
    if (wants(i)) graph.standIn(layer, layer.outputs().get(i));
  }

  private String hint(int i) {
    return wants(i)
        ? OpenvinoReadGraph.hint(layer, layer.outputs().get(i))
        : layer.name() + "/unused";
  }

  /// The operator computes all outputs.
  void give(Op op, Value... inputs) {
    give(op, List.of(inputs));
  }

  void give(Op op, List<Value> inputs) {
    give(op, inputs, outputCount(), List.of());
  }

  /// The operator computes the first outputs.
  Node give(Op op, List<Value> inputs, int outputs, List<Graph> bodies) {
    int count = Math.max(outputs, 1);
    var names = new ArrayList<String>();
    for (int i = 0; i < count; i++) names.add(hint(i));
    var node = builder().add(op, inputs, names, bodies);
    for (int i = 0; i < count; i++) if (wants(i)) put(i, node.output(i));
    return node;
  }

  /// The operator computes one of the outputs.
  void give(int i, Op op, Value... inputs) {
    if (wants(i)) put(i, builder().addNamed(hint(i), op, inputs));
  }

  /// Lets a value be an output.
  void give(int i, Value value) {
    if (wants(i)) put(i, value);
  }

  private void put(int i, Value value) {
    var port = layer.outputs().get(i);
    if (value.producer().isPresent()) {
      var names = new ArrayList<>(value.sourceNames());
      port.names().forEach(name -> addOnce(names, name));
      addOnce(names, OpenvinoReadGraph.friendlyName(layer, port));
      names.remove(value.name());
      value.setSourceNames(names);
    }
    graph.refine(layer, port, value);
    graph.put(port, value);
  }

  private static void addOnce(List<String> names, String name) {
    if (!names.contains(name)) names.add(name);
  }

  /// Lets a constant be the output.
  void giveConstant(TensorData data) {
    graph.putConstant(layer.outputs().get(0), data);
  }

  /// Reads the layer as an operator that only OpenVINO knows.
  void custom() {
    OpenvinoReadCustom.read(this);
  }
}
