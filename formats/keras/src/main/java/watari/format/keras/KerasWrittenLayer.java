package watari.format.keras;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.format.keras.KerasTensor.Argument;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A layer, or a function of `keras.ops`, of a model that is being written. It is called once.
final class KerasWrittenLayer {
  static final String LAYERS = "keras.layers";

  /// An array of a layer.
  ///
  /// @param owner the path of the part of the layer that has it, such as `cell`; most often empty
  /// @param isTrained whether training changes it
  record Weight(String owner, String name, TensorData data, boolean isTrained) {}

  private final String module;
  private final String className;
  private final String hint;
  private final Map<String, KerasJson> settings = new LinkedHashMap<>();
  private final Map<String, String> oldNames = new LinkedHashMap<>();
  private final List<Weight> weights = new ArrayList<>();
  private final List<Argument> arguments = new ArrayList<>();
  private final Map<String, Argument> namedArguments = new LinkedHashMap<>();
  private boolean isNew;
  private String name = "";

  /// @param hint what it is called if the name is free
  KerasWrittenLayer(String module, String className, String hint) {
    this.module = module;
    this.className = className;
    this.hint = hint;
    this.isNew = !module.equals(LAYERS);
  }

  // ---- making

  KerasWrittenLayer set(String setting, KerasJson value) {
    settings.put(setting, value);
    return this;
  }

  KerasWrittenLayer set(String setting, String value) {
    return set(setting, KerasJson.of(value));
  }

  KerasWrittenLayer set(String setting, boolean value) {
    return set(setting, KerasJson.of(value));
  }

  KerasWrittenLayer set(String setting, long value) {
    return set(setting, KerasJson.of(value));
  }

  KerasWrittenLayer set(String setting, float value) {
    return set(setting, KerasJson.of(value));
  }

  KerasWrittenLayer set(String setting, List<? extends Number> values) {
    return set(setting, KerasJson.of(values));
  }

  /// A setting that Keras 2 has under another name.
  KerasWrittenLayer setRenamed(String setting, String oldName, KerasJson value) {
    oldNames.put(setting, oldName);
    return set(setting, value);
  }

  KerasWrittenLayer weight(String weight, TensorData data) {
    weights.add(new Weight("", weight, data, true));
    return this;
  }

  /// An array of a part of the layer.
  KerasWrittenLayer weight(String owner, String weight, TensorData data) {
    weights.add(new Weight(owner, weight, data, true));
    return this;
  }

  /// An array that training does not change.
  KerasWrittenLayer statistic(String weight, TensorData data) {
    weights.add(new Weight("", weight, data, false));
    return this;
  }

  /// Keras 2 has no such layer, or means something else by it.
  KerasWrittenLayer onlyKeras3() {
    isNew = true;
    return this;
  }

  KerasWrittenLayer with(Argument argument) {
    arguments.add(argument);
    return this;
  }

  KerasWrittenLayer with(String argument, Argument value) {
    namedArguments.put(argument, value);
    return this;
  }

  /// Calls it with a tensor.
  KerasTensor on(KerasTensor x, TensorType type) {
    return with(Argument.of(x)).gives(type);
  }

  /// Its only output.
  KerasTensor gives(TensorType type) {
    return gives(0, type);
  }

  KerasTensor gives(int output, TensorType type) {
    return new KerasTensor(this, output, type.withoutQuantization());
  }

  void setName(String given) {
    name = given;
  }

  // ---- what is said of it

  String module() {
    return module;
  }

  String className() {
    return className;
  }

  String hint() {
    return hint;
  }

  String name() {
    return name;
  }

  Map<String, KerasJson> settings() {
    return settings;
  }

  /// The setting's name in Keras 2.
  String oldName(String setting) {
    return oldNames.getOrDefault(setting, setting);
  }

  List<Weight> weights() {
    return weights;
  }

  List<Argument> arguments() {
    return arguments;
  }

  Map<String, Argument> namedArguments() {
    return namedArguments;
  }

  boolean isOperation() {
    return !module.equals(LAYERS);
  }

  /// Whether Keras 2 cannot load it.
  boolean isNew() {
    return isNew;
  }

  boolean isInput() {
    return className.equals("InputLayer");
  }

  /// What it is called with, in order.
  List<KerasTensor> inputs() {
    var all = new ArrayList<KerasTensor>();
    arguments.forEach(each -> all.addAll(each.tensors()));
    namedArguments.values().forEach(each -> all.addAll(each.tensors()));
    return all;
  }
}
