package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.pass.replace.Windows;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Pools as TFLite has them: of two axes, padded by SAME or not at all, rounded down.
final class PoolRules {
  private PoolRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("MaxPoolInFloats", MaxPool.class, PoolRules::maxInFloats),
        new SmallRule<>("RaiseMaxPool1D", MaxPool.class, PoolRules::raiseMax),
        new SmallRule<>("SettleMaxPoolPadding", MaxPool.class, PoolRules::padMax),
        new Replacement<>("ReplaceDilatedMaxPool", MaxPool.class, PoolRules::dilatedMax),
        new SmallRule<>("SplitMaxPool3D", MaxPool.class, PoolRules::splitMax),
        new SmallRule<>("RaiseAveragePool1D", AveragePool.class, PoolRules::raiseAverage),
        new SmallRule<>("SettleAveragePoolPadding", AveragePool.class, PoolRules::sameAverage),
        new Replacement<>("WeighAveragePool", AveragePool.class, PoolRules::weighAverage),
        new Replacement<>(
            "ReplaceDilatedAveragePool", AveragePool.class, PoolRules::dilatedAverage),
        new SmallRule<>("SplitAveragePool3D", AveragePool.class, PoolRules::splitAverage),
        new Replacement<>("ReplaceLpPool", LpPool.class, PoolRules::lpPool));
  }

  /// Plain integers of 8 bits, which float32 holds.
  private static Outcome maxInFloats(MaxPool op, Match<MaxPool> match, Formula f) {
    var x = match.input(0);
    boolean isSmall = x.dtype() == DataType.INT8 || x.dtype() == DataType.UINT8;
    if (!isSmall || x.type().isQuantized() || match.node().outputs().size() != 1) {
      return Replacement.left("it is not of plain bytes");
    }
    return match.replaceWith(f.cast(f.op(op, f.cast(x, DataType.FLOAT32)), x.dtype()));
  }

  private static boolean isReady(Layout layout, Match<?> match) {
    return layout == Layout.CHANNELS_LAST
        && match.input(0).shape().isRanked()
        && match.node().outputs().size() == 1;
  }

  private static Window raised(Window window) {
    return new Window(
        Spatial.withHeight(window.kernel(), 1),
        Spatial.withHeight(window.strides(), 1),
        Spatial.withHeight(window.dilations(), 1),
        Spatial.withHeight(window.padding()),
        window.ceil());
  }

  private static Outcome lowered(Value made, Match<?> match, Formula f) {
    Match.carryQuantization(made, match.output().type());
    var dims = new ArrayList<>(made.shape().dims());
    dims.remove(1);
    var result = f.reshape(made, Shape.of(dims));
    Match.carryQuantization(result, match.output().type());
    return match.replaceWith(result);
  }

  private static Outcome raiseMax(MaxPool op, Match<MaxPool> match, Formula f) {
    if (!isReady(op.layout(), match) || Windows.axes(match.input(0)) != 1) {
      return Replacement.left("it is not of one spatial axis");
    }
    var x = Spatial.withHeight(match.input(0), f);
    return lowered(f.op(new MaxPool(raised(op.window()), op.layout()), x), match, f);
  }

  private static Outcome raiseAverage(AveragePool op, Match<AveragePool> match, Formula f) {
    if (!isReady(op.layout(), match) || Windows.axes(match.input(0)) != 1) {
      return Replacement.left("it is not of one spatial axis");
    }
    var x = Spatial.withHeight(match.input(0), f);
    var raised = new AveragePool(raised(op.window()), op.layout(), op.countPadding());
    return lowered(f.op(raised, x), match, f);
  }

  private static boolean isSettled(Window window) {
    boolean same = window.padding() instanceof Same(boolean atEnd) && atEnd;
    boolean none = window.padding() instanceof Explicit pads && pads.isZero();
    return !window.ceil() && (same || none);
  }

  private static Outcome padMax(MaxPool op, Match<MaxPool> match, Formula f) {
    if (!isReady(op.layout(), match) || isSettled(op.window())) {
      return Replacement.left("its padding is TFLite's");
    }
    var x = match.input(0);
    var pads = Spatial.roundedDown(op.window(), x, match.output());
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    if (Spatial.isSame(op.window(), pads.get(), x)) {
      return match.replaceWith(
          new MaxPool(Windows.settled(op.window(), new Same(true)), op.layout()), x);
    }
    var none = Padding.none(Windows.axes(x));
    var padded = pads.get().isZero() ? x : Spatial.padded(x, pads.get(), lowest(x, f), f);
    return match.replaceWith(new MaxPool(Windows.settled(op.window(), none), op.layout()), padded);
  }

  private static Value lowest(Value x, Formula f) {
    var type = x.type();
    double lowest = type.dtype().isFloat() ? -Float.MAX_VALUE : type.dtype().min();
    var data = TensorData.scalar(type.dtype(), lowest);
    return type.quantization() instanceof Quantization.PerTensor
        ? f.builder().constant("lowest", data, type.quantization())
        : f.constant(data);
  }

  private static Outcome dilatedMax(MaxPool op, Match<MaxPool> match, Formula f) {
    var x = match.input(0);
    boolean applies =
        isReady(op.layout(), match)
            && Windows.isDilated(op.window())
            && op.window().padding() instanceof Explicit pads
            && pads.isZero()
            && Windows.isFixed(x);
    if (!applies) return Replacement.left("it is not dilated, or not settled");
    for (int i = 0; i < op.window().kernel().size(); i++) {
      var largest = Windows.tap(x, op.window(), i, 0, f);
      for (int k = 1; k < op.window().kernel().get(i); k++) {
        largest = f.max(largest, Windows.tap(x, op.window(), i, k, f));
      }
      x = largest;
    }
    return match.replaceWith(x);
  }

  private static Outcome dilatedAverage(AveragePool op, Match<AveragePool> match, Formula f) {
    var x = match.input(0);
    boolean applies =
        isReady(op.layout(), match)
            && Windows.isDilated(op.window())
            && op.window().padding() instanceof Explicit pads
            && pads.isZero()
            && !op.window().ceil()
            && Windows.isFixed(x);
    if (!applies) return Replacement.left("it is not dilated, or not settled");
    long count = 1;
    for (int i = 0; i < op.window().kernel().size(); i++) {
      var sum = Windows.tap(x, op.window(), i, 0, f);
      for (int k = 1; k < op.window().kernel().get(i); k++) {
        sum = f.add(sum, Windows.tap(x, op.window(), i, k, f));
      }
      count *= op.window().kernel().get(i);
      x = sum;
    }
    return match.replaceWith(f.mul(x, 1.0 / count));
  }

  private static Window part(Window window, int from, int to, Padding padding) {
    return new Window(
        window.kernel().subList(from, to),
        window.strides().subList(from, to),
        window.dilations().subList(from, to),
        padding,
        false);
  }

  /// A settled pool of three axes as one of the last two, then one of the first.
  private static Optional<Value> split(
      Value x, Window window, Formula f, java.util.function.Function<Window, watari.op.Op> pool) {
    if (!isSettled(window)
        || Windows.isDilated(window)
        || Windows.axes(x) != 3
        || !x.shape().isFixed()) {
      return Optional.empty();
    }
    var dims = x.shape().fixedDims();
    boolean same = window.padding() instanceof Same;
    var flat = quantizedAs(f.reshape(x, dims[0] * dims[1], dims[2], dims[3], dims[4]), x);
    var inner = part(window, 1, 3, same ? new Same(true) : Padding.none(2));
    var plane = quantizedAs(f.op(pool.apply(inner), flat), x);
    long height = plane.shape().dim(1).fixed();
    long width = plane.shape().dim(2).fixed();
    var rows = quantizedAs(f.reshape(plane, dims[0], dims[1], height * width, dims[4]), x);
    var outer =
        new Window(
            List.of(window.kernel().get(0), 1),
            List.of(window.strides().get(0), 1),
            List.of(1, 1),
            same ? new Same(true) : Padding.none(2),
            false);
    var depth = quantizedAs(f.op(pool.apply(outer), rows), x);
    return Optional.of(
        quantizedAs(
            f.reshape(depth, dims[0], depth.shape().dim(1).fixed(), height, width, dims[4]), x));
  }

  private static Value quantizedAs(Value made, Value x) {
    Match.carryQuantization(made, x.type());
    return made;
  }

  private static Outcome splitMax(MaxPool op, Match<MaxPool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    return split(match.input(0), op.window(), f, window -> new MaxPool(window, op.layout()))
        .map(value -> match.replaceWith(value))
        .orElseGet(() -> Replacement.left("it is not of three settled axes"));
  }

  private static Outcome splitAverage(AveragePool op, Match<AveragePool> match, Formula f) {
    boolean applies = isReady(op.layout(), match) && !match.input(0).type().isQuantized();
    if (!applies) return Replacement.left("it is quantized");
    return split(
            match.input(0),
            op.window(),
            f,
            window -> new AveragePool(window, op.layout(), op.countPadding()))
        .map(value -> match.replaceWith(value))
        .orElseGet(() -> Replacement.left("it is not of three settled axes"));
  }

  private static Outcome sameAverage(AveragePool op, Match<AveragePool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    var window = op.window();
    if (window.padding() instanceof Explicit none && none.isZero() && !window.ceil()) {
      return op.countPadding()
          ? match.replaceWith(new AveragePool(window, op.layout(), false), match.input(0))
          : Replacement.left("it is not padded");
    }
    boolean isSame = window.padding() instanceof Same(boolean atEnd) && atEnd;
    if (isSame && !op.countPadding() && !window.ceil()) return Replacement.left("it is SAME");
    var x = match.input(0);
    var pads = Spatial.roundedDown(window, x, match.output());
    if (pads.isEmpty() || op.countPadding() || Windows.isDilated(window)) {
      return Replacement.left("its divisors are its own");
    }
    if (pads.get().isZero()) {
      var none = Windows.settled(window, Padding.none(Windows.axes(x)));
      return match.replaceWith(new AveragePool(none, op.layout(), false), x);
    }
    if (!Spatial.isSame(window, pads.get(), x)) return Replacement.left("its padding is its own");
    return match.replaceWith(
        new AveragePool(Windows.settled(window, new Same(true)), op.layout(), false), x);
  }

  /// Sums of the window as averages over all of it, weighed by what counts in each.
  private static Outcome weighAverage(AveragePool op, Match<AveragePool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    var window = op.window();
    boolean isSame = window.padding() instanceof Same(boolean atEnd) && atEnd;
    boolean native_ =
        isSettled(window) && !(isSame && (op.countPadding() || Windows.isDilated(window)));
    if (native_) return Replacement.left("its padding is TFLite's");
    var x = match.input(0);
    var pads = Spatial.roundedDown(window, x, match.output());
    var given = Spatial.explicit(window, x);
    if (pads.isEmpty() || given.isEmpty() || !Windows.isFixed(x)) {
      return Replacement.left("the spatial dims are not fixed");
    }
    var padded = pads.get().isZero() ? x : Spatial.padded(x, pads.get(), Value.ABSENT, f);
    var none = Windows.settled(window, Padding.none(Windows.axes(x)));
    var mean = f.op(new AveragePool(none, op.layout(), false), padded);
    for (int i = 0; i < window.kernel().size(); i++) {
      var weights = weights(op, i, given.get(), x, mean);
      if (weights.isAll(1)) continue;
      var dims = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ONE));
      dims.set(i + 1, Dim.of(weights.size()));
      mean = f.mul(mean, f.constant(weights.reshaped(Shape.of(dims))));
    }
    return match.replaceWith(mean);
  }

  /// Kernel size by the number of elements that count, along one axis.
  private static TensorData weights(AveragePool op, int i, Explicit given, Value x, Value mean) {
    var window = op.window();
    int outputs = Math.toIntExact(mean.shape().dim(i + 1).fixed());
    long dim = x.shape().dim(i + 1).fixed();
    long low = op.countPadding() ? -given.begins().get(i) : 0;
    long high = op.countPadding() ? dim + given.ends().get(i) : dim;
    var weights = new float[outputs];
    for (int o = 0; o < outputs; o++) {
      int count = 0;
      for (int k = 0; k < window.kernel().get(i); k++) {
        long at =
            (long) o * window.strides().get(i)
                + (long) k * window.dilations().get(i)
                - given.begins().get(i);
        if (at >= low && at < high) count++;
      }
      weights[o] = (float) window.kernel().get(i) / Math.max(count, 1);
    }
    return TensorData.ofFloats(Shape.of(outputs), weights);
  }

  /// A mean of powers, times the window's size; padding adds zeros.
  private static Outcome lpPool(LpPool op, Match<LpPool> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    var x = match.input(0);
    var pads = Spatial.roundedDown(op.window(), x, match.output());
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    var power =
        switch (op.p()) {
          case 1 -> f.abs(x);
          case 2 -> f.square(x);
          default -> f.binary(Binary.Kind.POW, f.abs(x), f.scalar(x, op.p()));
        };
    var padded = pads.get().isZero() ? power : Spatial.padded(power, pads.get(), Value.ABSENT, f);
    var none = Windows.settled(op.window(), Padding.none(Windows.axes(x)));
    var mean = f.op(new AveragePool(none, op.layout(), false), padded);
    long count = op.window().kernel().stream().mapToLong(k -> k).reduce(1, (a, b) -> a * b);
    var sum = f.mul(mean, count);
    return match.replaceWith(
        switch (op.p()) {
          case 1 -> sum;
          case 2 -> f.sqrt(sum);
          default -> f.binary(Binary.Kind.POW, sum, f.scalar(sum, 1.0 / op.p()));
        });
  }
}
