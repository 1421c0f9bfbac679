package watari.api;

/// How far apart two tensors are.
///
/// @param name of the output
/// @param maxAbsolute largest |a - b|
/// @param maxRelative largest |a - b| / |a| where a is not 0
/// @param scaled largest |a - b| over the range of a
/// @param cosine of the angle between them; 1 for the same direction
/// @param sqnr signal to noise in dB; infinite for equal tensors
public record OutputError(
    String name,
    double maxAbsolute,
    double maxRelative,
    double scaled,
    double cosine,
    double sqnr) {
  /// The one that is further off.
  OutputError worse(OutputError other) {
    return other.scaled > scaled ? other : this;
  }
}
