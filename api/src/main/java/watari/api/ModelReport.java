package watari.api;

import java.util.List;
import java.util.Locale;
import watari.finding.Finding;

/// What became of one model of a run.
///
/// @param model path as the user gave it
/// @param format found from the content; empty if it is of none
/// @param license as the model states it
/// @param origin what wrote the model, as it states
/// @param findings about the source
/// @param ending the worst of all that concerns this model
public record ModelReport(
    String model,
    String format,
    Status status,
    String license,
    String origin,
    List<Finding> findings,
    List<OutputReport> outputs,
    Ending ending) {
  /// How much of what was asked is there.
  public enum Status {
    DONE,
    PARTIAL,
    REFUSED,
    FAILED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public ModelReport {
    findings = List.copyOf(findings);
    outputs = List.copyOf(outputs);
  }
}
