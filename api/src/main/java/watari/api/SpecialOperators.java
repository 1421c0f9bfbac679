package watari.api;

/// What becomes of operators that formats do not share.
///
/// @param customs operators that are the source format's own
public record SpecialOperators(Customs customs) {
  /// As the target has them.
  public static final SpecialOperators KEEP = new SpecialOperators(Customs.KEEP);

  /// Custom operators.
  public enum Customs {
    /// They stay where the target has them, else they are written out in standard operators.
    KEEP,
    /// They are written out in standard operators, also where the target has them.
    STANDARD
  }
}
