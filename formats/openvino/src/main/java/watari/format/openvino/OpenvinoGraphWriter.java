package watari.format.openvino;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Graph;
import watari.graph.Model;
import watari.graph.Value;

/// Turns a graph, or a body, into layers: Parameters, operators, Results.
final class OpenvinoGraphWriter {
  private final OpenvinoNodes nodes;

  private OpenvinoGraphWriter(OpenvinoNodes nodes) {
    this.nodes = nodes;
  }

  /// A model's own graph.
  static OpenvinoNet main(Model model, OpenvinoBinFile weights) {
    var graph = model.main();
    var nodes = new OpenvinoNodes(graph, weights);
    var writer = new OpenvinoGraphWriter(nodes);
    var layouts = new OpenvinoLayouts(model);
    for (var input : graph.inputs()) writer.parameter(input, layouts.of(input));
    writer.operators(graph);
    Set<Value> named = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < graph.outputs().size(); i++) {
      var output = graph.outputs().get(i);
      var name = graph.outputNames().get(i);
      boolean isOwn = output.producer().isPresent() && named.add(output);
      writer.result(isOwn ? nodes.port(output) : writer.copy(output, name), name);
    }
    return nodes.net();
  }

  OpenvinoNodes nodes() {
    return nodes;
  }

  /// A body: what its parameters and outputs become is the caller's to say.
  static OpenvinoGraphWriter body(Graph body, OpenvinoNodes around) {
    return new OpenvinoGraphWriter(new OpenvinoNodes(body, around.weights()));
  }

  OpenvinoLayer parameter(Value input) {
    return parameter(input, "");
  }

  private OpenvinoLayer parameter(Value input, String layout) {
    var layer =
        nodes
            .layer(OpenvinoNodes.clean(input.name()), "Parameter", 1)
            .set("shape", OpenvinoXmlWriter.shape(input.shape(), ","))
            .set("element_type", OpenvinoNodes.element(input.dtype()))
            .output(input.type(), List.of(OpenvinoNodes.clean(input.name())), layout);
    nodes.give(input, layer.port(0));
    return layer;
  }

  void operators(Graph graph) {
    for (var node : graph) {
      OpenvinoWriteOps.TABLE.entry(node.op()).orElseThrow().write(node.op(), node, nodes);
    }
  }

  /// The same numbers under a name of their own.
  private Port copy(Value value, String name) {
    return nodes
        .layer(OpenvinoNodes.clean(name) + "/copy", "Convert", 1, nodes.port(value))
        .set("destination_type", OpenvinoNodes.element(value.dtype()))
        .output(value.type(), List.of(OpenvinoNodes.clean(name)), "")
        .port(0);
  }

  OpenvinoLayer result(Port from, String name) {
    return nodes
        .layer(OpenvinoNodes.clean(name) + "/result", "Result", 1, from)
        .result(OpenvinoNodes.clean(name));
  }
}
