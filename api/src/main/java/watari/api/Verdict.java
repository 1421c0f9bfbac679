package watari.api;

import java.util.Locale;

/// What the comparison of a result with its source said.
public enum Verdict {
  EQUAL,
  ROUNDING,
  /// As near as `ROUNDING`, but one side was run by our own reading of its file.
  CONSISTENT,
  DIFFERENT,
  UNVERIFIED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
