package watari.quant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// How often which numbers were seen, in bins of one width that doubles when a number lies outside:
/// memory is constant, whatever is seen. Numbers that are not finite are counted apart.
public final class Histogram {
  private static final int BINS = 4096;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long[] counts = new long[BINS];
  private double low;
  private double width;
  private double min = Double.POSITIVE_INFINITY;
  private double max = Double.NEGATIVE_INFINITY;
  private double averageMin;
  private double averageMax;
  private long tensors;
  private long numbers;
  private long notFinite;

  /// Counts the elements of a float32 tensor.
  public void add(TensorData data) {
    if (data.dtype() != DataType.FLOAT32)
      throw new IllegalArgumentException(data.dtype() + " data");
    int size = Math.toIntExact(data.size());
    if (size == 0) return;
    var elements = data.contiguous().orElseGet(() -> MemorySegment.ofArray(data.floats()));
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      float x = elements.get(FLOAT, (long) i * Float.BYTES);
      if (!Float.isFinite(x)) continue;
      if (x < least) least = x;
      if (x > most) most = x;
    }
    if (least > most) {
      notFinite += size;
      return;
    }
    average(least, most);
    cover(least, most);
    count(elements, size);
  }

  private void average(float least, float most) {
    averageMin += (least - averageMin) / (tensors + 1);
    averageMax += (most - averageMax) / (tensors + 1);
    tensors++;
    min = Math.min(min, least);
    max = Math.max(max, most);
  }

  private void cover(double least, double most) {
    if (width == 0) {
      low = least;
      double extent = most - least;
      width = extent > 0 ? extent / BINS * (1 + 1e-9) : Math.max(Math.abs(least), 1e-30) / BINS;
    }
    while (most >= low + width * BINS) mergePairs(0);
    while (least < low) {
      mergePairs(BINS / 2);
      low -= width * (BINS / 2);
    }
  }

  /// Makes bins twice as wide; the old ones go to the half that begins at `to`.
  private void mergePairs(int to) {
    var merged = new long[BINS];
    for (int i = 0; i < BINS / 2; i++) merged[to + i] = counts[2 * i] + counts[2 * i + 1];
    System.arraycopy(merged, 0, counts, 0, BINS);
    width *= 2;
  }

  private void count(MemorySegment elements, int size) {
    double perWidth = 1 / width;
    for (int i = 0; i < size; i++) {
      float x = elements.get(FLOAT, (long) i * Float.BYTES);
      if (!Float.isFinite(x)) {
        notFinite++;
        continue;
      }
      counts[Math.clamp((long) ((x - low) * perWidth), 0, BINS - 1)]++;
      numbers++;
    }
  }

  public boolean isEmpty() {
    return numbers == 0;
  }

  /// How many elements were infinite or no number.
  public long notFinite() {
    return notFinite;
  }

  public long numbers() {
    return numbers;
  }

  /// All that was seen.
  public Range range() {
    return isEmpty() ? Range.ZERO : new Range(min, max);
  }

  /// The ranges of the tensors, averaged.
  Range averageRange() {
    return isEmpty() ? Range.ZERO : new Range(averageMin, averageMax);
  }

  int bins() {
    return BINS;
  }

  long count(int bin) {
    return counts[bin];
  }

  /// The middle of a bin.
  double centre(int bin) {
    return low + (bin + 0.5) * width;
  }

  double width() {
    return width;
  }

  /// The share of numbers outside of a range, as far as bins tell.
  public double shareOutside(Range range) {
    long outside = 0;
    for (int i = 0; i < BINS; i++) {
      if (centre(i) < range.min() - width || centre(i) > range.max() + width) outside += counts[i];
    }
    return isEmpty() ? 0 : (double) outside / numbers;
  }
}
