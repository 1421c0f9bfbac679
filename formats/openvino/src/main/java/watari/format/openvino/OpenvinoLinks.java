package watari.format.openvino;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import watari.finding.Finding;
import watari.format.openvino.OpenvinoFile.Edge;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.format.openvino.OpenvinoFile.Net;
import watari.format.openvino.OpenvinoFile.Port;

/// Which port of a net is connected to which, and the order in which layers can be read.
///
/// Edges that lead nowhere, and ids that come twice, are findings.
final class OpenvinoLinks {
  /// An output port of a layer.
  record Source(Layer layer, Port port) {}

  private record Place(String layer, String port) {}

  private final Net net;
  private final OpenvinoReadModel model;
  private final Map<String, Layer> layers = new HashMap<>();
  private final Map<Layer, Integer> indices = new IdentityHashMap<>();
  private final Map<Place, Source> sources = new HashMap<>();
  private final Set<Place> used = new HashSet<>();

  OpenvinoLinks(Net net, OpenvinoReadModel model) {
    this.net = net;
    this.model = model;
    for (int i = 0; i < net.layers().size(); i++) register(net.layers().get(i), i);
    net.edges().forEach(this::connect);
  }

  Net net() {
    return net;
  }

  private void register(Layer layer, int index) {
    indices.put(layer, index);
    if (layer.id().isEmpty()) {
      broken(layer, index, "the layer has no id", "give it an id of its own");
      return;
    }
    var before = layers.putIfAbsent(layer.id(), layer);
    if (before != null) {
      broken(
          layer,
          index,
          "layer '%s' has the id %s of layer '%s'"
              .formatted(layer.name(), layer.id(), before.name()),
          "give each layer an id of its own");
    }
    requireDifferent(layer, index, layer.inputs());
    requireDifferent(layer, index, layer.outputs());
  }

  private void requireDifferent(Layer layer, int index, List<Port> ports) {
    var ids = new HashSet<String>();
    for (var port : ports) {
      if (ids.add(port.id())) continue;
      var why = "layer %s has two ports with the id '%s'".formatted(layer.id(), port.id());
      broken(layer, index, why, "give each port of the layer an id of its own");
    }
  }

  private void broken(Layer layer, int index, String why, String fix) {
    model.add(
        Finding.error("GRAPH_BROKEN", why)
            .at(layer.name().isEmpty() ? "layer " + layer.id() : layer.name(), index, layer.type())
            .fix(fix));
  }

  private void connect(Edge edge) {
    var from = layers.get(edge.fromLayer());
    var to = layers.get(edge.toLayer());
    if (from == null || to == null) {
      dangling(
          edge,
          "there is no layer '%s'".formatted(from == null ? edge.fromLayer() : edge.toLayer()));
      return;
    }
    var output = port(from.outputs(), edge.fromPort());
    used.add(new Place(from.id(), edge.fromPort()));
    var input = port(to.inputs(), edge.toPort());
    if (output.isEmpty()) {
      dangling(edge, missing(from, "output", edge.fromPort()));
    } else if (input.isEmpty()) {
      dangling(edge, missing(to, "input", edge.toPort()));
    } else if (sources.putIfAbsent(
            new Place(to.id(), edge.toPort()), new Source(from, output.get()))
        != null) {
      dangling(edge, "another edge leads to the same port of layer '" + to.name() + "'");
    }
  }

  /// The layers that a layer's outputs go to.
  List<Layer> users(Layer layer) {
    return net.edges().stream()
        .filter(edge -> edge.fromLayer().equals(layer.id()))
        .flatMap(edge -> layer(edge.toLayer()).stream())
        .toList();
  }

  /// Whether an edge begins at an output port.
  boolean isUsed(Layer layer, Port port) {
    return used.contains(new Place(layer.id(), port.id()));
  }

  private static String missing(Layer layer, String what, String port) {
    return "layer %s ('%s') has no %s port '%s'".formatted(layer.id(), layer.name(), what, port);
  }

  private void dangling(Edge edge, String why) {
    var sentence =
        "the edge from layer %s, port %s, to layer %s, port %s is broken: %s"
            .formatted(edge.fromLayer(), edge.fromPort(), edge.toLayer(), edge.toPort(), why);
    var to = Optional.ofNullable(layers.get(edge.toLayer()));
    var at = to.or(() -> Optional.ofNullable(layers.get(edge.fromLayer())));
    var finding = Finding.error("GRAPH_BROKEN", sentence).fix("correct or remove the edge");
    model.add(
        at.map(layer -> finding.at(layer.name(), index(layer), layer.type())).orElse(finding));
  }

  private static Optional<Port> port(List<Port> ports, String id) {
    return ports.stream().filter(port -> port.id().equals(id)).findFirst();
  }

  /// The position in the file.
  int index(Layer layer) {
    return indices.getOrDefault(layer, -1);
  }

  Optional<Layer> layer(String id) {
    return Optional.ofNullable(layers.get(id.strip()));
  }

  /// Where the inputs of a layer come from, one for each port; empty where nothing is connected.
  List<Optional<Source>> sources(Layer layer) {
    return layer.inputs().stream()
        .map(port -> Optional.ofNullable(sources.get(new Place(layer.id(), port.id()))))
        .toList();
  }

  /// @throws OpenvinoRefusal if an input is not connected
  void requireInputs(Layer layer) {
    for (int i = 0; i < layer.inputs().size(); i++) {
      if (sources.containsKey(new Place(layer.id(), layer.inputs().get(i).id()))) continue;
      throw OpenvinoRefusal.broken(
          "no edge leads to its input %d (port '%s' of layer %s)"
              .formatted(i, layer.inputs().get(i).id(), layer.id()));
    }
  }

  /// The layers, each behind those that it uses, else as they stand; a state is set only when
  /// nothing else is left that could ask for it. Those of a circle come last.
  List<Layer> order() {
    var all = net.layers();
    var users = new ArrayList<List<Integer>>();
    all.forEach(_ -> users.add(new ArrayList<>()));
    var missing = new int[all.size()];
    for (int i = 0; i < all.size(); i++) {
      for (var source : sources(all.get(i))) {
        if (source.isEmpty()) continue;
        users.get(index(source.get().layer())).add(i);
        missing[i]++;
      }
    }
    var order = new ArrayList<Layer>();
    Comparator<Integer> assignsLast = Comparator.comparing(i -> all.get(i).is("Assign"));
    var ready = new PriorityQueue<Integer>(assignsLast.thenComparing(Comparator.naturalOrder()));
    for (int i = 0; i < missing.length; i++) if (missing[i] == 0) ready.add(i);
    while (!ready.isEmpty()) {
      int next = ready.remove();
      order.add(all.get(next));
      for (int user : users.get(next)) if (--missing[user] == 0) ready.add(user);
    }
    for (int i = 0; i < missing.length; i++) if (missing[i] > 0) order.add(all.get(i));
    return order;
  }
}
