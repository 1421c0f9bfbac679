package watari.format.keras;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.graph.Value;

/// Which steps of values count. Keras hands this on beside a value, from layers that make masks to
/// those that heed them.
final class KerasMasks {
  /// Layers that give the mask of their input on as it is.
  private static final Set<String> KEEP =
      Set.of(
          "Dense",
          "Activation",
          "ReLU",
          "LeakyReLU",
          "ThresholdedReLU",
          "PReLU",
          "ELU",
          "Identity",
          "Dropout",
          "SpatialDropout1D",
          "SpatialDropout2D",
          "SpatialDropout3D",
          "AlphaDropout",
          "GaussianDropout",
          "GaussianNoise",
          "ActivityRegularization",
          "BatchNormalization",
          "LayerNormalization",
          "GroupNormalization",
          "UnitNormalization",
          "Normalization",
          "Rescaling");

  /// Layers after which nobody knows of a mask.
  private static final Set<String> DROP =
      Set.of(
          "Dot",
          "Flatten",
          "GlobalAveragePooling1D",
          "GlobalMaxPooling1D",
          "Conv1D",
          "Conv2D",
          "MaxPooling1D",
          "AveragePooling1D",
          "Reshape",
          "Permute",
          "EinsumDense");

  private final Map<Value, Value> masks = new IdentityHashMap<>();

  /// Values whose mask is not known.
  private final Set<Value> unsure = Collections.newSetFromMap(new IdentityHashMap<>());

  /// The mask of a value.
  ///
  /// @throws KerasRefusal if there is one that is not known
  Optional<Value> of(Value value) {
    if (unsure.contains(value)) {
      throw KerasRefusal.unsupported(
          "it heeds the mask of its input, which went through a layer that Watari follows no"
              + " masks through",
          "leave out mask_zero or Masking, or move it right before this layer");
    }
    return Optional.ofNullable(masks.get(value));
  }

  void set(Value value, Value mask) {
    masks.put(value, mask);
  }

  /// Hands masks on from the inputs of a layer to its outputs.
  void pass(KerasLayer layer, List<Value> inputs, List<Value> outputs) {
    var masked = inputs.stream().filter(this::isMasked).toList();
    if (masked.isEmpty() || outputs.stream().anyMatch(masks::containsKey)) return;
    if (DROP.contains(layer.className()) || layer.isModel()) return;
    var first = masks.get(masked.get(0));
    boolean isKept = KEEP.contains(layer.className()) && inputs.size() == 1;
    for (var output : outputs) {
      // A value that is given on is masked already.
      if (isMasked(output)) continue;
      if (isKept && first != null) masks.put(output, first);
      else unsure.add(output);
    }
  }

  private boolean isMasked(Value value) {
    return masks.containsKey(value) || unsure.contains(value);
  }
}
