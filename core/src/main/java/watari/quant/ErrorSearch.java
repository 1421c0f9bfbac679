package watari.quant;

/// Finds the range for which rounding to steps and cutting what lies outside change a tensor least,
/// in squares.
///
/// Rounding to steps of `s` costs `s² / 12` for each number inside; a number outside costs the
/// square of its distance.
final class ErrorSearch {
  /// Ends are tried at so many places between 0 and what was seen.
  private static final int PLACES = 128;

  private final Histogram seen;
  private final int levels;

  /// Sums over all bins before each: of counts, of numbers and of their squares.
  private final double[] counts;

  private final double[] sums;
  private final double[] squares;

  ErrorSearch(Histogram seen, int levels) {
    this.seen = seen;
    this.levels = levels;
    counts = new double[seen.bins() + 1];
    sums = new double[seen.bins() + 1];
    squares = new double[seen.bins() + 1];
    for (int i = 0; i < seen.bins(); i++) {
      double x = seen.centre(i);
      counts[i + 1] = counts[i] + seen.count(i);
      sums[i + 1] = sums[i] + seen.count(i) * x;
      squares[i + 1] = squares[i] + seen.count(i) * x * x;
    }
  }

  Range range() {
    var all = seen.range();
    double low = Math.min(all.min(), 0);
    double high = Math.max(all.max(), 0);
    double bestLow = low;
    double bestHigh = high;
    // Each end is best for the other one's best place: a few turns find both.
    for (int turn = 0; turn < 3; turn++) {
      bestHigh = best(high, bestLow, true);
      bestLow = best(low, bestHigh, false);
    }
    return new Range(bestLow, bestHigh);
  }

  private double best(double end, double other, boolean isHigh) {
    double best = end;
    double least = Double.POSITIVE_INFINITY;
    for (int i = PLACES; i > 0 && end != 0; i--) {
      double place = end * i / PLACES;
      double error = isHigh ? error(other, place) : error(place, other);
      if (error < least) {
        least = error;
        best = place;
      }
    }
    return best;
  }

  private double error(double low, double high) {
    int from = bin(low);
    int to = bin(high);
    double step = (high - low) / (levels - 1);
    double inside = (counts[to] - counts[from]) * step * step / 12;
    return inside + beyond(low, 0, from) + beyond(high, to, seen.bins());
  }

  /// The squares of the distances of what is in bins to an end.
  private double beyond(double end, int from, int to) {
    double count = counts[to] - counts[from];
    double sum = sums[to] - sums[from];
    return Math.max(0, squares[to] - squares[from] - 2 * end * sum + end * end * count);
  }

  private int bin(double x) {
    double start = seen.centre(0) - seen.width() / 2;
    return Math.clamp(Math.round((x - start) / seen.width()), 0, seen.bins());
  }
}
