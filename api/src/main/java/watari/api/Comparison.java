package watari.api;

import watari.tensor.TensorData;

/// How far apart tensors of one shape are, two by two.
///
/// The range of a tensor spans its finite elements and 0. Elements that are both NaN, or the same
/// infinity, agree; other pairs with one of these are infinitely far apart.
final class Comparison {
  private double low;
  private double high;
  private double maxAbsolute;
  private double maxRelative;
  private double dot;
  private double squaresA;
  private double squaresB;
  private double squaresOff;

  static OutputError of(String name, TensorData a, TensorData b) {
    var comparison = new Comparison();
    comparison.add(a, b);
    return comparison.error(name);
  }

  /// Takes two more tensors of one shape.
  void add(TensorData a, TensorData b) {
    for (long i = 0; i < a.size(); i++) element(a, b, i);
  }

  /// The share of elements that are further apart than `step`.
  static double shareBeyond(double step, TensorData a, TensorData b) {
    long beyond = 0;
    for (long i = 0; i < a.size(); i++) {
      double off = distance(a.doubleAt(i), b.doubleAt(i));
      if (off > step) beyond++;
    }
    return a.size() == 0 ? 0 : (double) beyond / a.size();
  }

  private void element(TensorData a, TensorData b, long i) {
    double x = a.doubleAt(i);
    double y = b.doubleAt(i);
    double off = distance(x, y);
    if (a.dtype().isComplex()) {
      off = Math.hypot(off, distance(a.imaginaryAt(i), b.imaginaryAt(i)));
    }
    maxAbsolute = Math.max(maxAbsolute, off);
    if (x != 0 && Double.isFinite(x)) maxRelative = Math.max(maxRelative, off / Math.abs(x));
    if (!Double.isFinite(x) || !Double.isFinite(y)) return;
    low = Math.min(low, x);
    high = Math.max(high, x);
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
    squaresOff += off * off;
  }

  static double distance(double x, double y) {
    if (x == y || Double.isNaN(x) && Double.isNaN(y)) return 0;
    double off = Math.abs(x - y);
    return Double.isNaN(off) ? Double.POSITIVE_INFINITY : off;
  }

  /// Of all tensors taken so far.
  OutputError error(String name) {
    double range = high - low;
    double scaled = maxAbsolute == 0 ? 0 : range == 0 ? maxAbsolute : maxAbsolute / range;
    boolean bothZero = squaresA == 0 && squaresB == 0;
    double cosine = bothZero ? 1 : dot / Math.sqrt(squaresA * squaresB);
    double sqnr = 10 * Math.log10(squaresA / squaresOff);
    if (squaresOff == 0) sqnr = Double.POSITIVE_INFINITY;
    return new OutputError(name, maxAbsolute, maxRelative, scaled, cosine, sqnr);
  }
}
