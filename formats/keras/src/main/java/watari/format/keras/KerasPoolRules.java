package watari.format.keras;

import java.util.List;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.Windows;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Pools as layers have them: padded `same` or not at all, rounded down, not dilated.
final class KerasPoolRules {
  private KerasPoolRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("MaxPoolInFloats", MaxPool.class, KerasPoolRules::inFloats),
        new Replacement<>("SettleMaxPoolPadding", MaxPool.class, KerasPoolRules::padMax),
        new Replacement<>("ReplaceDilatedMaxPool", MaxPool.class, KerasPoolRules::dilatedMax),
        new Replacement<>("SettleAveragePool", AveragePool.class, KerasPoolRules::average),
        new Replacement<>("ReplaceLpPool", LpPool.class, KerasPoolRules::lpPool));
  }

  private static boolean isReady(Layout layout, Match<?> match) {
    return layout == Layout.CHANNELS_LAST
        && match.input(0).shape().isRanked()
        && match.node().outputs().size() == 1;
  }

  // ---- maxima

  /// Bytes, which floats hold.
  private static Outcome inFloats(MaxPool op, Match<MaxPool> match, Formula f) {
    var x = match.input(0);
    boolean isSmall = x.dtype() == DataType.INT8 || x.dtype() == DataType.UINT8;
    if (!isSmall || match.node().outputs().size() != 1) {
      return Replacement.left("it is not of bytes");
    }
    return match.replaceWith(f.cast(f.op(op, f.cast(x, DataType.FLOAT32)), x.dtype()));
  }

  private static Outcome padMax(MaxPool op, Match<MaxPool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    var x = match.input(0);
    var window = op.window();
    boolean isPlain = !Windows.isDilated(window) || window.padding() instanceof Explicit;
    if (!window.ceil() && KerasWindows.isSettled(window.padding()) && isPlain) {
      return Replacement.left("its padding is Keras'");
    }
    var pads = Windows.roundedDown(window, x, match.output());
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    if (!Windows.isDilated(window) && Windows.isSame(window, pads.get(), x)) {
      var same = Windows.settled(window, new Padding.Same(true));
      return match.replaceWith(new MaxPool(same, op.layout()), x);
    }
    var lowest = f.scalar(x, Double.NEGATIVE_INFINITY);
    var padded = KerasWindows.padded(x, pads.get(), lowest, f);
    var none = Windows.settled(window, Padding.none(Windows.axes(x)));
    return match.replaceWith(new MaxPool(none, op.layout()), padded);
  }

  private static Outcome dilatedMax(MaxPool op, Match<MaxPool> match, Formula f) {
    var x = match.input(0);
    var window = op.window();
    boolean applies =
        isReady(op.layout(), match)
            && Windows.isDilated(window)
            && !window.ceil()
            && window.padding() instanceof Explicit pads
            && pads.isZero()
            && Windows.isFixed(x);
    if (!applies) return Replacement.left("it is not dilated, or not settled");
    for (int i = 0; i < window.kernel().size(); i++) {
      var largest = Windows.tap(x, window, i, 0, f);
      for (int k = 1; k < window.kernel().get(i); k++) {
        largest = f.max(largest, Windows.tap(x, window, i, k, f));
      }
      x = largest;
    }
    return match.replaceWith(x);
  }

  // ---- means

  /// Sums over windows, divided by how many elements count.
  private static Outcome average(AveragePool op, Match<AveragePool> match, Formula f) {
    var window = op.window();
    if (!isReady(op.layout(), match) || isPlain(op)) return Replacement.left("it is Keras'");
    var x = match.input(0);
    var pads = Windows.roundedDown(window, x, match.output());
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    var none = Padding.none(Windows.axes(x));
    boolean counts = op.countPadding() && !window.ceil();
    if (!Windows.isDilated(window) && !counts && Windows.isSame(window, pads.get(), x)) {
      var same = Windows.settled(window, new Padding.Same(true));
      return match.replaceWith(new AveragePool(same, op.layout(), false), x);
    }
    if (!counts && !Windows.isFixed(x)) return Replacement.left("the spatial dims are not fixed");
    var padded = KerasWindows.padded(x, pads.get(), Value.ABSENT, f);
    if (Windows.isDilated(window)) {
      if (!Windows.isFixed(x)) return Replacement.left("the spatial dims are not fixed");
      return match.replaceWith(dilatedMean(padded, op, x, pads.get(), match.output(), f));
    }
    var valid = new AveragePool(Windows.settled(window, none), op.layout(), true);
    var mean = f.op(valid, padded);
    if (counts) return match.replaceWith(mean);
    return match.replaceWith(f.mul(mean, weights(op, x, pads.get(), match.output(), f)));
  }

  private static boolean isPlain(AveragePool op) {
    var window = op.window();
    if (window.ceil() || Windows.isDilated(window)) return false;
    return switch (window.padding()) {
      case Padding.Same(boolean atEnd) -> atEnd && !op.countPadding();
      case Explicit pads -> pads.isZero();
    };
  }

  private static Value dilatedMean(
      Value padded, AveragePool op, Value x, Explicit pads, Value y, Formula f) {
    var window = op.window();
    long count = 1;
    for (int i = 0; i < window.kernel().size(); i++) {
      var sum = Windows.tap(padded, window, i, 0, f);
      for (int k = 1; k < window.kernel().get(i); k++)
        sum = f.add(sum, Windows.tap(padded, window, i, k, f));
      padded = sum;
      count *= window.kernel().get(i);
    }
    return f.mul(f.mul(padded, 1.0 / count), weights(op, x, pads, y, f));
  }

  /// For each place of the output how many times fewer elements count than the window has.
  private static Value weights(AveragePool op, Value x, Explicit pads, Value y, Formula f) {
    var window = op.window();
    int rank = x.shape().rank();
    var weights = f.constant(TensorData.scalar(x.dtype(), 1));
    for (int i = 0; i < window.kernel().size(); i++) {
      int outputs = Math.toIntExact(y.shape().dim(i + 1).fixed());
      var factors = new double[outputs];
      for (int o = 0; o < outputs; o++) {
        factors[o] = (double) window.kernel().get(i) / counted(op, x, pads, i, o);
      }
      var dims = new long[rank];
      java.util.Arrays.fill(dims, 1);
      dims[i + 1] = outputs;
      var data = TensorData.ofDoubles(x.dtype(), Shape.of(dims), factors);
      weights = f.mul(weights, f.constant(data));
    }
    return weights;
  }

  /// The elements that count under a window along an axis: those inside, and explicit pads where
  /// they are counted.
  private static long counted(AveragePool op, Value x, Explicit pads, int i, int output) {
    var window = op.window();
    long dim = x.shape().dim(i + 1).fixed();
    long begin = pads.begins().get(i);
    long low = op.countPadding() ? -begin : 0;
    long stated = window.padding() instanceof Explicit given ? given.ends().get(i) : 0;
    long high = op.countPadding() ? dim + stated : dim;
    long count = 0;
    for (int k = 0; k < window.kernel().get(i); k++) {
      long at =
          (long) output * window.strides().get(i) - begin + (long) k * window.dilations().get(i);
      if (at >= low && at < high) count++;
    }
    return Math.max(count, 1);
  }

  /// `(Σ |x|^p)^(1/p)` as a root of a mean; padding adds zeros.
  private static Outcome lpPool(LpPool op, Match<LpPool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    var x = match.input(0);
    long size = 1;
    for (int k : op.window().kernel()) size *= k;
    var magnitude = f.abs(x);
    var powers =
        op.p() == 1
            ? magnitude
            : op.p() == 2
                ? f.square(x)
                : f.binary(watari.op.BinaryOp.Binary.Kind.POW, magnitude, f.scalar(x, op.p()));
    var pads = Windows.roundedDown(op.window(), x, match.output());
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    var padded = KerasWindows.padded(powers, pads.get(), Value.ABSENT, f);
    var valid = Windows.settled(op.window(), Padding.none(Windows.axes(x)));
    var sum = f.mul(f.op(new AveragePool(valid, op.layout(), true), padded), size);
    if (op.p() == 1) return match.replaceWith(sum);
    if (op.p() == 2) return match.replaceWith(f.sqrt(sum));
    var root = f.scalar(x, 1.0 / op.p());
    return match.replaceWith(f.binary(watari.op.BinaryOp.Binary.Kind.POW, sum, root));
  }
}
