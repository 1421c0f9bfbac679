package watari.api;

import java.util.Locale;

/// How a model's records are written as JSON.
///
/// @param hasDefaults whether fields that hold their default are written, too
/// @param quotesNonNumbers whether NaN and infinities are strings, as standard JSON wants them
public record JsonSettings(Style style, boolean hasDefaults, boolean quotesNonNumbers) {
  public static final JsonSettings DEFAULT = new JsonSettings(Style.FLATC, false, false);

  /// How the text is laid out.
  public enum Style {
    /// An element a line, as the reference programs have it; floats to the last bit.
    FLATC,
    /// As `flatc` prints floats, too: with six decimals, which loses the rest.
    FLATC_EXACT,
    /// Arrays of numbers on one line.
    COMPACT;

    /// @throws UsageException if there is no style of this name
    public static Style named(String name) {
      for (var style : values()) if (style.toString().equals(name)) return style;
      throw new UsageException(
          "a style is 'flatc', 'flatc-exact' or 'compact', not '" + name + "'");
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
