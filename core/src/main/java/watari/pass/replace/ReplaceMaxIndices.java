package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.Window;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// `y, indices = MaxPool(x)` → `y = MaxPool(x)`; `indices` by comparing the elements at each place
/// of the window, one place after the other.
///
/// Holds where the channels and the spatial dims are fixed and nothing is stored as integers. Of
/// equal elements the first is taken, as runtimes do. Padding is `-∞`, which a window of nothing
/// but `-∞` cannot tell from it.
public final class ReplaceMaxIndices {
  private static final int MOST_PLACES = 256;

  private final MaxPool op;
  private final Value x;
  private final Shape out;
  private final Formula f;
  private final List<Axis> axes = new ArrayList<>();

  /// One spatial axis.
  ///
  /// @param begin elements added before it; a negative number crops
  /// @param step what its next element is further in the flat index
  private record Axis(
      int axis, long dim, long count, int kernel, int stride, int dilation, long begin, long step) {
    long needed() {
      return Math.max((count - 1) * stride + (kernel - 1L) * dilation + 1 - begin - dim, 0);
    }
  }

  private ReplaceMaxIndices(MaxPool op, Match<MaxPool> match, Formula f) {
    this.op = op;
    this.x = match.input(0);
    this.out = match.node().output(0).shape();
    this.f = f;
  }

  /// @param lacks whether the target has no operator for that
  public static Rule<MaxPool> rule(Predicate<MaxPool> lacks) {
    return new Replacement<>(
        "ReplaceMaxIndices", MaxPool.class, (op, match, f) -> replace(op, match, f, lacks));
  }

  private static Outcome replace(
      MaxPool op, Match<MaxPool> match, Formula f, Predicate<MaxPool> lacks) {
    var node = match.node();
    if (node.outputs().size() < 2 || !node.output(1).isPresent()) {
      return Replacement.left("its indices are not used");
    }
    if (!lacks.test(op)) return Replacement.left("the target has it");
    var x = match.input(0);
    if (x.type().isQuantized()) return Replacement.left("its elements are stored integers");
    boolean isKnown = x.shape().isRanked() && x.shape().slice(1, x.shape().rank()).isFixed();
    if (!isKnown) return Replacement.left("the channels or spatial dims are not fixed");
    if (places(op.window()) > MOST_PLACES) return Replacement.left("the window is too large");
    return new ReplaceMaxIndices(op, match, f).replaced();
  }

  private static long places(Window window) {
    return window.kernel().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
  }

  private Outcome replaced() {
    addAxes();
    var largest = f.op(new MaxPool(op.window(), op.layout()), x);
    return new Outcome.Replaced(List.of(largest, f.add(f.add(images(), corners()), offsets())));
  }

  private void addAxes() {
    var window = op.window();
    int first = op.layout().firstSpatialAxis();
    int count = window.kernel().size();
    for (int i = 0; i < count; i++) {
      long step = 1;
      for (int j = 0; j < count; j++) {
        boolean isFaster = op.columnMajor() ? j < i : j > i;
        if (isFaster) step *= x.shape().dim(first + j).fixed();
      }
      long dim = x.shape().dim(first + i).fixed();
      axes.add(
          new Axis(
              first + i,
              dim,
              out.dim(first + i).fixed(),
              window.kernel().get(i),
              window.strides().get(i),
              window.dilations().get(i),
              begin(i, dim),
              step));
    }
  }

  private long begin(int i, long dim) {
    var window = op.window();
    return switch (window.padding()) {
      case Padding.Explicit(var begins, _) -> begins.get(i);
      case Padding.Same(boolean atEnd) -> {
        long all =
            Padding.sameTotal(
                dim, window.kernel().get(i), window.strides().get(i), window.dilations().get(i));
        yield atEnd ? all / 2 : all - all / 2;
      }
    };
  }

  // ---- the flat index, by what it is made of

  /// Where each channel of each image begins.
  private Value images() {
    int rank = x.shape().rank();
    int channel = op.layout().channelAxis(rank);
    long size = axes.stream().mapToLong(Axis::dim).reduce(1, (a, b) -> a * b);
    long channels = x.shape().dim(channel).fixed();
    var ofChannels = f.constant(counted(channels, size, rank, channel));
    var batch = x.shape().dim(0);
    if (batch.isFixed()) {
      return f.add(f.constant(counted(batch.fixed(), channels * size, rank, 0)), ofChannels);
    }
    var images = f.mul(f.range(f.dim(x, 0)), f.vector(channels * size));
    var dims = new long[rank];
    java.util.Arrays.fill(dims, 1);
    dims[0] = -1;
    return f.add(f.reshape(images, dims), ofChannels);
  }

  /// Where each window begins within a channel; before it, where that is padding.
  private Value corners() {
    int rank = x.shape().rank();
    Value sum = f.vector(0);
    for (var axis : axes) {
      var starts =
          f.constant(counted(axis.count(), axis.stride() * axis.step(), rank, axis.axis()));
      sum = f.add(sum, f.add(starts, f.vector(-axis.begin() * axis.step())));
    }
    return sum;
  }

  /// `0, by, 2 · by, …` along one axis.
  private static TensorData counted(long count, long by, int rank, int axis) {
    var shape = Shape.SCALAR;
    for (int i = 0; i < rank; i++) shape = shape.concat(Shape.of(i == axis ? count : 1));
    var values = new long[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) values[i] = i * by;
    return TensorData.ofLongs(shape, values);
  }

  /// How far behind the window's begin its largest element is.
  private Value offsets() {
    var all = padded();
    var place = new int[axes.size()];
    var best = at(all, place);
    Value offset = f.vector(0);
    while (advance(place)) {
      var next = at(all, place);
      long behind = 0;
      for (int i = 0; i < place.length; i++) {
        behind += place[i] * (long) axes.get(i).dilation() * axes.get(i).step();
      }
      var isLarger = f.binary(Binary.Kind.GREATER, next, best);
      offset = f.select(isLarger, f.vector(behind), offset);
      best = f.max(next, best);
    }
    return offset;
  }

  /// The next place of the window, the last axis fastest.
  private boolean advance(int[] place) {
    for (int i = place.length - 1; i >= 0; i--) {
      if (++place[i] < axes.get(i).kernel()) return true;
      place[i] = 0;
    }
    return false;
  }

  private Value padded() {
    var floats = x.dtype().isFloat() ? x : f.cast(x, DataType.FLOAT32);
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    for (var axis : axes) {
      pads[axis.axis()] = Math.max(axis.begin(), 0);
      pads[rank + axis.axis()] = axis.needed();
    }
    if (java.util.Arrays.stream(pads).allMatch(pad -> pad == 0)) return floats;
    var least = f.scalar(floats, Double.NEGATIVE_INFINITY);
    return f.op(new Pad(Pad.Mode.CONSTANT), floats, f.vector(pads), least);
  }

  /// The elements at one place of all windows.
  private Value at(Value padded, int[] place) {
    int count = axes.size();
    var starts = new long[count];
    var ends = new long[count];
    var along = new long[count];
    var steps = new long[count];
    for (int i = 0; i < count; i++) {
      var axis = axes.get(i);
      starts[i] = (long) place[i] * axis.dilation() - Math.min(axis.begin(), 0);
      ends[i] = starts[i] + (axis.count() - 1) * axis.stride() + 1;
      along[i] = axis.axis();
      steps[i] = axis.stride();
    }
    return f.op(
        new Slice(), padded, f.vector(starts), f.vector(ends), f.vector(along), f.vector(steps));
  }
}
