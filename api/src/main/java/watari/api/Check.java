package watari.api;

import java.util.List;

/// A verdict, who ran both sides, and the errors of each output.
///
/// @param engineA what ran the source; empty if nothing did
/// @param engineB what ran the result; empty if nothing did
public record Check(Verdict verdict, String engineA, String engineB, List<OutputError> errors) {
  public static final Check NONE = new Check(Verdict.UNVERIFIED, "", "", List.of());

  public Check {
    errors = List.copyOf(errors);
  }
}
