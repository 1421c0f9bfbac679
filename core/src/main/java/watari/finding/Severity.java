package watari.finding;

/// How much a [Finding] matters: an error stops the output it concerns, a warning tells of a loss,
/// a note of a choice.
public enum Severity {
  ERROR,
  WARNING,
  NOTE
}
