package watari.api;

import java.util.List;

/// What became of an edit.
///
/// @param difference what went (`- …`) and what came (`+ …`)
public record EditReport(FileReport file, List<String> difference) {
  public EditReport {
    difference = List.copyOf(difference);
  }
}
