package watari.format.keras;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.tensor.TensorData;

/// A layer, model or operator of a configuration, with those inside it.
///
/// Layers have identity: a shared one is called several times.
final class KerasLayer {
  private static final Set<String> MODELS = Set.of("Functional", "Model", "Sequential");

  /// Parameters that hold a layer, which are also the names of the attributes that keep it.
  private static final List<String> WRAPPED = List.of("layer", "cell");

  private final String className;
  private final KerasJson json;
  private final KerasConfig config;
  private final String name;

  /// Where Keras 3 keeps the weights, from the model's.
  private final String path;

  private final Map<String, KerasLayer> parts = new LinkedHashMap<>();
  private final List<KerasLayer> layers = new ArrayList<>();
  private final Map<String, TensorData> weights = new HashMap<>();

  private KerasLayer(KerasJson json, String path) {
    this.json = json;
    this.path = path;
    this.className = json.get("class_name").text();
    this.config = new KerasConfig(json.get("config"));
    var inner = config.get("name").text();
    this.name = inner.isEmpty() ? json.get("name").text() : inner;
  }

  /// @param path where Keras 3 keeps its weights; empty for the whole model
  static KerasLayer of(KerasJson json, String path) {
    var layer = new KerasLayer(json, path);
    if (layer.isModel()) layer.addLayers();
    else layer.addParts();
    return layer;
  }

  private void addLayers() {
    var used = new HashMap<String, Integer>();
    for (var each : layerConfigs()) {
      var key = "";
      if (isStored(each)) {
        var snake = snakeCase(each.get("class_name").text());
        int before = used.merge(snake, 1, Integer::sum) - 1;
        key = under("layers/" + (before == 0 ? snake : snake + "_" + before));
      }
      layers.add(of(each, key));
    }
  }

  /// Layers of the oldest Sequential models stand in the place of the configuration.
  private List<KerasJson> layerConfigs() {
    var inside = config.json() instanceof KerasJson.Items(var all) ? all : List.<KerasJson>of();
    return inside.isEmpty() ? config.get("layers").items() : inside;
  }

  /// Whether it counts when Keras 3 numbers the layers of a model: operators do not, nor the input
  /// of a Sequential.
  private boolean isStored(KerasJson layer) {
    boolean isInput = layer.get("class_name").text().equals("InputLayer");
    return !isOperation(layer) && !(isSequential() && isInput);
  }

  private void addParts() {
    for (var part : WRAPPED) {
      var inside = config.get(part);
      if (inside.get("class_name").isNothing()) continue;
      if (className.equals("Bidirectional")) addDirections(inside);
      else parts.put(part, of(inside, under(part)));
    }
    addCells();
  }

  /// Without a layer for the way back it is the layer of the way forth, turned round.
  private void addDirections(KerasJson forth) {
    var back = config.get("backward_layer");
    if (back.get("class_name").isNothing()) back = turned(forth);
    parts.put("forward_layer", of(forth, under("forward_layer")));
    parts.put("backward_layer", of(back, under("backward_layer")));
  }

  private static KerasJson turned(KerasJson layer) {
    var goesBack = new KerasConfig(layer.get("config")).flag("go_backwards", false);
    var turned = layer.get("config").with("go_backwards", new KerasJson.Flag(!goesBack));
    return layer.with("config", turned);
  }

  private void addCells() {
    var cells = config.get("cells").items();
    var used = new HashMap<String, Integer>();
    for (int i = 0; i < cells.size(); i++) {
      var snake = snakeCase(cells.get(i).get("class_name").text());
      int before = used.merge(snake, 1, Integer::sum) - 1;
      var key = "cells/" + (before == 0 ? snake : snake + "_" + before);
      parts.put("cells/" + i, of(cells.get(i), under(key)));
    }
  }

  private String under(String part) {
    return path.isEmpty() ? part : path + "/" + part;
  }

  /// How Keras 3 names a layer's group after its class, which one layer has another name of.
  static String snakeCase(String className) {
    var own = className.equals("GroupQueryAttention") ? "GroupedQueryAttention" : className;
    return own.replaceAll("\\W+", "")
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }

  /// Whether it is a function of `keras.ops`, and no layer.
  private static boolean isOperation(KerasJson json) {
    var module = json.get("module").text();
    return module.startsWith("keras.src.ops") || module.startsWith("keras.ops");
  }

  boolean isOperation() {
    return isOperation(json);
  }

  boolean isModel() {
    return MODELS.contains(className) || !config.get("layers").items().isEmpty();
  }

  /// Whether it is a chain of layers, not a graph.
  boolean isSequential() {
    return className.equals("Sequential") || isModel() && config.get("output_layers").isNothing();
  }

  String className() {
    return className;
  }

  /// What the operator is called in tables and findings.
  String operator() {
    return isOperation() ? "ops." + className : className;
  }

  String name() {
    return name;
  }

  KerasConfig config() {
    return config;
  }

  KerasJson json() {
    return json;
  }

  String path() {
    return path;
  }

  List<KerasJson> inboundNodes() {
    return json.get("inbound_nodes").items();
  }

  /// The layers of a model, in the file's order.
  List<KerasLayer> layers() {
    return layers;
  }

  /// The layers that a wrapper or a recurrent layer holds, by attribute.
  Map<String, KerasLayer> parts() {
    return parts;
  }

  Optional<KerasLayer> part(String attribute) {
    return Optional.ofNullable(parts.get(attribute));
  }

  /// Whether training changes its weights: those that it does not come last in older files.
  boolean isTrainable() {
    return config.flag("trainable", true);
  }

  // ---- weights

  void setWeight(String role, TensorData data) {
    weights.put(role, data);
  }

  Optional<TensorData> weight(String role) {
    return Optional.ofNullable(weights.get(role));
  }

  @Override
  public String toString() {
    return operator() + " '" + name + "'";
  }
}
