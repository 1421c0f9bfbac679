package watari.format.openvino;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import watari.finding.Findings;
import watari.format.openvino.OpenvinoFile.Body;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// What the bodies of a layer have in common: how their parameters and results are found.
final class OpenvinoReadBody {
  private final OpenvinoReadNode node;
  private final Body body;

  OpenvinoReadBody(OpenvinoReadNode node, Body body) {
    this.node = node;
    this.body = body;
  }

  Body body() {
    return body;
  }

  /// The body of a kind: `body`, `then_body`, `else_body`.
  ///
  /// @throws OpenvinoRefusal if there is none
  static OpenvinoReadBody of(OpenvinoReadNode node, String kind) {
    return node.layer().bodies().stream()
        .filter(each -> each.kind().equals(kind))
        .findFirst()
        .map(each -> new OpenvinoReadBody(node, each))
        .orElseThrow(() -> OpenvinoRefusal.broken("it has no '" + kind + "'"));
  }

  // ---- the port map

  /// The number of the input of the layer that an entry of the port map names.
  int input(Map<String, String> entry) {
    return port(node.layer().inputs(), entry);
  }

  /// The number of the output of the layer that an entry of the port map names.
  int output(Map<String, String> entry) {
    return port(node.layer().outputs(), entry);
  }

  private static int port(List<OpenvinoFile.Port> ports, Map<String, String> entry) {
    var id = entry.getOrDefault("external_port_id", "").strip();
    for (int i = 0; i < ports.size(); i++) if (ports.get(i).id().equals(id)) return i;
    throw OpenvinoRefusal.broken(
        "its port map names the port '" + id + "', which it does not have");
  }

  static String internal(Map<String, String> entry) {
    return entry.getOrDefault("internal_layer_id", "").strip();
  }

  /// A layer of the body.
  Layer layer(String id, String type) {
    return body.net().layers().stream()
        .filter(each -> each.id().equals(id) && each.is(type))
        .findFirst()
        .orElseThrow(() ->
            OpenvinoRefusal.broken(
                "its port map names the layer '%s', which is no %s of its body"
                    .formatted(id, type)));
  }

  static OpenvinoFile.Port port(Layer parameter) {
    if (parameter.outputs().isEmpty()) {
      throw OpenvinoRefusal.broken("a parameter of its body has no port");
    }
    return parameter.outputs().get(0);
  }

  /// What a Result of the body gives.
  static Value result(OpenvinoReadGraph reading, Layer layer) {
    return reading
        .result(layer)
        .orElseThrow(
            () -> OpenvinoRefusal.broken("its body does not compute '" + layer.name() + "'"));
  }

  // ---- values from outside

  /// Values of the layer's inputs that bodies use: parameters of the body, or constants again.
  static final class Captures {
    private final SequencedMap<Value, Value> all = new java.util.LinkedHashMap<>();

    void add(Value value) {
      if (!value.isConstant()) all.putIfAbsent(value, value);
    }

    List<Value> values() {
      return List.copyOf(all.keySet());
    }

    /// Makes the parameters of a body; returns what each value outside is inside.
    Map<Value, Value> bind(GraphBuilder builder) {
      var inside = new IdentityHashMap<Value, Value>();
      for (var value : all.keySet()) {
        inside.put(value, parameter(builder, value.name(), value.type()));
      }
      return inside;
    }

    static Value inside(GraphBuilder builder, Map<Value, Value> inside, Value value) {
      if (value.isConstant()) {
        return builder.constant(value.name(), value.constant().orElseThrow());
      }
      return Objects.requireNonNull(inside.get(value));
    }
  }

  /// A parameter of a body. Dims that were invented outside get names of their own.
  static Value parameter(GraphBuilder builder, String name, TensorType type) {
    return builder.input(name, type.with(renamed(name, type.shape())));
  }

  private static Shape renamed(String name, Shape shape) {
    if (!shape.isRanked()) return shape;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < shape.rank(); i++) {
      boolean isInvented = shape.dim(i).toString().contains("?");
      dims.add(isInvented ? Dim.named("?" + name + "." + i) : shape.dim(i));
    }
    return Shape.of(dims);
  }

  // ---- types of what loops carry

  /// Makes a body for types of its carried values; its outputs are the condition, these values, and
  /// others.
  @FunctionalInterface
  interface Maker {
    Graph make(List<TensorType> carried);
  }

  /// Reads a body, at first with the types of the initial values, until the values that it carries
  /// leave it with types that it takes them in with.
  static Graph settle(OpenvinoReadModel model, List<TensorType> initial, Maker maker) {
    var types = initial;
    for (int attempt = 1; ; attempt++) {
      var found = new Findings();
      var before = model.divert(found);
      Graph body;
      try {
        body = maker.make(types);
      } finally {
        model.divert(before);
      }
      boolean mayWiden = attempt <= 3 && model.mayReread();
      var wider = widened(types, body, mayWiden);
      if (wider.equals(types)) {
        before.addAll(found.all());
        return body;
      }
      types = wider;
    }
  }

  private static List<TensorType> widened(List<TensorType> taken, Graph body, boolean byDims) {
    var types = new ArrayList<TensorType>();
    for (int i = 0; i < taken.size(); i++) {
      var left = body.outputs().get(i + 1).type();
      if (left.dtype() != taken.get(i).dtype()) {
        throw OpenvinoRefusal.broken(
            "its body takes carried value %d as %s, but leaves it as %s"
                .formatted(i, taken.get(i), left));
      }
      types.add(taken.get(i).with(widened(taken.get(i).shape(), left.shape(), i, byDims)));
    }
    return types;
  }

  private static Shape widened(Shape taken, Shape left, int value, boolean byDims) {
    if (!taken.isRanked()) return taken;
    if (!left.isRanked() || left.rank() != taken.rank()) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    boolean holdsAll = true;
    for (int i = 0; i < taken.rank(); i++) {
      boolean isWide = taken.dim(i).toString().startsWith("?");
      boolean holds = isWide || taken.dim(i).equals(left.dim(i));
      holdsAll &= holds;
      dims.add(holds ? taken.dim(i) : Dim.named("?carried" + value + "." + i));
    }
    return holdsAll || byDims ? Shape.of(dims) : Shape.UNKNOWN;
  }

  /// The entry of a list of attributes whose attribute has a value.
  static Optional<Map<String, String>> find(
      List<Map<String, String>> entries, String name, String value) {
    return entries.stream()
        .filter(each -> value.equals(each.getOrDefault(name, "").strip()))
        .findFirst();
  }
}
