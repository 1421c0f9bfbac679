package watari.api;

import java.util.List;
import watari.finding.Finding;

/// What the comparison of two models, or of recorded outputs, said.
///
/// @param checks one for each sample
public record VerifyReport(List<Check> checks, List<Finding> findings, Ending ending) {
  public VerifyReport {
    checks = List.copyOf(checks);
    findings = List.copyOf(findings);
  }

  /// The worst verdict of all samples.
  public Verdict verdict() {
    return checks.stream()
        .map(Check::verdict)
        .max(java.util.Comparator.naturalOrder())
        .orElse(Verdict.UNVERIFIED);
  }
}
