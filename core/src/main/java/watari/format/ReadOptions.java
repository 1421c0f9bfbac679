package watari.format;

import java.nio.file.Path;
import java.util.Optional;

/// What a user may say about reading.
///
/// @param weightsFile where the weights are, if not where the model says; empty path for none
public record ReadOptions(Path weightsFile) {
  public static final ReadOptions DEFAULT = new ReadOptions(Path.of(""));

  public Optional<Path> weights() {
    return weightsFile.toString().isEmpty() ? Optional.empty() : Optional.of(weightsFile);
  }
}
