package watari.format.keras;

import java.util.List;

/// A Functional model as it is written.
///
/// @param layers in Keras' own order, see [KerasOrder], with their names
record KerasWrittenModel(
    String name,
    List<KerasWrittenLayer> layers,
    List<KerasTensor> inputs,
    List<KerasTensor> outputs) {
  KerasWrittenModel {
    layers = List.copyOf(layers);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /// Whether Keras 2 cannot load it.
  boolean isNew() {
    return layers.stream().anyMatch(KerasWrittenLayer::isNew);
  }
}
