package watari.quant;

/// Finds the ends for which the numbers as stored are distributed most like the numbers as seen:
/// the divergence of both is least.
///
/// Of a range with both signs both ends are moved in proportion, so that the place of 0 stays.
final class EntropySearch {
  private static final int PLACES = 128;

  private final Histogram seen;
  private final int levels;

  EntropySearch(Histogram seen, int levels) {
    this.seen = seen;
    this.levels = levels;
  }

  Range range() {
    var all = seen.range();
    double low = Math.min(all.min(), 0);
    double high = Math.max(all.max(), 0);
    var best = new Range(low, high);
    double least = Double.POSITIVE_INFINITY;
    for (int i = PLACES; i > PLACES / 4; i--) {
      double part = (double) i / PLACES;
      double divergence = divergence(low * part, high * part);
      if (divergence < least) {
        least = divergence;
        best = new Range(low * part, high * part);
      }
    }
    return best;
  }

  /// `Σ p · log(p / q)` where `p` has what lies outside in its last bins, and `q` spreads each
  /// level's numbers over the bins of the level that are not empty.
  private double divergence(double low, double high) {
    int from = bin(low);
    int to = bin(high) - 1;
    if (to <= from) return Double.POSITIVE_INFINITY;
    var p = new double[to - from + 1];
    for (int i = 0; i < seen.bins(); i++) {
      p[Math.clamp((long) i, from, to) - from] += seen.count(i);
    }
    var q = spread(from, p.length);
    double sum = 0;
    for (double each : q) sum += each;
    if (sum == 0) return Double.POSITIVE_INFINITY;
    double divergence = 0;
    for (int i = 0; i < p.length; i++) {
      if (p[i] == 0) continue;
      double share = p[i] / seen.numbers();
      divergence += share * Math.log(share / Math.max(q[i] / sum, 1e-12));
    }
    return divergence;
  }

  private double[] spread(int from, int size) {
    var q = new double[size];
    double perLevel = Math.max(1, (double) size / levels);
    for (int level = 0; level * perLevel < size; level++) {
      int first = (int) (level * perLevel);
      int last = (int) Math.min(size, Math.max(first + 1, (level + 1) * perLevel));
      double sum = 0;
      int filled = 0;
      for (int i = first; i < last; i++) {
        sum += seen.count(from + i);
        if (seen.count(from + i) > 0) filled++;
      }
      for (int i = first; i < last; i++) if (seen.count(from + i) > 0) q[i] = sum / filled;
    }
    return q;
  }

  private int bin(double x) {
    double start = seen.centre(0) - seen.width() / 2;
    return Math.clamp(Math.round((x - start) / seen.width()), 0, seen.bins());
  }
}
