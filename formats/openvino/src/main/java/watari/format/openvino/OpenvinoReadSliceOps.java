package watari.format.openvino;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Slice;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Parts of tensors.
final class OpenvinoReadSliceOps {
  private OpenvinoReadSliceOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Slice", OpenvinoReadSliceOps::slice)
        .on("SliceScatter", OpenvinoReadSliceOps::sliceScatter)
        .on("StridedSlice", OpenvinoReadSliceOps::stridedSlice);
  }

  private static void slice(OpenvinoReadNode n) {
    var inputs = new ArrayList<>(List.of(n.in(0), n.integers64(1), n.integers64(2)));
    inputs.add(n.has(4) ? n.integers64(4) : first(n));
    inputs.add(n.integers64(3));
    n.give(new Slice(), inputs);
  }

  private static Value first(OpenvinoReadNode n) {
    var axes = new long[n.length(n.in(1), "its starts")];
    for (int i = 0; i < axes.length; i++) axes[i] = i;
    return n.formula().vector(axes);
  }

  /// `updates` put where a slice would take elements from.
  private static void sliceScatter(OpenvinoReadNode n) {
    var f = n.formula();
    int rank = n.rank(0);
    var starts = n.integers(2, "its start");
    var stops = n.integers(3, "its stop");
    var steps = n.integers(4, "its step");
    var given = n.has(5) ? n.integers(5, "its axes") : LongStream.range(0, starts.length).toArray();
    var axes = Arrays.stream(given).mapToInt(axis -> n.axis(axis, rank)).toArray();
    var whole = f.shapeOf(n.in(0));
    var places = f.reshape(f.range(f.reduce(Reduce.Kind.PROD, whole, true, List.of(0))), whole);
    for (int i = 0; i < axes.length; i++) {
      places = f.slice(places, axes[i], starts[i], stops[i], steps[i]);
    }
    var flat = f.reshape(n.in(0), -1);
    var indices = f.unsqueeze(f.reshape(places, -1), 1);
    var updates = f.reshape(f.op(new Expand(), n.in(1), f.shapeOf(places)), -1);
    var scattered = f.op(new ScatterNd(Reduction.REPLACE), flat, indices, updates);
    n.give(0, f.reshape(scattered, whole));
  }

  // ---- StridedSlice

  /// What a StridedSlice does with one axis of its input.
  private record Cut(int axis, int entry, boolean shrinks) {}

  /// The parts of a StridedSlice: what it cuts, and where its output has new axes.
  private record Plan(List<Cut> cuts, List<Long> newAxes) {}

  private static void stridedSlice(OpenvinoReadNode n) {
    var plan = plan(n);
    var f = n.formula();
    var x = n.in(0);
    var begins = n.known(1);
    var ends = n.known(2);
    var strides = n.has(3) ? n.known(3) : begins.map(all -> ones(all.length));
    if (strides.isEmpty())
      throw OpenvinoRefusal.unsupported(
          "its strides are computed", "write the IR with constant strides");
    var sliced = new ArrayList<Cut>();
    var shrunk = new ArrayList<Cut>();
    plan.cuts().forEach(cut -> (cut.shrinks() ? shrunk : sliced).add(cut));
    if (!sliced.isEmpty()) {
      x =
          f.op(
              new Slice(),
              x,
              bounds(n, sliced, 1, begins, strides.get()),
              bounds(n, sliced, 2, ends, strides.get()),
              f.vector(sliced.stream().mapToLong(Cut::axis).toArray()),
              f.vector(sliced.stream().mapToLong(cut -> strides.get()[cut.entry()]).toArray()));
    }
    x = shrink(n, f, x, shrunk, begins);
    n.give(0, f.unsqueeze(x, plan.newAxes().stream().mapToLong(Long::longValue).toArray()));
  }

  private static long[] ones(int count) {
    var all = new long[count];
    Arrays.fill(all, 1);
    return all;
  }

  private static Plan plan(OpenvinoReadNode n) {
    int rank = n.rank(0);
    int entries = n.length(n.in(1), "its begin");
    int used = 0;
    for (int i = 0; i < entries; i++) {
      if (!mask(n, "ellipsis_mask", i) && !mask(n, "new_axis_mask", i)) used++;
    }
    var cuts = new ArrayList<Cut>();
    var newAxes = new ArrayList<Long>();
    int axis = 0;
    long output = 0;
    for (int i = 0; i < entries; i++) {
      if (mask(n, "ellipsis_mask", i)) {
        axis += rank - used;
        output += rank - used;
      } else if (mask(n, "new_axis_mask", i)) {
        newAxes.add(output++);
      } else {
        boolean shrinks = mask(n, "shrink_axis_mask", i);
        cuts.add(new Cut(axis++, i, shrinks));
        if (!shrinks) output++;
      }
    }
    if (axis > rank) {
      throw OpenvinoRefusal.broken("it cuts %d axes of a tensor of rank %d".formatted(axis, rank));
    }
    return new Plan(cuts, newAxes);
  }

  private static boolean mask(OpenvinoReadNode n, String name, int i) {
    var mask = n.integers(name);
    return i < mask.size() && mask.get(i) != 0;
  }

  /// The begins or ends of the axes that are cut; of those that a mask opens, the very first or
  /// last.
  private static Value bounds(
      OpenvinoReadNode n, List<Cut> cuts, int input, Optional<long[]> known, long[] strides) {
    var f = n.formula();
    var parts = new ArrayList<Value>();
    var numbers = new long[cuts.size()];
    for (int i = 0; i < cuts.size(); i++) {
      int entry = cuts.get(i).entry();
      boolean isOpen = mask(n, input == 1 ? "begin_mask" : "end_mask", entry);
      if (isOpen) numbers[i] = open(input == 1, strides[entry]);
      else if (known.isPresent()) numbers[i] = known.get()[entry];
      parts.add(
          isOpen
              ? f.vector(numbers[i])
              : f.cast(f.slice(n.in(input), 0, entry, entry + 1), DataType.INT64));
    }
    return known.isPresent() ? f.vector(numbers) : f.concat(0, parts);
  }

  private static long open(boolean isBegin, long stride) {
    if (isBegin) return stride > 0 ? 0 : -1;
    return stride > 0 ? Long.MAX_VALUE : Long.MIN_VALUE + 1;
  }

  /// Takes one element of an axis, which goes.
  private static Value shrink(
      OpenvinoReadNode n, Formula f, Value x, List<Cut> cuts, Optional<long[]> begins) {
    var axes = new long[cuts.size()];
    for (int i = 0; i < cuts.size(); i++) {
      var cut = cuts.get(i);
      axes[i] = cut.axis();
      boolean isOpen = mask(n, "begin_mask", cut.entry());
      if (isOpen || begins.isPresent()) {
        long at = isOpen ? 0 : begins.orElseThrow()[cut.entry()];
        x = f.slice(x, cut.axis(), at, at == -1 ? Long.MAX_VALUE : at + 1);
      } else {
        x = f.gather(x, f.slice(n.in(1), 0, cut.entry(), cut.entry() + 1), cut.axis());
      }
    }
    return f.squeeze(x, axes);
  }
}
