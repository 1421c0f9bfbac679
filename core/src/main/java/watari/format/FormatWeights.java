package watari.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import watari.finding.Findings;
import watari.tensor.TensorData;

/// The constants of a model's file, and others in their place; nothing else in the file changes.
/// Found by `ServiceLoader`; has no state.
public interface FormatWeights {
  /// A constant.
  ///
  /// @param id what it is in the file: no two have the same
  /// @param name what the file calls it
  record Weight(String id, String name, TensorData data) {}

  /// The name of the format.
  String format();

  /// The constants, in the file's order. What cannot be had as numbers is a note in `findings`.
  ///
  /// @throws watari.finding.ModelException if the model is broken
  List<Weight> list(Path model, Arena arena, Findings findings) throws IOException;

  /// Writes the model with other constants, of the same type and shape as those of [#list].
  ///
  /// @param changed by id
  /// @param result the main file, in a folder that is the caller's to clear
  void inject(Path model, Path result, Map<String, TensorData> changed, Findings findings)
      throws IOException;

  /// Further files that a result may have.
  default List<Path> beside(Path result) {
    return List.of();
  }
}
