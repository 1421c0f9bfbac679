package watari.api;

import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;

/// What became of a step that makes one result of one model.
///
/// @param model path as the user gave it
/// @param format of the model; empty if it is of none
/// @param result where it is, or would be
public record FileReport(
    Path model, String format, Path result, List<Finding> findings, Ending ending) {
  public FileReport {
    findings = List.copyOf(findings);
  }

  /// Whether the result is there.
  public boolean isWritten() {
    return ending == Ending.DONE;
  }
}
