package watari.quant;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import watari.tensor.DataType;

/// Chooses the range that is stored from the numbers that were seen; 0 is always in it.
public enum Calibrator {
  /// All that was seen.
  MINMAX {
    @Override
    Range choose(Histogram seen, DataType dtype) {
      return seen.range();
    }
  },
  /// The ranges of the samples, averaged.
  AVERAGE {
    @Override
    Range choose(Histogram seen, DataType dtype) {
      return seen.averageRange();
    }
  },
  /// All but one in 20000 at either end.
  PERCENTILE {
    @Override
    Range choose(Histogram seen, DataType dtype) {
      return tails(seen, TAIL);
    }
  },
  /// Where what is stored tells most about what was seen.
  ///
  /// Source: S. Migacz, 8-bit inference with TensorRT (2017).
  ENTROPY {
    @Override
    Range choose(Histogram seen, DataType dtype) {
      return new EntropySearch(seen, levels(dtype)).range();
    }
  },
  /// Where the squares of what rounding and cutting change are least.
  MSE {
    @Override
    Range choose(Histogram seen, DataType dtype) {
      return new ErrorSearch(seen, levels(dtype)).range();
    }
  };

  private static final double TAIL = 5e-5;

  abstract Range choose(Histogram seen, DataType dtype);

  /// The range for a tensor of which something was seen.
  ///
  /// @param dtype that it will be stored as
  public Range range(Histogram seen, DataType dtype) {
    return choose(seen, dtype);
  }

  private static int levels(DataType dtype) {
    return 1 << Math.min(dtype.bits(), 12);
  }

  private static Range tails(Histogram seen, double share) {
    long most = (long) (share * seen.numbers());
    int from = 0;
    long below = seen.count(0);
    while (below <= most && from < seen.bins() - 1) below += seen.count(++from);
    int to = seen.bins() - 1;
    long above = seen.count(to);
    while (above <= most && to > from) above += seen.count(--to);
    double half = seen.width() / 2;
    var all = seen.range();
    double lowest = Math.max(all.min(), seen.centre(from) - half);
    double highest = Math.min(all.max(), seen.centre(to) + half);
    return new Range(lowest, highest);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Calibrator> named(String name) {
    return Arrays.stream(values()).filter(c -> c.toString().equals(name)).findFirst();
  }
}
