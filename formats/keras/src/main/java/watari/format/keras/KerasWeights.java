package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import watari.finding.Finding;
import watari.tensor.TensorData;

/// Brings the arrays of a file to the variables of its layers.
final class KerasWeights {
  /// An array with its name.
  record Named(String name, TensorData data) {
    /// Whether the name of a layer is part of the path.
    boolean isOf(String layer) {
      return ("/" + name).contains("/" + layer + "/");
    }

    /// The last part of the name, without TensorFlow's `:0`.
    String last() {
      var whole = name.endsWith(":0") ? name.substring(0, name.length() - 2) : name;
      return whole.substring(whole.lastIndexOf('/') + 1);
    }
  }

  private KerasWeights() {}

  // ---- Keras 3: by path

  static void byPath(KerasLayer layer, Function<String, Optional<TensorData>> array) {
    for (var variable : KerasVariable.of(layer)) {
      array
          .apply(variable.path())
          .or(() -> array.apply(variable.hiddenPath()))
          .ifPresent(data -> variable.layer().setWeight(variable.role(), data));
    }
  }

  // ---- Keras 2: by order

  /// Gives a layer, and those inside it, the arrays of its group.
  static void byOrder(KerasLayer layer, List<Named> arrays, KerasReadModel model) {
    var variables = KerasVariable.trainableFirst(layer);
    if (variables.isEmpty()) return;
    if (variables.size() != arrays.size()) {
      model.add(
          Finding.error(
                  "WEIGHTS_MISSING",
                  "the file has %d arrays for it (%s), and it takes %d (%s)"
                      .formatted(
                          arrays.size(),
                          arrays.stream().map(Named::name).collect(Collectors.joining(", ")),
                          variables.size(),
                          variables.stream()
                              .map(KerasVariable::role)
                              .collect(Collectors.joining(", "))))
              .at(layer.name(), -1, layer.operator())
              .fix("save the model again with Keras 2.16 or newer"));
      return;
    }
    set(variables, arrays);
  }

  /// By order; where that would give an array of another name, by name.
  private static void set(List<KerasVariable> variables, List<Named> arrays) {
    var left = new ArrayList<>(arrays);
    var wanted = variables.stream().map(KerasVariable::name).sorted().toList();
    boolean isNamed = wanted.equals(arrays.stream().map(Named::last).sorted().toList());
    for (var variable : variables) {
      var array =
          left.stream()
              .filter(each -> !isNamed || each.last().equals(variable.name()))
              .findFirst()
              .orElseThrow();
      left.remove(array);
      variable.layer().setWeight(variable.role(), array.data());
    }
  }

  // ---- TensorFlow.js: by the layers' names

  /// Gives each layer the arrays whose paths have its name.
  static void byName(KerasLayer layer, List<Named> arrays, KerasReadModel model) {
    for (var each : layer.layers()) {
      if (each.isModel()) byName(each, arrays, model);
      else byOrder(each, arrays.stream().filter(array -> array.isOf(each.name())).toList(), model);
    }
  }
}
