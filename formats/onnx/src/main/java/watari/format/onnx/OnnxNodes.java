package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.onnx.schema.GraphProto;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.TensorData;

/// Where the methods of [OnnxWriteOps] put the nodes of one graph.
final class OnnxNodes {
  private final OnnxModelWriter model;
  private final GraphProto.Builder graph;

  OnnxNodes(OnnxModelWriter model, GraphProto.Builder graph) {
    this.model = model;
    this.graph = graph;
  }

  int opset() {
    return model.opset();
  }

  /// A node of the type that [OnnxOpTypes] says, with all inputs and outputs.
  OnnxNode add(Node node) {
    return add(OnnxOpTypes.of(node.op()), node);
  }

  /// A node of some type, with all inputs and outputs.
  OnnxNode add(String type, Node node) {
    return add(type, node, node.inputs().stream().map(this::name).toList());
  }

  /// A node of some type with other inputs and all outputs.
  OnnxNode add(String type, Node node, List<String> inputs) {
    var proto = graph.addNodeBuilder().setOpType(type);
    var origin = node.origin().node();
    var outputs = node.outputs().stream().map(this::name).toList();
    proto.setName(model.names().freshNode(origin.isEmpty() ? firstOf(outputs) : origin));
    proto.addAllOutput(OnnxNode.withoutTrailingBlanks(outputs));
    return new OnnxNode(proto).inputs(inputs);
  }

  private static String firstOf(List<String> names) {
    return names.stream().filter(name -> !name.isEmpty()).findFirst().orElse("");
  }

  /// The inputs `first` to `last` (inclusive); absent ones are empty names.
  List<String> names(Node node, int first, int last) {
    var names = new ArrayList<String>();
    for (int i = first; i <= last; i++) names.add(name(node.input(i)));
    return names;
  }

  String name(Value value) {
    return value.isConstant() ? model.constants().of(value) : model.names().of(value);
  }

  /// An initializer with the numbers of a constant in another order.
  String moved(Value value, TensorData data) {
    return model.constants().of(value.name(), data);
  }

  /// An initializer that no value of the graph stands for.
  String constant(Node node, String what, TensorData data) {
    var origin = node.outputs().isEmpty() ? "" : name(node.output(0));
    return model.constants().of(origin + "/" + what, data);
  }

  /// The proto of a tensor in an attribute.
  OnnxModelWriter model() {
    return model;
  }

  /// Integers that newer operators take as an input, older ones as an attribute.
  ///
  /// @param since the opset from which they are an input
  OnnxNode addWithInts(Node node, int input, String attribute, int since) {
    if (opset() >= since) return add(node);
    if (input >= node.inputs().size() || !node.input(input).isPresent()) return add(node);
    var inputs = new ArrayList<>(node.inputs());
    inputs.remove(input);
    var made = add(OnnxOpTypes.of(node.op()), node, inputs.stream().map(this::name).toList());
    return made.ints(attribute, constants(node, input));
  }

  /// The elements of a constant input.
  static long[] constants(Node node, int input) {
    return node.input(input).constant().orElseThrow().longs();
  }

  /// A body whose first parameters are its own, and whose others are what the enclosing graph calls
  /// so.
  GraphProto body(Graph body, int parameters, List<Value> captured) {
    for (int i = parameters; i < body.inputs().size(); i++) {
      model.names().set(body.inputs().get(i), name(captured.get(i - parameters)));
    }
    return model.graph(body, body.inputs().subList(0, parameters));
  }
}
