package watari.format.openvino;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Where the methods of [OpenvinoWriteOps] put the layers of one graph.
final class OpenvinoNodes {
  private final OpenvinoBinFile weights;
  private final OpenvinoNet net;
  private final Map<Value, Port> ports = new IdentityHashMap<>();
  private final Map<Value, List<String>> tensorNames = new IdentityHashMap<>();
  private final Map<String, Port> readStates = new java.util.HashMap<>();
  private final Map<String, Integer> layerNames = new HashMap<>();

  OpenvinoNodes(Graph graph, OpenvinoBinFile weights) {
    this.weights = weights;
    this.net = new OpenvinoNet(graph.name().isEmpty() ? "model" : clean(graph.name()));
    for (int i = 0; i < graph.outputs().size(); i++) {
      var output = graph.outputs().get(i);
      if (output.producer().isEmpty()) continue;
      tensorNames.computeIfAbsent(output, _ -> new ArrayList<>()).add(graph.outputNames().get(i));
    }
    var names = new HashSet<>(graph.outputNames());
    graph.inputs().forEach(input -> names.add(input.name()));
    for (var node : graph) {
      for (var output : node.outputs()) {
        if (!output.isPresent()) continue;
        tensorNames.computeIfAbsent(output, v -> fresh(v, names));
      }
    }
  }

  private static List<String> fresh(Value value, Set<String> taken) {
    return taken.add(value.name()) ? List.of(value.name()) : List.of();
  }

  OpenvinoNet net() {
    return net;
  }

  OpenvinoBinFile weights() {
    return weights;
  }

  // ---- layers

  /// A layer that gives the node's outputs, from these ports.
  OpenvinoLayer add(Node node, String type, int opset, Port... inputs) {
    var layer = layer(name(node), type, opset, inputs);
    for (var output : node.outputs()) {
      if (output.isPresent()) give(output, layer);
    }
    return layer;
  }

  /// A layer of an operator set of any name, from the node's inputs.
  OpenvinoLayer add(Node node, String type, String set) {
    var layer = net.add(unique(name(node)), type, set);
    inputs(node).forEach(layer::input);
    for (var output : node.outputs()) {
      if (output.isPresent()) give(output, layer);
    }
    return layer;
  }

  /// A layer that gives the node's outputs, from its inputs.
  OpenvinoLayer add(Node node, String type, int opset) {
    return add(node, type, opset, inputs(node).toArray(Port[]::new));
  }

  /// A layer on the way to what a node gives.
  Port step(Node node, String type, int opset, TensorType to, Port... inputs) {
    return layer(name(node) + "/" + type, type, opset, inputs).output(to, List.of(), "").port(0);
  }

  /// A layer on the way, whose output has the very type.
  Port exact(Node node, String type, TensorType to, Port... inputs) {
    return layer(name(node) + "/" + type, type, 1, inputs).exactOutput(to, List.of(), "").port(0);
  }

  /// A layer without outputs so far.
  OpenvinoLayer layer(String name, String type, int opset, Port... inputs) {
    var layer = net.add(unique(name), type, "opset" + opset);
    for (var input : inputs) layer.input(input);
    return layer;
  }

  /// Says that a port gives a value.
  void give(Value value, OpenvinoLayer layer) {
    ports.put(value, layer.port(layer.outputs().size()));
    layer.output(value.type(), names(value), "");
  }

  /// Another name for a port that is there.
  void give(Value value, Port port) {
    ports.put(value, port);
  }

  List<String> names(Value value) {
    return tensorNames.getOrDefault(value, List.of()).stream().map(OpenvinoNodes::clean).toList();
  }

  private static String name(Node node) {
    var origin = node.origin().node();
    if (!origin.isEmpty() || node.outputs().isEmpty()) return clean(origin);
    return clean(node.output(0).name());
  }

  private String unique(String hint) {
    var base = hint.isEmpty() ? "layer" : hint;
    var name = base;
    // Where the last one of that name stopped: thousands of constants may be called alike.
    while (layerNames.putIfAbsent(name, 1) != null) {
      name = base + "_" + (layerNames.merge(base, 1, Integer::sum) - 1);
    }
    return name;
  }

  /// Without characters that XML cannot hold.
  static String clean(String text) {
    return text.codePoints()
        .map(c -> c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE ? '_' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /// The name of the type in which numbers of a type flow.
  static String element(DataType dtype) {
    return OpenvinoTypes.element(OpenvinoCarriers.of(dtype)).orElseThrow();
  }

  // ---- ports

  List<Port> inputs(Node node) {
    var all = new ArrayList<Port>();
    for (var input : node.inputs()) if (input.isPresent()) all.add(port(input));
    return all;
  }

  Port input(Node node, int i) {
    return port(node.input(i));
  }

  Port port(Value value) {
    var known = ports.get(value);
    if (known != null) return known;
    if (!value.isConstant()) throw new IllegalStateException(value + " is given by no layer");
    var made = constant(value.name(), value.constant().orElseThrow());
    ports.put(value, made);
    return made;
  }

  Port constant(String name, TensorData data) {
    return stored(name, data.cast(OpenvinoCarriers.of(data.dtype())));
  }

  /// A constant in the type that it is stored in, which is converted next.
  Port stored(String name, TensorData given) {
    boolean isKnown = OpenvinoTypes.element(given.dtype()).isPresent();
    var data = isKnown ? given : given.cast(OpenvinoCarriers.of(given.dtype()));
    var layer = layer(clean(name), "Const", 1);
    try {
      layer
          .set("element_type", OpenvinoTypes.element(data.dtype()).orElseThrow())
          .set("shape", OpenvinoXmlWriter.shape(data.shape(), ", "))
          .set("offset", weights.offset(data))
          .set("size", data.sizeBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return layer.exactOutput(data.type(), List.of(), "").port(0);
  }

  Port constant(Node node, String what, TensorData data) {
    return constant(name(node) + "/" + what, data);
  }

  Port vector(Node node, String what, long... values) {
    return constant(node, what, TensorData.vector(values));
  }

  Port scalar(Node node, String what, DataType dtype, double value) {
    return constant(node, what, TensorData.scalar(dtype, value));
  }

  /// What a state holds: read by one layer, however many nodes read it.
  Port readState(String state, java.util.function.Supplier<Port> made) {
    var known = readStates.get(state);
    if (known != null) return known;
    var port = made.get();
    readStates.put(state, port);
    return port;
  }
}
