package watari.api;

import java.nio.file.Path;

/// What a user says about reading.
///
/// @param format name of the source's format; empty to find it from the content
/// @param weightsFile where the weights are, if not where the model says; empty path for none
public record ReadSettings(String format, Path weightsFile) {
  public static final ReadSettings DEFAULT = new ReadSettings("", Path.of(""));
}
