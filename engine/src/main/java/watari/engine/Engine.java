package watari.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// An official runtime of one format. Its native library is loaded with the first model.
public interface Engine {
  /// The format whose files it runs.
  String format();

  /// Name and version, as reports name it.
  ///
  /// @throws EngineException if the runtime is not there
  String name() throws EngineException;

  /// Where the runtime is installed; empty if it is built in.
  ///
  /// @throws EngineException if the runtime is not there
  default String place() throws EngineException {
    return "";
  }

  /// Loads a file of the engine's format, whose weights are where it says.
  ///
  /// @throws EngineException with the runtime's own words, if it refuses the file
  default Session load(Path model, List<String> taps) throws IOException, EngineException {
    return load(model, Path.of(""), taps);
  }

  /// Loads a file of the engine's format.
  ///
  /// @param weights where the weights of a format that keeps them apart are, if not where the model
  ///   says; empty path for there
  /// @param taps names of inner tensors that are returned behind the outputs; those that the file
  ///   has not, or not inside, are left out
  /// @throws EngineException with the runtime's own words, if it refuses the file
  Session load(Path model, Path weights, List<String> taps) throws IOException, EngineException;
}
