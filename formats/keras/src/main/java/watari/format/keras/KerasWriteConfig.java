package watari.format.keras;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The configuration of a model as JSON.
///
/// Keras 2 and 3 both read the older form, which has no place for functions of `keras.ops`.
final class KerasWriteConfig {
  private KerasWriteConfig() {}

  /// As Keras 3 says it.
  static String ofKeras3(KerasWrittenModel model) {
    var config = config(model, KerasWriteConfig::layer);
    return text(
        KerasJson.object(
            Map.entry("module", KerasJson.of("keras.src.models.functional")),
            Map.entry("class_name", KerasJson.of("Functional")),
            Map.entry("config", config),
            Map.entry("registered_name", KerasJson.of("Functional")),
            Map.entry("build_config", KerasJson.object(Map.entry("input_shape", NOTHING)))));
  }

  /// As Keras 2 says it.
  static String ofKeras2(KerasWrittenModel model) {
    return text(
        KerasJson.object(
            Map.entry("class_name", KerasJson.of("Functional")),
            Map.entry("config", config(model, KerasWriteConfig::oldLayer))));
  }

  private static final KerasJson NOTHING = new KerasJson.Nothing();

  private static String text(KerasJson json) {
    var text = new StringBuilder();
    json.print(text);
    return text.toString();
  }

  private static KerasJson config(
      KerasWrittenModel model, Function<KerasWrittenLayer, KerasJson> layer) {
    return KerasJson.object(
        Map.entry("name", KerasJson.of(model.name())),
        Map.entry("trainable", KerasJson.of(true)),
        Map.entry("layers", new KerasJson.Items(model.layers().stream().map(layer).toList())),
        Map.entry("input_layers", places(model.inputs())),
        Map.entry("output_layers", places(model.outputs())));
  }

  private static KerasJson places(List<KerasTensor> tensors) {
    return new KerasJson.Items(tensors.stream().map(KerasTensor::place).toList());
  }

  private static KerasJson settings(KerasWrittenLayer layer, Function<String, String> names) {
    var all = new LinkedHashMap<String, KerasJson>();
    all.put("name", KerasJson.of(layer.name()));
    layer.settings().forEach((name, value) -> all.put(names.apply(name), value));
    return new KerasJson.Members(all);
  }

  // ---- Keras 3

  private static KerasJson layer(KerasWrittenLayer layer) {
    return KerasJson.object(
        Map.entry("module", KerasJson.of(layer.module())),
        Map.entry("class_name", KerasJson.of(layer.className())),
        Map.entry("config", settings(layer, name -> name)),
        Map.entry(
            "registered_name", layer.isOperation() ? KerasJson.of(layer.className()) : NOTHING),
        Map.entry("name", KerasJson.of(layer.name())),
        Map.entry(
            "inbound_nodes", layer.isInput() ? KerasJson.list() : KerasJson.list(node(layer))));
  }

  private static KerasJson node(KerasWrittenLayer layer) {
    var args = layer.arguments().stream().map(KerasTensor.Argument::json).toList();
    var named = new LinkedHashMap<String, KerasJson>();
    layer.namedArguments().forEach((name, value) -> named.put(name, value.json()));
    return KerasJson.object(
        Map.entry("args", new KerasJson.Items(args)),
        Map.entry("kwargs", new KerasJson.Members(named)));
  }

  // ---- Keras 2

  private static KerasJson oldLayer(KerasWrittenLayer layer) {
    var inbound = new ArrayList<KerasJson>();
    layer.inputs().forEach(tensor -> inbound.add(tensor.inbound()));
    var nodes = layer.isInput() ? KerasJson.list() : KerasJson.list(new KerasJson.Items(inbound));
    return KerasJson.object(
        Map.entry("class_name", KerasJson.of(layer.className())),
        Map.entry("config", settings(layer, layer::oldName)),
        Map.entry("name", KerasJson.of(layer.name())),
        Map.entry("inbound_nodes", nodes));
  }
}
