package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Pools, channels last. Those of one spatial axis get another of dim 1.
final class TensorflowWritePool {
  private static final int MOST_ELEMENTS = 256;

  private TensorflowWritePool() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(MaxPool.class, TensorflowWritePool::maxPool)
        .on(AveragePool.class, TensorflowWritePool::averagePool);
  }

  private static boolean isSame(Window window) {
    return window.padding() instanceof Padding.Same same && same.atEnd() && !isDilated(window);
  }

  private static boolean isDilated(Window window) {
    return window.dilations().stream().anyMatch(d -> d != 1);
  }

  /// Pads with which windows that may not reach out give as many outputs.
  private static TensorflowPads pads(Window window, Node node) {
    var x = node.input(0).shape();
    if (!x.isRanked() || x.rank() < 3 || x.rank() > 5) {
      throw TensorflowRefusal.unsupported(
          "its input has shape " + x + ", TensorFlow pools along 1 to 3 axes",
          "end the model before this node with --outputs");
    }
    var pads =
        TensorflowPads.of(
            window.padding(), window.kernel(), window.strides(), window.dilations(), x);
    if (!window.ceil()) return pads;
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var in = x.dim(i + 1);
      var to = node.output(0).shape().dim(i + 1);
      if (!in.isFixed() || !to.isFixed()) {
        throw TensorflowRefusal.dynamic("the dims of its input are not known");
      }
      long reach = (to.fixed() - 1) * window.strides().get(i) + reach(window, i);
      long needed = reach - in.fixed() - pads.begins().get(i);
      ends.add(Math.toIntExact(Math.max(pads.ends().get(i), needed)));
    }
    return new TensorflowPads(pads.begins(), ends);
  }

  private static long reach(Window window, int i) {
    return (long) (window.kernel().get(i) - 1) * window.dilations().get(i) + 1;
  }

  private static Port padded(
      Port x, TensorflowPads pads, int rank, Optional<Port> value, TensorflowScope out) {
    if (pads.isZero()) return x;
    var cut = pads.isNegative() ? pads.cropped(x, rank, 0, out) : x;
    return pads.isPositive()
        ? TensorflowWriteSlice.padded(cut, pads.all(rank, 0), value, out)
        : cut;
  }

  /// A pool without padding, or with TensorFlow's own.
  private static Port pooled(
      String name, Window window, Port x, boolean isSame, TensorflowScope out) {
    int axes = window.kernel().size();
    boolean isLine = axes == 1;
    var raised = isLine ? out.op("ExpandDims", x, out.index(1)) : x;
    var y =
        out.op(
            axes == 3 ? name + "3D" : name,
            s ->
                s.set("ksize", all(window.kernel()))
                    .set("strides", all(window.strides()))
                    .set("padding", isSame ? "SAME" : "VALID"),
            raised);
    return isLine ? out.op("Squeeze", s -> s.set("squeeze_dims", new long[] {1}), y) : y;
  }

  private static long[] all(List<Integer> spatial) {
    int added = spatial.size() == 1 ? 1 : 0;
    var all = new long[spatial.size() + 2 + added];
    java.util.Arrays.fill(all, 1);
    for (int i = 0; i < spatial.size(); i++) all[i + 1 + added] = spatial.get(i);
    return all;
  }

  // ---- maxima

  private static void maxPool(MaxPool op, Node node, TensorflowScope out) {
    if (node.outputs().size() > 1 && !node.output(1).uses().isEmpty()
        || node.outputs().size() > 1 && node.graph().isOutput(node.output(1))) {
      throw TensorflowRefusal.unsupported(
          "the places of maxima are counted otherwise in TensorFlow",
          "end the model before this node with --outputs");
    }
    var window = op.window();
    if (isSame(window)) {
      out.give(node, pooled("MaxPool", window, out.in(node, 0), true, out));
      return;
    }
    var x = out.in(node, 0);
    var pads = pads(window, node);
    var padded =
        padded(x, pads, window.kernel().size() + 2, Optional.of(lowest(x.type(), out)), out);
    out.give(
        node,
        isDilated(window)
            ? folded("Maximum", window, padded, node, out)
            : pooled("MaxPool", window, padded, false, out));
  }

  private static Port lowest(DataType dtype, TensorflowScope out) {
    if (dtype.isFloat()) return out.scalar(dtype, Double.NEGATIVE_INFINITY);
    return out.constant(TensorData.ofLongs(dtype, Shape.SCALAR, dtype.min()));
  }

  /// The elements at one place of all windows, then those at the next, brought to one.
  private static Port folded(String name, Window window, Port x, Node node, TensorflowScope out) {
    int count = window.kernel().stream().reduce(1, (a, b) -> a * b);
    if (count > MOST_ELEMENTS) {
      throw TensorflowRefusal.unsupported(
          "windows of %d elements have dilations %s".formatted(count, window.dilations()),
          "end the model before this node with --outputs");
    }
    var places = new int[window.kernel().size()];
    var result = at(places, window, x, node, out);
    for (int i = 1; i < count; i++) {
      for (int axis = places.length - 1; ++places[axis] == window.kernel().get(axis); axis--) {
        places[axis] = 0;
      }
      result = out.op(name, result, at(places, window, x, node, out));
    }
    return result;
  }

  private static Port at(int[] places, Window window, Port x, Node node, TensorflowScope out) {
    int rank = places.length + 2;
    var begins = new long[rank];
    var ends = new long[rank];
    var steps = new long[rank];
    java.util.Arrays.fill(steps, 1);
    for (int i = 0; i < places.length; i++) {
      begins[i + 1] = (long) places[i] * window.dilations().get(i);
      steps[i + 1] = window.strides().get(i);
      long count = node.output(0).shape().dim(i + 1).fixed();
      ends[i + 1] = begins[i + 1] + (count - 1) * steps[i + 1] + 1;
    }
    long whole = 1L | 1L << (rank - 1);
    return out.op(
        "StridedSlice",
        s -> s.set("end_mask", whole).set("begin_mask", whole),
        x,
        out.ints(begins),
        out.ints(ends),
        out.ints(steps));
  }

  // ---- means

  private static void averagePool(AveragePool op, Node node, TensorflowScope out) {
    var window = op.window();
    var x = out.in(node, 0);
    if (isSame(window)) {
      out.give(node, pooled("AvgPool", window, x, true, out));
      return;
    }
    var pads = pads(window, node);
    var padded = padded(x, pads, window.kernel().size() + 2, Optional.empty(), out);
    long elements = window.kernel().stream().mapToLong(k -> k).reduce(1, (a, b) -> a * b);
    var mean =
        isDilated(window)
            ? TensorflowWriteElementwise.times(
                folded("AddV2", window, padded, node, out), 1.0 / elements, out)
            : pooled("AvgPool", window, padded, false, out);
    boolean isWhole = pads.isZero() || op.countPadding() && !window.ceil();
    out.give(node, isWhole ? mean : out.op("Mul", mean, weights(op, node, x.type(), out)));
  }

  /// Elements of a window over those that count, at each output: `[1, spatial…, 1]`.
  private static Port weights(AveragePool op, Node node, DataType dtype, TensorflowScope out) {
    var window = op.window();
    var given =
        TensorflowPads.of(
            window.padding(),
            window.kernel(),
            window.strides(),
            window.dilations(),
            node.input(0).shape());
    var weights = new double[] {1};
    var shape = Shape.of(1);
    for (int i = 0; i < window.kernel().size(); i++) {
      var in = node.input(0).shape().dim(i + 1);
      var to = node.output().shape().dim(i + 1);
      if (!in.isFixed() || !to.isFixed()) {
        throw TensorflowRefusal.dynamic("the dims of its input are not known");
      }
      int begin = given.begins().get(i);
      long low = op.countPadding() ? -begin : 0;
      long high = in.fixed() + (op.countPadding() ? given.ends().get(i) : 0);
      var next = new double[Math.toIntExact(weights.length * to.fixed())];
      for (int k = 0; k < next.length; k++) {
        long from = k % to.fixed() * window.strides().get(i) - begin;
        next[k] = weights[(int) (k / to.fixed())] * weight(window, i, from, low, high);
      }
      weights = next;
      shape = shape.concat(Shape.of(to));
    }
    return out.constant(TensorData.ofDoubles(dtype, shape.concat(Shape.of(1)), weights));
  }

  private static double weight(Window window, int i, long from, long low, long high) {
    int counted = 0;
    for (int k = 0; k < window.kernel().get(i); k++) {
      long at = from + (long) k * window.dilations().get(i);
      if (at >= low && at < high) counted++;
    }
    return counted == 0 ? 0 : (double) window.kernel().get(i) / counted;
  }
}
