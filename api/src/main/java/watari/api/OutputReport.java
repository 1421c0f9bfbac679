package watari.api;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import watari.finding.Finding;

/// What became of one result.
///
/// @param path the result, or its main file
/// @param ports inputs, then outputs; empty where nothing was written
/// @param findings about this result alone
/// @param transposes how many Transposes are in the result
/// @param check what verification said
public record OutputReport(
    String format,
    Precision precision,
    Path path,
    Status status,
    Ending ending,
    Check check,
    List<Port> ports,
    List<Finding> findings,
    int transposes,
    double seconds,
    Explanation explanation) {
  /// Whether there is a result.
  public enum Status {
    WRITTEN,
    REFUSED,
    FAILED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public OutputReport {
    ports = List.copyOf(ports);
    findings = List.copyOf(findings);
  }
}
