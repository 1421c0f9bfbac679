package watari.format.openvino;

import java.util.ArrayList;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// FakeQuantize: a quantized type and back where that is the same, else the operator.
final class OpenvinoReadQuantizeOps {
  /// How far a zero point may be from a whole number, for the ranges are rounded to float32.
  private static final double WHOLE = 1e-3;

  private OpenvinoReadQuantizeOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table.on("FakeQuantize", OpenvinoReadQuantizeOps::fakeQuantize);
  }

  /// What one end of a FakeQuantize says: integers that denote numbers from `low` to `high`.
  private record Range(TensorData low, TensorData high, int levels) {
    long count() {
      return Math.max(low.size(), high.size());
    }

    double low(long i) {
      return low.doubleAt(low.size() == 1 ? 0 : i);
    }

    double scale(long i) {
      return (high.doubleAt(high.size() == 1 ? 0 : i) - low(i)) / (levels - 1);
    }
  }

  private static void fakeQuantize(OpenvinoReadNode n) {
    int levels = n.integer("levels");
    if (levels < 2) throw OpenvinoRefusal.broken("attribute 'levels' is '" + levels + "'");
    if (isType(levels) && n.dtype(0) == DataType.FLOAT32) {
      var weights = weights(n, levels);
      if (weights.isPresent()) {
        n.give(new Convert(DataType.FLOAT32), weights.get());
        return;
      }
      if (activations(n, levels)) return;
    }
    n.floats(0);
    n.give(new FakeQuantize(levels), n.inputs());
  }

  private static boolean isType(int levels) {
    return levels == 256 || levels == 255 || levels == 65536 || levels == 16;
  }

  /// The type whose integers are the levels: signed where the range goes below 0 by half.
  private static DataType stored(int levels, long zero) {
    boolean isSigned = zero == levels / 2 || levels == 255 && zero == 127;
    return switch (levels) {
      case 16 -> isSigned ? DataType.INT4 : DataType.UINT4;
      case 65536 -> isSigned ? DataType.INT16 : DataType.UINT16;
      default -> isSigned ? DataType.INT8 : DataType.UINT8;
    };
  }

  private static Optional<Range> range(OpenvinoReadNode n, int low, int levels) {
    var lows = n.constant(low).or(() -> decoded(n.in(low)));
    var highs = n.constant(low + 1).or(() -> decoded(n.in(low + 1)));
    if (lows.isEmpty() || highs.isEmpty()) return Optional.empty();
    long a = lows.get().size();
    long b = highs.get().size();
    if (a != b && a != 1 && b != 1) return Optional.empty();
    return Optional.of(new Range(lows.get(), highs.get(), levels));
  }

  private static Optional<TensorData> decoded(Value value) {
    return value
        .producer()
        .filter(node -> node.op() instanceof Cast)
        .flatMap(node -> node.input(0).constant());
  }

  /// The number of the level that denotes 0, if it is the same for all channels.
  private static Optional<Long> zero(Range range) {
    Optional<Long> common = Optional.empty();
    for (long i = 0; i < range.count(); i++) {
      double scale = range.scale(i);
      if (!(scale > 0) || Double.isInfinite(scale)) return Optional.empty();
      double zero = -range.low(i) / scale;
      if (Math.abs(zero - Math.rint(zero)) > WHOLE) return Optional.empty();
      long whole = Math.round(zero);
      if (whole < 0 || whole >= range.levels()) return Optional.empty();
      if (common.isPresent() && common.get() != whole) return Optional.empty();
      common = Optional.of(whole);
    }
    return common;
  }

  /// The quantization whose integers begin at the smallest of `stored`, or one above it where there
  /// is a level less.
  private static Optional<Quantization> meaning(
      OpenvinoReadNode n, Range range, DataType stored, long zero) {
    boolean skipsFirst = range.levels() == 255 && stored.isSigned();
    long point = zero + stored.min() + (skipsFirst ? 1 : 0);
    if (range.count() == 1) {
      return Optional.of(new Quantization.PerTensor((float) range.scale(0), point));
    }
    var axis = axis(n, range.low().size() == range.count() ? range.low() : range.high());
    if (axis.isEmpty()) return Optional.empty();
    var scales = new ArrayList<Float>();
    var points = new ArrayList<Long>();
    for (long i = 0; i < range.count(); i++) {
      scales.add((float) range.scale(i));
      points.add(point);
    }
    return Optional.of(new Quantization.PerAxis(axis.get(), scales, points));
  }

  /// The only axis of the input along which the ranges differ.
  private static Optional<Integer> axis(OpenvinoReadNode n, TensorData numbers) {
    if (!n.shape(0).isRanked()) return Optional.empty();
    int behind = n.rank(0) - numbers.shape().rank();
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < numbers.shape().rank(); i++) {
      if (!numbers.shape().dim(i).is(1)) axes.add(i + behind);
    }
    return axes.size() == 1 && axes.get(0) >= 0 ? Optional.of(axes.get(0)) : Optional.empty();
  }

  // ---- activations

  /// Whether the output's range is a quantized type; the input's is brought to it first, if it is
  /// another.
  private static boolean activations(OpenvinoReadNode n, int levels) {
    var input = range(n, 1, levels);
    var output = range(n, 3, levels);
    if (input.isEmpty() || output.isEmpty()) return false;
    boolean isSame = isSame(input.get(), output.get());
    boolean isOne = input.get().count() == 1 && output.get().count() == 1;
    boolean isScaled = isOne && input.get().scale(0) > 0;
    var zero = zero(output.get());
    if (zero.isEmpty() || !isSame && !isScaled || levels == 255 && !isOne) return false;
    var stored = stored(levels, zero.get());
    var meaning = meaning(n, output.get(), stored, zero.get());
    if (meaning.isEmpty()) return false;
    var x = n.in(0);
    double low = input.get().low(0);
    double scale = input.get().scale(0);
    // Of a level less, the smallest integer is none of the levels.
    if (levels == 255) x = n.formula().op(new Clip(low, low + 254 * scale), x);
    if (!isSame) {
      double factor = output.get().scale(0) / scale;
      x = n.formula().add(n.formula().mul(n.formula().add(x, -low), factor), output.get().low(0));
    }
    var quantized = n.builder().addQuantized(new Convert(stored), stored, meaning.get(), x);
    n.give(new Convert(DataType.FLOAT32), quantized);
    return true;
  }

  private static boolean isSame(Range a, Range b) {
    if (a.count() != b.count()) return false;
    for (long i = 0; i < a.count(); i++) {
      if (a.low(i) != b.low(i) || a.scale(i) != b.scale(i)) return false;
    }
    return true;
  }

  // ---- weights

  /// A constant of the integers that the input range makes of a constant, which the output range
  /// gives a meaning.
  private static Optional<Value> weights(OpenvinoReadNode n, int levels) {
    var data = n.constant(0).or(() -> decoded(n.in(0)));
    var input = range(n, 1, levels);
    var output = range(n, 3, levels);
    if (data.isEmpty() || input.isEmpty() || output.isEmpty()) return Optional.empty();
    var zero = zero(output.get());
    if (zero.isEmpty()) return Optional.empty();
    var stored = stored(levels, zero.get());
    var meaning = meaning(n, output.get(), stored, zero.get());
    long count = input.get().count();
    var axis =
        count == 1
            ? Optional.of(0)
            : axis(n, input.get().low().size() == count ? input.get().low() : input.get().high());
    if (meaning.isEmpty() || axis.isEmpty()) return Optional.empty();
    boolean skipsFirst = levels == 255 && stored.isSigned();
    long first = stored.min() + (skipsFirst ? 1 : 0);
    var levelled = levels(data.get(), input.get(), axis.get(), first, stored);
    return Optional.of(n.builder().constant(n.in(0).name(), levelled, meaning.get()));
  }

  private static TensorData levels(
      TensorData data, Range range, int axis, long first, DataType stored) {
    int size = Math.toIntExact(data.size());
    var bytes = new double[size];
    long inner =
        data.shape().rank() == 0 ? 1 : data.shape().product(axis + 1, data.shape().rank()).fixed();
    long dim = data.shape().rank() == 0 ? 1 : data.shape().dim(axis).fixed();
    int most = range.levels() - 1;
    for (int i = 0; i < size; i++) {
      long channel = range.count() == 1 ? 0 : i / inner % dim;
      double low = range.low(channel);
      double scale = range.scale(channel);
      double level = scale > 0 ? Math.rint((data.doubleAt(i) - low) / scale) : 0;
      bytes[i] = first + Math.clamp(level, 0, most);
    }
    return TensorData.ofDoubles(stored, data.shape(), bytes);
  }
}
