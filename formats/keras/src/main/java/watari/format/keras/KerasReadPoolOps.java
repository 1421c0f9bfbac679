package watari.format.keras;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.Reduce;
import watari.op.Window;
import watari.pass.replace.Formula;

/// Windows and whole images of which the largest element, or the mean, is left.
final class KerasReadPoolOps {
  private KerasReadPoolOps() {}

  static void register(KerasReadOps.Table table) {
    for (int n = 1; n <= 3; n++) {
      int axes = n;
      for (var suffix : List.of("Pooling%dD", "Pool%dD")) {
        var name = suffix.formatted(n);
        table
            .on("Max" + name, call -> max(call, axes))
            .on("Average" + name, call -> average(call, axes))
            .on("GlobalMax" + name, call -> global(call, Reduce.Kind.MAX))
            .on("GlobalAverage" + name, call -> global(call, Reduce.Kind.MEAN));
      }
      table
          .on("AdaptiveMaxPooling%dD".formatted(n), call -> adaptive(call, Reduce.Kind.MAX))
          .on("AdaptiveAveragePooling%dD".formatted(n), call -> adaptive(call, Reduce.Kind.MEAN));
    }
  }

  private static Window window(KerasCall call, int axes) {
    var config = call.config();
    var size = config.integers(config.has("pool_size") ? "pool_size" : "pool_length", axes);
    var strides = config.has("strides") ? config.integers("strides", axes) : size;
    var padding =
        switch (config.text("padding", "valid").toLowerCase(Locale.ROOT)) {
          case "valid" -> Padding.none(axes);
          case "same" -> new Padding.Same(true);
          default -> throw config.unknown("padding", "valid and same");
        };
    return new Window(size, strides, Collections.nCopies(axes, 1), padding, false);
  }

  private static void max(KerasCall call, int axes) {
    call.give(new MaxPool(window(call, axes), call.layout(), false), call.in());
  }

  /// Padding never counts.
  private static void average(KerasCall call, int axes) {
    call.give(new AveragePool(window(call, axes), call.layout(), false), call.in());
  }

  // ---- all of space

  private static void global(KerasCall call, Reduce.Kind kind) {
    boolean keeps = call.config().flag("keepdims", false);
    var x = call.in();
    var axes = call.layout().spatialAxes(call.rank());
    var mask = call.mask();
    if (mask.isPresent() && kind == Reduce.Kind.MEAN && axes.size() == 1) {
      call.give(masked(call, x, mask.get(), axes, keeps));
      return;
    }
    call.give(new Reduce(kind, keeps), x, call.builder().vector(axes));
  }

  /// The mean of the steps that count.
  private static Value masked(
      KerasCall call, Value x, Value mask, List<Integer> axes, boolean keeps) {
    var f = call.formula();
    int channels = call.layout().channelAxis(3);
    var counts = f.unsqueeze(f.cast(mask, x.dtype()), channels);
    var sum = f.reduce(Reduce.Kind.SUM, f.mul(x, counts), keeps, axes);
    return f.div(sum, f.reduce(Reduce.Kind.SUM, counts, keeps, axes));
  }

  // ---- to a size

  /// Output `i` of `n` is over the elements from `floor(i · in / n)` to `ceil((i + 1) · in / n)`.
  private static void adaptive(KerasCall call, Reduce.Kind kind) {
    var x = call.in();
    var axes = call.layout().spatialAxes(call.rank());
    var sizes = call.config().integers("output_size", axes.size());
    for (int i = 0; i < axes.size(); i++) x = adaptive(call, kind, x, axes.get(i), sizes.get(i));
    call.give(x);
  }

  private static Value adaptive(KerasCall call, Reduce.Kind kind, Value x, int axis, int size) {
    Formula f = call.formula();
    long in = call.dim(x, axis);
    var parts = new java.util.ArrayList<Value>();
    for (long i = 0; i < size; i++) {
      var part = f.slice(x, axis, i * in / size, Math.ceilDiv((i + 1) * in, size));
      parts.add(f.reduce(kind, part, true, List.of(axis)));
    }
    return f.concat(axis, parts);
  }
}
