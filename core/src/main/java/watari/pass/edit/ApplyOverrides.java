package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ShapeOp.Transpose;
import watari.pass.edit.LayerOverride.Action;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.TensorData;

/// Makes the changes of a file of overrides.
///
/// An override that fits no layer is an error, as is one that the layer cannot take.
public final class ApplyOverrides implements Pass {
  private final List<LayerOverride> overrides;
  private final Map<String, SourceLayer> layers;
  private final boolean isChannelsFirst;
  private final String file;

  /// @param layers by id; empty where layers are known by name
  /// @param isChannelsFirst whether the source has its channels first
  public ApplyOverrides(
      List<LayerOverride> overrides,
      Map<String, SourceLayer> layers,
      boolean isChannelsFirst,
      String file) {
    this.overrides = List.copyOf(overrides);
    this.layers = Map.copyOf(layers);
    this.isChannelsFirst = isChannelsFirst;
    this.file = file;
  }

  @Override
  public String name() {
    return "overrides";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var override : overrides) {
      var found = new PassLog(/* explains= */ false);
      try {
        apply(graph, override, found);
      } catch (IllegalArgumentException | IndexOutOfBoundsException | ArithmeticException e) {
        found.add(
            Finding.error(
                "OVERRIDE_UNFIT",
                "layer '%s': %s".formatted(override.layer(), String.valueOf(e.getMessage()))));
      }
      for (var each : found.findings()) log.add(placed(each, override));
    }
    if (log.hasErrors() || overrides.isEmpty()) return;
    log.add(
        Finding.warning(
            "FUNCTION_CHANGED",
            "%d overrides were made, and the model need not compute the same"
                .formatted(overrides.size())));
    log.fired(name());
  }

  private Finding placed(Finding found, LayerOverride override) {
    return new Finding(
        found.severity(),
        found.code(),
        file,
        found.node(),
        found.index(),
        found.operator(),
        found.inputs(),
        found.outputs(),
        override.place() + found.why(),
        found.fix());
  }

  private void apply(Graph graph, LayerOverride override, PassLog log) {
    if (override.action() instanceof Action.Constant(var value)) {
      constant(graph, override.layer(), value, log);
      return;
    }
    var layer = layers.get(override.layer());
    var name = layer == null ? override.layer() : layer.name();
    var nodes = nodes(graph, name);
    if (nodes.isEmpty()) {
      log.add(unknown(graph, override.layer()));
      return;
    }
    var order = new ConvertedOrder(graph, isChannelsFirst);
    new OverriddenNode(graph, nodes, order).apply(override.action());
    EditedGraph.inferBehind(graph, Set.copyOf(graph.nodes()), log);
  }

  /// The nodes that a layer became, in order; names may have `_` for `:`, and `wa/` in front.
  private static List<Node> nodes(Graph graph, String name) {
    var wanted = plain(name);
    var found = new ArrayList<Node>();
    for (var node : graph) {
      boolean isMeant = plain(node.origin().node()).equals(wanted);
      isMeant |= node.outputs().stream().anyMatch(out -> plain(out.name()).equals(wanted));
      if (isMeant) found.add(node);
    }
    return found;
  }

  static String plain(String name) {
    return name.replace(':', '_').replaceFirst("^(wa)?/", "");
  }

  private Finding unknown(Graph graph, String name) {
    var known = new ArrayList<>(layers.keySet());
    if (layers.isEmpty()) graph.forEach(node -> known.add(node.origin().node()));
    return Finding.error("NAME_UNKNOWN", "the model has no layer '" + name + "'")
        .fix("near names: " + String.join(", ", NearNames.of(name, known)));
  }

  // ---- constants

  private void constant(Graph graph, String id, Object value, PassLog log) {
    var layer = Optional.ofNullable(layers.get(id));
    var name = layer.map(SourceLayer::tensor).orElse(id);
    var found = constantValue(graph, name);
    if (found.isPresent()) {
      replace(graph, found.get(), value);
      EditedGraph.inferBehind(graph, Set.copyOf(graph.nodes()), log);
      return;
    }
    for (var user : layer.map(SourceLayer::users).orElse(List.of())) {
      for (var node : nodes(graph, user.name())) {
        if (!replaceInput(graph, node, user.input(), value)) continue;
        EditedGraph.inferBehind(graph, Set.copyOf(graph.nodes()), log);
        return;
      }
    }
    log.add(unknown(graph, id));
  }

  /// Some constants are parameters here, such as a Transpose's order, or have no name.
  private boolean replaceInput(Graph graph, Node node, int input, Object value) {
    if (node.op() instanceof Transpose && input == 1) {
      new OverriddenNode(graph, List.of(node), new ConvertedOrder(graph, isChannelsFirst))
          .apply(new Action.Field("perm", listed(value)));
      return true;
    }
    if (!node.input(input).isConstant()) return false;
    replace(graph, node.input(input), value);
    return true;
  }

  private static Object listed(Object value) {
    if (!(value instanceof TensorData data)) return value;
    var all = new ArrayList<Object>();
    for (long each : data.longs()) all.add(each);
    return all;
  }

  private static Optional<Value> constantValue(Graph graph, String name) {
    for (var node : graph) {
      for (var input : node.inputs()) {
        if (input.isConstant() && input.name().equals(name)) return Optional.of(input);
      }
    }
    return Optional.empty();
  }

  /// What feeds a Reshape, Squeeze or Unsqueeze is meant in converted order, the rest in the
  /// source's.
  private void replace(Graph graph, Value old, Object value) {
    TensorData data = tensor(value, old);
    for (var use : List.copyOf(old.uses())) {
      boolean isLiteral = use.index() == 1 && OverriddenNode.isShape(use.node().op());
      if (isLiteral && isChannelsFirst) {
        new OverriddenNode(graph, List.of(use.node()), new ConvertedOrder(graph, true))
            .wrap(List.of(data));
      } else {
        var made = graph.addConstant(old.name(), old.type().with(data.shape()), data);
        graph.setInput(use.node(), use.index(), made);
      }
    }
  }

  static TensorData tensor(Object value, Value old) {
    if (old.type().isQuantized()) throw new IllegalArgumentException("it is quantized");
    if (value instanceof TensorData data) return data.cast(old.dtype());
    var data = Literals.tensor(value, old.dtype());
    boolean fills = data.shape().rank() == 0 && old.shape().isFixed() && old.shape().rank() > 0;
    return fills && old.constant().orElseThrow().size() == 1 ? data.reshaped(old.shape()) : data;
  }
}
