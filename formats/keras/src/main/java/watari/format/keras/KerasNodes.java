package watari.format.keras;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.graph.Value;

/// The calls of a Functional model's layers, and what they gave so far.
///
/// A file refers to a call by the layer's name and the call's number. Numbers of calls of a nested
/// model may begin at 1: the call that made it counts, and is not in the file. Keras 3 counts so
/// only where it names the outputs of the model around it.
final class KerasNodes {
  /// What one call of a layer gives.
  record Reference(String layer, int call, int output) {}

  record Arguments(List<KerasArgument> positional, Map<String, KerasArgument> named) {}

  private final KerasLayer model;
  private final Map<String, KerasLayer> layers = new LinkedHashMap<>();
  private final Map<String, List<List<Value>>> given = new HashMap<>();
  private final Map<String, Integer> firstCall = new HashMap<>();

  KerasNodes(KerasLayer model) {
    this.model = model;
    model.layers().forEach(each -> layers.put(each.name(), each));
    if (!model.isSequential()) countCalls();
  }

  /// The last call of each nested model is used, else it would not be in the file: this tells
  /// whether calls are counted from 1.
  private void countCalls() {
    var last = new HashMap<String, Integer>();
    for (var each : model.layers()) {
      each.inboundNodes().forEach(node -> references(node, last));
    }
    outputs().forEach(each -> note(each, last));
    layers.forEach((name, each) -> {
      int first = last.getOrDefault(name, 0) + 1 - Math.max(each.inboundNodes().size(), 1);
      if (each.isModel() && first > 0) firstCall.put(name, first);
    });
  }

  private static void note(Reference each, Map<String, Integer> last) {
    last.merge(each.layer(), each.call(), Math::max);
  }

  private void references(KerasJson node, Map<String, Integer> last) {
    references(node).forEach(each -> note(each, last));
  }

  KerasLayer layer(String name) {
    var found = layers.get(name);
    if (found != null) return found;
    throw KerasRefusal.broken("it refers to layer '" + name + "', which the model does not have");
  }

  // ---- what calls gave

  void put(String name, int call, List<Value> values) {
    var calls = given.computeIfAbsent(name, _ -> new ArrayList<>());
    while (calls.size() <= call) calls.add(List.of());
    calls.set(call, List.copyOf(values));
  }

  boolean isDefined(String name, int call) {
    var calls = given.getOrDefault(name, List.of());
    return call < calls.size() && !calls.get(call).isEmpty();
  }

  boolean isDefined(Reference each) {
    return isDefined(each.layer(), call(each));
  }

  /// The number of the call among those in the file.
  private int call(Reference each) {
    return Math.max(each.call() - firstCall.getOrDefault(each.layer(), 0), 0);
  }

  Value value(Reference each, KerasReadModel reading) {
    layer(each.layer());
    var calls = given.getOrDefault(each.layer(), List.of());
    int call = Math.min(call(each), calls.size() - 1);
    if (call < 0) return reading.standIn();
    var values = calls.get(call);
    if (each.output() < values.size()) return values.get(each.output());
    if (values.stream().anyMatch(reading::isBroken)) return reading.standIn();
    throw KerasRefusal.broken(
        "it refers to output %d of layer '%s', which has %d"
            .formatted(each.output(), each.layer(), values.size()));
  }

  // ---- inputs and outputs of the model

  List<Reference> inputs() {
    return references(model.config().get("input_layers"));
  }

  List<Reference> outputs() {
    return references(model.config().get("output_layers")).stream().map(this::output).toList();
  }

  private Reference output(Reference each) {
    var of = layer(each.layer());
    boolean isKeras3 =
        of.inboundNodes().stream().anyMatch(node -> node instanceof KerasJson.Members);
    boolean isCountedFrom1 = isKeras3 && of.isModel() && !of.isSequential() && each.call() > 0;
    return isCountedFrom1 ? new Reference(each.layer(), each.call() - 1, each.output()) : each;
  }

  List<String> outputNames() {
    return outputs().stream().map(Reference::layer).toList();
  }

  // ---- arguments

  boolean isEmpty(KerasJson node) {
    return references(node).isEmpty();
  }

  boolean isReady(KerasJson node) {
    return references(node).stream()
        .allMatch(each -> {
          layer(each.layer());
          return isDefined(each);
        });
  }

  /// All calls that a call is given, however deep they stand.
  private static List<Reference> references(KerasJson json) {
    var all = new ArrayList<Reference>();
    collect(json, all);
    return all;
  }

  private static void collect(KerasJson json, List<Reference> all) {
    if (isReference(json)) {
      all.add(reference(json));
      if (json.items().size() > 3) collect(json.items().get(3), all);
      return;
    }
    switch (json) {
      case KerasJson.Items(var items) -> items.forEach(each -> collect(each, all));
      case KerasJson.Members(var members) -> members.values().forEach(each -> collect(each, all));
      default -> {}
    }
  }

  /// `["name", 0, 0]`, `["name", 0, 0, {…}]`, or Keras 3's object around the former.
  private static boolean isReference(KerasJson json) {
    if (isKerasTensor(json)) return true;
    var items = json.items();
    return (items.size() == 3 || items.size() == 4)
        && items.get(0) instanceof KerasJson.Text(var name)
        && !name.startsWith("_CONSTANT_VALUE")
        && items.get(1) instanceof KerasJson.Numeral
        && items.get(2) instanceof KerasJson.Numeral;
  }

  private static boolean isKerasTensor(KerasJson json) {
    return json.get("class_name").text().equals("__keras_tensor__");
  }

  private static Reference reference(KerasJson json) {
    var items =
        isKerasTensor(json) ? json.get("config").get("keras_history").items() : json.items();
    return new Reference(items.get(0).text(), number(items.get(1)), number(items.get(2)));
  }

  private static int number(KerasJson json) {
    return json instanceof KerasJson.Numeral(double value) ? (int) value : 0;
  }

  Arguments arguments(KerasJson node, KerasReadModel reading) {
    return node instanceof KerasJson.Members
        ? new Arguments(
            node.get("args").items().stream().map(each -> argument(each, reading)).toList(),
            named(node.get("kwargs"), reading))
        : older(node, reading);
  }

  /// Keras 2 has a list of the tensors of the first argument, or the only one; each may carry the
  /// named ones.
  private Arguments older(KerasJson node, KerasReadModel reading) {
    var tensors = new ArrayList<KerasArgument>();
    var named = new LinkedHashMap<String, KerasArgument>();
    boolean isOne = isReference(node) || isConstant(node);
    for (var each : isOne ? List.of(node) : node.items()) {
      var items = each.items();
      if (isReference(each)) tensors.add(new KerasArgument.Tensor(value(reference(each), reading)));
      else if (isConstant(each)) tensors.add(new KerasArgument.Plain(items.get(2)));
      else tensors.add(argument(each, reading));
      if (items.size() > 3) named.putAll(named(items.get(3), reading));
    }
    List<KerasArgument> first =
        tensors.size() == 1 ? tensors : List.of(new KerasArgument.Many(tensors));
    return new Arguments(first, named);
  }

  private static boolean isConstant(KerasJson json) {
    var items = json.items();
    return items.size() > 2 && items.get(0).text().equals("_CONSTANT_VALUE");
  }

  private Map<String, KerasArgument> named(KerasJson members, KerasReadModel reading) {
    var all = new LinkedHashMap<String, KerasArgument>();
    if (members instanceof KerasJson.Members(var each)) {
      each.forEach((name, value) -> all.put(name, argument(value, reading)));
    }
    return all;
  }

  private KerasArgument argument(KerasJson json, KerasReadModel reading) {
    if (isReference(json)) return new KerasArgument.Tensor(value(reference(json), reading));
    if (references(json).isEmpty()) return new KerasArgument.Plain(json);
    return switch (KerasArrays.unwrapped(json)) {
      case KerasJson.Items(var items) ->
          new KerasArgument.Many(items.stream().map(each -> argument(each, reading)).toList());
      case KerasJson.Members members -> new KerasArgument.Named(named(members, reading));
      default -> new KerasArgument.Plain(json);
    };
  }
}
