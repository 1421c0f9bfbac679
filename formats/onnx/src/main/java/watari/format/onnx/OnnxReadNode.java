package watari.format.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A node that is being read: what it has, and words to say what it means.
final class OnnxReadNode extends OnnxTerms {
  private final OnnxReadGraph graph;
  private final NodeProto proto;
  private final Map<String, AttributeProto> attributes;
  private final int opset;
  private Quantization carried = new Quantization.None();
  private boolean carriesAll;

  /// @param attributes those of the node, with references to a function's arguments resolved
  /// @param opset the version of the node's domain
  OnnxReadNode(
      OnnxReadGraph graph, NodeProto proto, Map<String, AttributeProto> attributes, int opset) {
    super(graph.scope().builder());
    this.graph = graph;
    this.proto = proto;
    this.attributes = attributes;
    this.opset = opset;
  }

  OnnxReadGraph graph() {
    return graph;
  }

  OnnxReadScope scope() {
    return graph.scope();
  }

  OnnxReadModel model() {
    return graph.model();
  }

  NodeProto proto() {
    return proto;
  }

  int opset() {
    return opset;
  }

  Map<String, AttributeProto> attributes() {
    return attributes;
  }

  static Origin origin(NodeProto proto, int index, int opset) {
    var name = proto.getName();
    if (name.isEmpty() && proto.getOutputCount() > 0) name = proto.getOutput(0);
    return new Origin(name, index, proto.getOpType() + "-" + opset);
  }

  // ---- inputs

  int inputCount() {
    return proto.getInputCount();
  }

  /// Whether input `i` is there; there is none at -1.
  boolean has(int i) {
    return i >= 0 && i < proto.getInputCount() && !scope().isAbsent(proto.getInput(i));
  }

  String inputName(int i) {
    return i < proto.getInputCount() ? proto.getInput(i) : "";
  }

  /// Input `i`, its numbers as they are stored.
  Value in(int i) {
    return carried.isNone() || i > 0 && !carriesAll ? scope().raw(stored(i)) : stored(i);
  }

  /// Lets the operator move quantized elements about: its output is quantized as its input is.
  ///
  /// @param all whether this holds for all inputs, or only for the first
  void carryQuantization(boolean all) {
    carried = stored(0).type().quantization();
    carriesAll = all;
  }

  /// Whether the first input, or all inputs, have one quantization for the whole tensor.
  boolean isQuantized(boolean all) {
    if (!has(0)) return false;
    var first = stored(0).type().quantization();
    if (!(first instanceof Quantization.PerTensor)) return false;
    for (int i = 1; all && i < inputCount(); i++) {
      if (!has(i) || !stored(i).type().quantization().equals(first)) return false;
      if (stored(i).dtype() != stored(0).dtype()) return false;
    }
    return true;
  }

  Value optional(int i) {
    return has(i) ? in(i) : Value.ABSENT;
  }

  /// Input `i`, whose integers may denote real numbers.
  Value stored(int i) {
    if (!has(i)) throw OnnxRefusal.broken("input " + i + " is missing");
    return scope().stored(proto.getInput(i));
  }

  /// All inputs; absent ones where they are left out.
  List<Value> inputs() {
    var all = new ArrayList<Value>();
    for (int i = 0; i < inputCount(); i++) all.add(optional(i));
    return all;
  }

  /// The elements of a constant input.
  Optional<TensorData> constant(int i) {
    return has(i) ? scope().constant(proto.getInput(i)) : Optional.empty();
  }

  /// The integers of an input that are known although it may be computed.
  Optional<long[]> integers(int i) {
    return has(i) ? integers(in(i)) : Optional.empty();
  }

  Optional<long[]> integers(Value value) {
    return builder()
        .inference()
        .integers(value)
        .filter(all -> all.stream().allMatch(Dim::isFixed))
        .map(all -> all.stream().mapToLong(Dim::fixed).toArray());
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

  /// @throws OnnxRefusal if it is not known
  int rank(Value value, String what) {
    if (value.shape().isRanked()) return value.shape().rank();
    throw OnnxRefusal.unsupported(
        "the rank of " + what + " is not known", "run onnx.shape_inference on the model first");
  }

  /// The axis counted from 0.
  int axis(long axis, int rank) {
    return watari.op.Shapes.axis(axis, rank);
  }

  // ---- attributes

  boolean hasAttribute(String name) {
    return attributes.containsKey(name);
  }

  private AttributeProto attribute(String name) {
    var attribute = attributes.get(name);
    if (attribute == null) throw OnnxRefusal.broken("attribute '" + name + "' is missing");
    return attribute;
  }

  long integer(String name) {
    return attribute(name).getI();
  }

  int integer(String name, int otherwise) {
    if (!hasAttribute(name)) return otherwise;
    return number(name, attribute(name).getI());
  }

  boolean flag(String name, boolean otherwise) {
    return hasAttribute(name) ? integer(name) != 0 : otherwise;
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
    return attribute(name).getIntsList().stream().map(each -> number(name, each)).toList();
  }

  /// Integers of a list that may be beyond 32 bits, as the ends of slices are.
  List<Long> longs(String name) {
    return hasAttribute(name) ? attribute(name).getIntsList() : List.of();
  }

  private static int number(String name, long value) {
    if (value == (int) value) return (int) value;
    throw OnnxRefusal.broken("attribute '" + name + "' has the number " + value);
  }

  List<Float> reals(String name) {
    return hasAttribute(name) ? attribute(name).getFloatsList() : List.of();
  }

  List<String> texts(String name) {
    return hasAttribute(name)
        ? attribute(name).getStringsList().stream().map(ByteString::toStringUtf8).toList()
        : List.of();
  }

  DataType dtype(String name, DataType otherwise) {
    if (!hasAttribute(name)) return otherwise;
    return OnnxTypes.dtype(integer(name, 0)).orElseThrow(() -> unknownDtype(name));
  }

  private OnnxRefusal unknownDtype(String name) {
    return new OnnxRefusal(
        "DTYPE_UNSUPPORTED",
        "attribute '"
            + name
            + "' names the element type '"
            + OnnxTypes.name(integer(name, 0))
            + "', which Watari does not know",
        "choose another element type");
  }

  TensorData tensor(String name) {
    return model().data(attribute(name).getT());
  }

  AttributeProto attributeProto(String name) {
    return attribute(name);
  }

  GraphProto body(String name) {
    return attribute(name).getG();
  }

  // ---- outputs

  int outputCount() {
    int count = proto.getOutputCount();
    while (count > 0 && proto.getOutput(count - 1).isEmpty()) count--;
    return count;
  }

  boolean wants(int i) {
    return i < proto.getOutputCount() && !proto.getOutput(i).isEmpty();
  }

  String outputName(int i) {
    return proto.getOutput(i);
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
    for (int i = 0; i < count; i++) names.add(scope().hint(wants(i) ? outputName(i) : ""));
    var node = builder().add(op, inputs, names, bodies);
    for (int i = 0; i < count; i++) if (wants(i)) put(i, node.output(i));
    return node;
  }

  /// The operator computes one of the outputs.
  void give(int i, Op op, Value... inputs) {
    if (!wants(i)) return;
    put(i, builder().addNamed(scope().hint(outputName(i)), op, inputs));
  }

  /// Lets a value be an output.
  void give(int i, Value value) {
    if (!wants(i)) return;
    var name = scope().hint(outputName(i));
    if (!value.name().equals(name) && value.producer().isPresent()) {
      var names = new ArrayList<>(value.sourceNames());
      names.add(name);
      value.setSourceNames(names);
    }
    put(i, value);
  }

  private void put(int i, Value value) {
    if (!carried.isNone() && value.dtype() == DataType.FLOAT32) {
      value.setType(new TensorType(stored(0).dtype(), value.shape(), carried));
    }
    graph.refine(outputName(i), value);
    scope().put(outputName(i), value);
  }

  /// Lets a constant be the output.
  void giveConstant(TensorData data) {
    scope().putConstant(outputName(0), data);
  }

  /// The types that the outputs of an operator without a record have.
  List<TensorType> declaredOutputs() {
    return OnnxReadCustom.outputs(this);
  }

  /// Reads the node as an operator that only ONNX knows.
  void custom() {
    OnnxReadCustom.read(this, true);
  }

  /// The same for an operator that gives other outputs each time.
  void customImpure() {
    OnnxReadCustom.read(this, false);
  }

  /// Axes as a constant, where they are given by an attribute.
  Value axes(List<Integer> axes) {
    return vector(axes);
  }

  static long[] toLongs(List<Integer> values) {
    return values.stream().mapToLong(Integer::longValue).toArray();
  }

  static List<Integer> repeat(int count, int value) {
    var all = new Integer[count];
    Arrays.fill(all, value);
    return List.of(all);
  }
}
