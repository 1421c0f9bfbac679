package watari.quant;

/// The real numbers that a tensor was seen to hold, from the least to the greatest.
public record Range(double min, double max) {
  public static final Range ZERO = new Range(0, 0);

  public Range {
    if (!(min <= max)) throw new IllegalArgumentException("min " + min + " is above max " + max);
  }

  public Range with(Range other) {
    return new Range(Math.min(min, other.min), Math.max(max, other.max));
  }

  boolean holds(Range other, double slack) {
    return other.min >= min - slack && other.max <= max + slack;
  }
}
