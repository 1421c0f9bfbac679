package watari.api;

/// What becomes of operators that formats do not share.
///
/// @param customs operators that are the source format's own
/// @param detections what ends a detector
public record SpecialOperators(Customs customs, Detections detections) {
  /// As the target has them.
  public static final SpecialOperators KEEP = new SpecialOperators(Customs.KEEP, Detections.KEEP);

  /// Custom operators.
  public enum Customs {
    /// They stay where the target has them, else they are written out in standard operators.
    KEEP,
    /// They are written out in standard operators, also where the target has them.
    STANDARD
  }

  /// Detection heads: what suppresses boxes that overlap, and all behind it.
  public enum Detections {
    /// As the source has them.
    KEEP,
    /// All boxes and scores are outputs.
    STRIP,
    /// Outputs have places for as many detections as there can be.
    FIXED_SIZE,
    /// The four outputs of TFLite_Detection_PostProcess.
    TFLITE
  }
}
