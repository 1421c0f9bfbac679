package watari.api;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Changes of a model that a user asks for.
///
/// @param batch dim 0 of every input that has one, or 0 to leave it
/// @param inputShapes dims of inputs by name; -1 leaves a dim as it is
/// @param keepDynamic unknown dims stay, also where the target prefers fixed ones
/// @param inputs names of tensors that become the inputs; empty for the model's own
/// @param outputs names of tensors that become the outputs; empty for the model's own
/// @param state what becomes of state where the target has none
/// @param dequantize quantized numbers are decoded to float32
/// @param replace names of replacement rules, see [ReplacementRule]
/// @param special what becomes of operators that formats do not share
/// @param overrides a file of openvino2tensorflow or onnx2tf that corrects layers; empty for none
public record Edits(
    long batch,
    Map<String, List<Long>> inputShapes,
    boolean keepDynamic,
    List<String> inputs,
    List<String> outputs,
    StateHandling state,
    boolean dequantize,
    List<String> replace,
    SpecialOperators special,
    Path overrides) {
  public static final Edits NONE =
      new Edits(
          0,
          Map.of(),
          false,
          List.of(),
          List.of(),
          StateHandling.ZERO,
          false,
          List.of(),
          SpecialOperators.KEEP,
          Path.of(""));

  /// What becomes of state that a model keeps between calls.
  public enum StateHandling {
    /// Where the target keeps no state, every call starts from the initial one, with a warning.
    ZERO,
    /// Where the target keeps no state, it becomes inputs and outputs.
    IO
  }

  public Edits {
    inputShapes = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(inputShapes));
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    replace = List.copyOf(replace);
    ReplacementRule.requireKnown(replace);
  }

  boolean cuts() {
    return !inputs.isEmpty() || !outputs.isEmpty();
  }

  boolean changesShapes() {
    return batch > 0 || !inputShapes.isEmpty();
  }
}
