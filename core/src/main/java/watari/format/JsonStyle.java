package watari.format;

/// How JSON is laid out.
///
/// @param isDense whether arrays of numbers stand on one line
/// @param rounds whether floats have six decimals, as `flatc` prints them, which loses the rest
/// @param hasDefaults whether fields that hold their default are printed, too
/// @param quotesNonNumbers whether NaN and infinities are strings, as JSON has no word for them
public record JsonStyle(
    boolean isDense, boolean rounds, boolean hasDefaults, boolean quotesNonNumbers) {
  public static final JsonStyle PLAIN = new JsonStyle(false, false, false, false);
}
