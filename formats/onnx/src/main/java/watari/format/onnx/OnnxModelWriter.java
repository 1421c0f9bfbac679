package watari.format.onnx;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.TensorShapeProto;
import watari.format.onnx.schema.TypeProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.TensorType;

/// Turns graphs into GraphProtos.
final class OnnxModelWriter {
  private final int opset;
  private final OnnxOutput output;
  private final OnnxNames names;
  private final OnnxConstants constants;
  private final Map<String, Integer> domains = new HashMap<>();

  OnnxModelWriter(Graph main, int opset, OnnxOutput output) {
    this.opset = opset;
    this.output = output;
    this.names = new OnnxNames(main);
    this.constants = new OnnxConstants(names, output);
  }

  int opset() {
    return opset;
  }

  OnnxNames names() {
    return names;
  }

  OnnxConstants constants() {
    return constants;
  }

  OnnxOutput output() {
    return output;
  }

  /// Further operator domains that nodes use, and their versions.
  Map<String, Integer> domains() {
    return domains;
  }

  GraphProto main(Graph graph) {
    var proto = GraphProto.newBuilder().setName(graph.name().isEmpty() ? "main" : graph.name());
    if (!graph.description().isEmpty()) proto.setDocString(graph.description());
    graph.properties().forEach((key, text) -> proto.addMetadataProps(entry(key, text)));
    write(graph, proto, graph.inputs(), graph.outputNames());
    return proto.addAllInitializer(constants.initializers()).build();
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /// A body; its parameters that are not listed have their names already.
  GraphProto graph(Graph body, List<Value> parameters) {
    var proto = GraphProto.newBuilder().setName(names.freshNode(body.name()));
    var outputNames = body.outputs().stream().map(value -> names.fresh(value.name())).toList();
    write(body, proto, parameters, outputNames);
    return proto.build();
  }

  private void write(
      Graph graph, GraphProto.Builder proto, List<Value> inputs, List<String> outputNames) {
    for (var input : inputs) proto.addInput(info(graph, names.of(input), input.type()));
    var direct = nameOutputs(graph, outputNames);
    var nodes = new OnnxNodes(this, proto);
    for (var node : graph) write(node, nodes);
    for (int i = 0; i < outputNames.size(); i++) {
      var output = graph.outputs().get(i);
      var name = outputNames.get(i);
      if (!direct.contains(name)) name = identity(nodes.name(output), name, proto);
      proto.addOutput(info(graph, name, output.type()));
    }
  }

  private static void write(Node node, OnnxNodes nodes) {
    OnnxWriteOps.TABLE.entry(node.op()).orElseThrow().write(node.op(), node, nodes);
  }

  /// Gives computed outputs their names; the others need an Identity.
  private Set<String> nameOutputs(Graph graph, List<String> outputNames) {
    Set<Value> named = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<String> direct = new HashSet<>();
    for (int i = 0; i < outputNames.size(); i++) {
      var output = graph.outputs().get(i);
      if (output.producer().isEmpty() || !named.add(output)) continue;
      names.set(output, outputNames.get(i));
      direct.add(outputNames.get(i));
    }
    return direct;
  }

  /// An output that is an input, a constant or another output, too.
  private String identity(String from, String name, GraphProto.Builder proto) {
    var free = from.equals(name) ? names.fresh(name) : name;
    proto.addNode(
        NodeProto.newBuilder()
            .setName(names.freshNode(free))
            .setOpType("Identity")
            .addInput(from)
            .addOutput(free));
    return free;
  }

  private static ValueInfoProto info(Graph graph, String name, TensorType type) {
    var tensor = TypeProto.Tensor.newBuilder().setElemType(OnnxTypes.number(type.dtype()));
    if (type.shape().isRanked()) {
      var shape = TensorShapeProto.newBuilder();
      for (var dim : type.shape().dims()) shape.addDim(dim(dim));
      tensor.setShape(shape);
    }
    var proto = ValueInfoProto.newBuilder().setName(name);
    var text = graph.descriptionOf(name);
    if (!text.isEmpty()) proto.setDocString(text);
    return proto.setType(TypeProto.newBuilder().setTensorType(tensor)).build();
  }

  /// Dims that inference made up stay open.
  private static TensorShapeProto.Dimension dim(Dim dim) {
    var proto = TensorShapeProto.Dimension.newBuilder();
    if (dim.isFixed()) proto.setDimValue(dim.fixed());
    else if (!dim.toString().contains("?")) proto.setDimParam(dim.toString());
    return proto.build();
  }
}
