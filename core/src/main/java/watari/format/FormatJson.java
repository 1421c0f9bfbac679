package watari.format;

import java.io.IOException;
import java.nio.file.Path;
import watari.finding.Findings;

/// A format's own records as JSON, and back, with nothing lost. Found by `ServiceLoader`; has no
/// state.
public interface FormatJson {
  /// The name of the format.
  String format();

  /// Whether JSON text is of this format.
  ///
  /// @param firstName the first name in its outermost object
  boolean sniff(String firstName);

  /// Writes a model's records as JSON.
  ///
  /// @throws watari.finding.ModelException if the model is broken
  void write(Path model, Path json, JsonStyle style, Findings findings) throws IOException;

  /// Writes the model that JSON describes.
  ///
  /// @param model a path in a folder that is the caller's to clear
  /// @throws watari.finding.ModelException if the JSON is not that of a model, with line and path
  void read(Path json, Path model, Findings findings) throws IOException;
}
