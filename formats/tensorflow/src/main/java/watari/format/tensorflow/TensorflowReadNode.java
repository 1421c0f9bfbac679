package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowNodes.Entry;
import watari.format.tensorflow.schema.AttrValue;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Op;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A node that is being read: what it has, and words to say what it means.
final class TensorflowReadNode {
  private final TensorflowReadGraph graph;
  private final Entry entry;
  private final Map<String, AttrValue> attributes;

  TensorflowReadNode(TensorflowReadGraph graph, Entry entry) {
    this.graph = graph;
    this.entry = entry;
    this.attributes = entry.proto().getAttrMap();
  }

  TensorflowReadGraph graph() {
    return graph;
  }

  TensorflowReadModel model() {
    return graph.model();
  }

  GraphBuilder builder() {
    return graph.builder();
  }

  /// Words for compositions.
  Formula formula() {
    return new Formula(graph.builder());
  }

  Entry entry() {
    return entry;
  }

  String name() {
    return entry.name();
  }

  // ---- inputs

  int inputCount() {
    return entry.inputs().size();
  }

  boolean has(int i) {
    return i < entry.inputs().size();
  }

  Edge edge(int i) {
    if (!has(i)) throw TensorflowRefusal.broken("input " + i + " is missing");
    return entry.inputs().get(i);
  }

  Held held(int i) {
    return graph.held(edge(i));
  }

  List<Held> allHeld() {
    return entry.inputs().stream().map(graph::held).toList();
  }

  Value in(int i) {
    return graph.value(edge(i));
  }

  List<Value> inputs() {
    var all = new ArrayList<Value>();
    for (int i = 0; i < inputCount(); i++) all.add(in(i));
    return all;
  }

  /// The elements of a constant input.
  Optional<TensorData> constant(int i) {
    return switch (held(i)) {
      case Held.Constant(_, TensorData data) -> Optional.of(data);
      case Held.Tensor(Value value) -> value.constant();
      default -> Optional.empty();
    };
  }

  /// The elements of an input that has to be a constant.
  TensorData constant(int i, String what) {
    return constant(i).orElseThrow(() -> computed(what));
  }

  static TensorflowRefusal computed(String what) {
    return TensorflowRefusal.dynamic(
        what + " is computed, and Watari reads this operator only where it is constant");
  }

  /// The integers of an input that are known although it may be computed.
  Optional<long[]> known(int i) {
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

  /// The one axis that an input gives, counted from 0.
  int axisInput(int i, int rank) {
    var axes = integers(i, "its axis");
    if (axes.length != 1) throw TensorflowRefusal.broken("input " + i + " is not one axis");
    return Shapes.axis(axes[0], rank);
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

  /// @throws TensorflowRefusal if it is not known
  int rank(Value value, String what) {
    if (value.shape().isRanked()) return value.shape().rank();
    throw TensorflowRefusal.dynamic("the rank of " + what + " is not known");
  }

  // ---- attributes

  boolean hasAttribute(String name) {
    return attributes.containsKey(name);
  }

  AttrValue attribute(String name) {
    var attribute = attributes.get(name);
    if (attribute == null) throw TensorflowRefusal.broken("attribute '" + name + "' is missing");
    return attribute;
  }

  int integer(String name, int otherwise) {
    return hasAttribute(name) ? number(name, attribute(name).getI()) : otherwise;
  }

  private static int number(String name, long value) {
    if (value == (int) value) return (int) value;
    throw TensorflowRefusal.broken("attribute '" + name + "' has the number " + value);
  }

  boolean flag(String name, boolean otherwise) {
    return hasAttribute(name) ? attribute(name).getB() : otherwise;
  }

  float real(String name, float otherwise) {
    return hasAttribute(name) ? attribute(name).getF() : otherwise;
  }

  String text(String name, String otherwise) {
    return hasAttribute(name) ? attribute(name).getS().toString(UTF_8) : otherwise;
  }

  /// Integers of a list; none where it is missing.
  List<Integer> integers(String name) {
    if (!hasAttribute(name)) return List.of();
    return attribute(name).getList().getIList().stream().map(each -> number(name, each)).toList();
  }

  List<Float> reals(String name) {
    return hasAttribute(name) ? attribute(name).getList().getFList() : List.of();
  }

  List<String> texts(String name) {
    if (!hasAttribute(name)) return List.of();
    return attribute(name).getList().getSList().stream().map(ByteString::toStringUtf8).toList();
  }

  DataType type(String name, DataType otherwise) {
    if (!hasAttribute(name)) return otherwise;
    var theirs = attribute(name).getType();
    return TensorflowTypes.dtype(theirs)
        .orElseThrow(() ->
            new TensorflowRefusal(
                "DTYPE_UNSUPPORTED",
                "attribute '"
                    + name
                    + "' names the element type '"
                    + theirs
                    + "', which Watari does not know",
                "export the model with another element type"));
  }

  /// An attribute has a text that is none of those that there are.
  static TensorflowRefusal unknown(String name, String text, String expected) {
    return TensorflowRefusal.broken(
        "attribute '%s' is '%s', expected %s".formatted(name, text, expected));
  }

  /// The layout that `data_format` names: one with C before the spatial axes, or behind.
  Layout layout() {
    var text = text("data_format", "NHWC");
    return switch (text) {
      case "NHWC", "NDHWC", "NWC" -> Layout.CHANNELS_LAST;
      case "NCHW", "NCDHW", "NCW" -> Layout.CHANNELS_FIRST;
      default ->
          throw TensorflowRefusal.unsupported(
              "data format '" + text + "' is one of single processors",
              "export the model with data format 'NHWC'");
    };
  }

  // ---- outputs

  int outputCount() {
    return TensorflowOperators.outputCount(entry.proto());
  }

  private String hint(int i) {
    return graph.hint(new Edge(name(), i));
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
    var names = new ArrayList<String>();
    for (int i = 0; i < outputs; i++) names.add(hint(i));
    var node = builder().add(op, inputs, names, bodies);
    for (int i = 0; i < outputs; i++) put(i, node.output(i));
    return node;
  }

  /// The operator computes one of the outputs.
  void give(int i, Op op, Value... inputs) {
    put(i, builder().addNamed(hint(i), op, inputs));
  }

  /// Lets a value be an output.
  void give(int i, Value value) {
    if (value.producer().isPresent() && !value.name().equals(hint(i))) {
      var names = new ArrayList<>(value.sourceNames());
      if (!names.contains(hint(i))) names.add(hint(i));
      value.setSourceNames(names);
    }
    put(i, value);
  }

  void hold(int i, Held what) {
    graph.put(new Edge(name(), i), what);
  }

  /// Lets a constant be the output.
  void giveConstant(TensorData data) {
    hold(0, new Held.Constant(name(), data));
  }

  /// What is known already is a constant from here on, so that shapes that are computed of it are.
  private void put(int i, Value value) {
    var known = graph.folding().of(value);
    var name = new Edge(name(), i).toString();
    hold(i, known.isPresent() ? new Held.Constant(name, known.get()) : new Held.Tensor(value));
  }
}
