package watari.format.keras;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Reads the layers of one model: a chain (Sequential) or a graph of calls (Functional).
final class KerasReadGraph {
  private final KerasReadModel model;
  private final KerasLayer layer;
  private final KerasNodes nodes;

  private KerasReadGraph(KerasReadModel model, KerasLayer layer) {
    this.model = model;
    this.layer = layer;
    this.nodes = new KerasNodes(layer);
  }

  /// The whole model: its inputs and outputs become those of the graph.
  static void whole(KerasReadModel model, KerasLayer layer, Graph graph) {
    var reading = new KerasReadGraph(model, layer);
    var outputs = layer.isSequential() ? reading.chain(reading.first()) : reading.graph();
    var names = layer.isSequential() ? List.<String>of() : reading.nodes.outputNames();
    var used = new HashMap<String, Integer>();
    for (int i = 0; i < outputs.size(); i++) {
      var name = i < names.size() ? names.get(i) : outputs.get(i).name();
      int before = used.merge(name, 1, Integer::sum) - 1;
      graph.addOutput(before == 0 ? name : name + "_" + before, outputs.get(i));
    }
  }

  /// A model that is called as a layer.
  static List<Value> nested(KerasReadModel model, KerasLayer layer, List<Value> inputs) {
    var reading = new KerasReadGraph(model, layer);
    if (layer.isSequential()) return reading.chain(Optional.of(inputs.get(0)));
    var wanted = reading.nodes.inputs();
    if (wanted.size() != inputs.size()) {
      throw KerasRefusal.broken(
          "it is called with %d tensors, and has %d inputs"
              .formatted(inputs.size(), wanted.size()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      reading.nodes.put(wanted.get(i).layer(), 0, List.of(inputs.get(i)));
    }
    return reading.graph();
  }

  // ---- chains

  /// The input of a chain, which its first layer, or the file, says the shape of.
  private Optional<Value> first() {
    for (var each : layer.layers()) {
      if (each.className().equals("InputLayer")) return Optional.empty();
      var shape = batchShape(each);
      if (shape.isNothing()) shape = layer.config().get("build_input_shape");
      if (shape.isNothing()) shape = layer.json().get("build_config").get("input_shape");
      if (each.isModel() && !each.layers().isEmpty() && shape.isNothing()) {
        shape = batchShape(each.layers().get(0));
      }
      return Optional.of(input(each.name() + "_input", shape, each.config()));
    }
    return Optional.empty();
  }

  private List<Value> chain(Optional<Value> given) {
    var values = new ArrayList<Value>();
    given.ifPresent(values::add);
    for (var each : layer.layers()) {
      if (each.className().equals("InputLayer")) {
        if (values.isEmpty()) values.add(input(each));
        continue;
      }
      var arguments = values.stream().map(value -> (KerasArgument) new KerasArgument.Tensor(value));
      var first = values.size() == 1 ? arguments.toList() : many(arguments.toList());
      values = new ArrayList<>(model.call(each, first, Map.of()));
    }
    if (values.isEmpty()) throw KerasRefusal.broken("the model has no layer");
    return values;
  }

  private static List<KerasArgument> many(List<KerasArgument> all) {
    return List.of(new KerasArgument.Many(all));
  }

  // ---- graphs

  private List<Value> graph() {
    for (var input : nodes.inputs()) {
      if (nodes.isDefined(input)) continue;
      nodes.put(input.layer(), 0, List.of(input(nodes.layer(input.layer()))));
    }
    callAll();
    return nodes.outputs().stream().map(each -> nodes.value(each, model)).toList();
  }

  /// Calls layers as soon as all of their arguments are there; mostly that is the file's order.
  private void callAll() {
    var waiting = new LinkedHashMap<KerasLayer, Integer>();
    for (var each : layer.layers()) if (!each.inboundNodes().isEmpty()) waiting.put(each, 0);
    boolean moves = true;
    while (moves && !waiting.isEmpty()) {
      moves = false;
      for (var each : List.copyOf(waiting.keySet())) {
        int from = waiting.getOrDefault(each, 0);
        int next = callFrom(each, from);
        moves |= next > from;
        if (next == each.inboundNodes().size()) waiting.remove(each);
        else waiting.put(each, next);
      }
    }
    waiting.keySet().forEach(this::unreachable);
  }

  private void unreachable(KerasLayer each) {
    model.add(
        Finding.error("GRAPH_BROKEN", "it is called with what no layer gives")
            .at(each.name(), -1, each.operator())
            .fix("save the model again with Keras"));
  }

  private int callFrom(KerasLayer each, int from) {
    for (int i = from; i < each.inboundNodes().size(); i++) {
      var node = each.inboundNodes().get(i);
      if (nodes.isEmpty(node)) {
        if (!nodes.isDefined(each.name(), i)) nodes.put(each.name(), i, List.of(input(each)));
        continue;
      }
      if (!nodes.isReady(node)) return i;
      var arguments = nodes.arguments(node, model);
      nodes.put(each.name(), i, model.call(each, arguments.positional(), arguments.named()));
    }
    return each.inboundNodes().size();
  }

  // ---- inputs

  private Value input(KerasLayer each) {
    return input(each.name(), batchShape(each), each.config());
  }

  private static KerasJson batchShape(KerasLayer each) {
    var shape = each.config().get("batch_input_shape");
    return shape.isNothing() ? each.config().get("batch_shape") : shape;
  }

  private Value input(String name, KerasJson shape, KerasConfig config) {
    for (var kind : List.of("sparse", "ragged")) {
      if (config.flag(kind, false)) {
        throw KerasRefusal.unsupported("its input is " + kind, "build the model for dense tensors");
      }
    }
    if (!(KerasArrays.unwrapped(shape) instanceof KerasJson.Items(var dims))) {
      throw KerasRefusal.unsupported(
          "the file does not say the shape of its input",
          "begin the model with keras.Input(shape), and save it again");
    }
    var all = new ArrayList<Dim>();
    for (int i = 0; i < dims.size(); i++) all.add(dim(name, i, dims.get(i)));
    var dtype = config.has("dtype") ? KerasTypes.compute(config) : watari.tensor.DataType.FLOAT32;
    return model.builder().input(name, new TensorType(dtype, Shape.of(all)));
  }

  private static Dim dim(String name, int axis, KerasJson json) {
    if (json instanceof KerasJson.Numeral(double size)) return Dim.of((long) size);
    return Dim.named(axis == 0 ? "batch" : name + "_" + axis);
  }
}
