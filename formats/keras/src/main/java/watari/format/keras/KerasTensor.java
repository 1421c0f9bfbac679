package watari.format.keras;

import java.util.List;
import java.util.Map;
import watari.tensor.TensorType;

/// What a layer of a model that is being written gives.
///
/// @param index which of its outputs
record KerasTensor(KerasWrittenLayer layer, int index, TensorType type) {
  /// How Keras 3 refers to it among the arguments of a call.
  KerasJson argument() {
    var config =
        KerasJson.object(
            Map.entry("shape", KerasJson.dims(type.shape())),
            Map.entry("dtype", KerasJson.of(KerasTypes.name(type.dtype()))),
            Map.entry("keras_history", place()));
    return KerasJson.object(
        Map.entry("class_name", KerasJson.of("__keras_tensor__")), Map.entry("config", config));
  }

  /// Layer, call and output: each layer is called once.
  KerasJson place() {
    return KerasJson.list(KerasJson.of(layer.name()), KerasJson.of(0L), KerasJson.of((long) index));
  }

  /// How Keras 2 refers to it.
  KerasJson inbound() {
    return KerasJson.list(
        KerasJson.of(layer.name()),
        KerasJson.of(0L),
        KerasJson.of((long) index),
        new KerasJson.Members(Map.of()));
  }

  /// An argument of a call.
  sealed interface Argument {
    record One(KerasTensor tensor) implements Argument {}

    record Plain(KerasJson value) implements Argument {}

    record Many(List<Argument> all) implements Argument {}

    static Argument of(KerasTensor tensor) {
      return new One(tensor);
    }

    static Argument of(KerasJson value) {
      return new Plain(value);
    }

    static Argument of(List<KerasTensor> tensors) {
      return new Many(tensors.stream().map(Argument::of).toList());
    }

    default KerasJson json() {
      return switch (this) {
        case One(var tensor) -> tensor.argument();
        case Plain(var value) -> value;
        case Many(var all) -> new KerasJson.Items(all.stream().map(Argument::json).toList());
      };
    }

    /// The tensors in it, in order.
    default List<KerasTensor> tensors() {
      return switch (this) {
        case One(var tensor) -> List.of(tensor);
        case Plain _ -> List.of();
        case Many(var all) -> all.stream().flatMap(each -> each.tensors().stream()).toList();
      };
    }
  }
}
