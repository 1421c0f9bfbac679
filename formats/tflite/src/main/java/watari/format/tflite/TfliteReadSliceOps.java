package watari.format.tflite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.StridedSliceOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Identity;
import watari.op.Op;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.TensorData;

/// Parts of a tensor by positions along its axes.
final class TfliteReadSliceOps {
  private static final long LAST = Integer.MAX_VALUE;
  private static final long BEFORE_FIRST = Integer.MIN_VALUE;

  private TfliteReadSliceOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("DYNAMIC_UPDATE_SLICE", TfliteReadSliceOps::dynamicUpdateSlice)
        .on("REVERSE_V2", TfliteReadSliceOps::reverse)
        .on("SLICE", TfliteReadSliceOps::slice)
        .on("STRIDED_SLICE", TfliteReadSliceOps::stridedSlice);
  }

  /// A size of -1 means up to the end.
  private static void slice(TfliteNode node) {
    var begin = node.known(1);
    var size = node.known(2);
    Value ends;
    if (begin.isPresent() && size.isPresent()) {
      var known = new long[begin.get().length];
      if (size.get().length != known.length) throw Unreadable.broken("it has too few sizes");
      for (int i = 0; i < known.length; i++) {
        known[i] = size.get()[i] < 0 ? LAST : begin.get()[i] + size.get()[i];
      }
      ends = node.vector(known);
    } else {
      ends = computedEnds(node);
    }
    node.emitMoved(new Slice(), node.in(0), node.int64(node.in(1)), ends);
  }

  private static Value computedEnds(TfliteNode node) {
    var begin = node.int64(node.in(1));
    var size = node.int64(node.in(2));
    var sum = node.add(new Binary(Binary.Kind.ADD), begin, size);
    boolean allGiven =
        node.known(2).isPresent() && Arrays.stream(node.known(2).get()).allMatch(s -> s >= 0);
    if (allGiven) return sum;
    var isOpen = node.add(new Binary(Binary.Kind.LESS), size, node.builder().scalar(0L));
    return node.add(new Select(), isOpen, node.builder().scalar(LAST), sum);
  }

  /// A reversed axis runs from its last element to its first.
  private static void reverse(TfliteNode node) {
    int rank = node.rank(0);
    var axes =
        Arrays.stream(node.integers(1, "axis"))
            .map(a -> TfliteNode.axis(a, rank))
            .distinct()
            .toArray();
    if (axes.length == 0) {
      node.emitMoved(new Identity(), node.in(0));
      return;
    }
    var starts = new long[axes.length];
    var ends = new long[axes.length];
    Arrays.fill(starts, -1);
    Arrays.fill(ends, BEFORE_FIRST);
    node.emitMoved(
        new Slice(),
        node.in(0),
        node.vector(starts),
        node.vector(ends),
        node.vector(axes),
        node.vector(starts));
  }

  // ---- strided slices

  /// How one entry of a strided slice's vectors applies.
  private record Cut(int entry, int axis, boolean opensBegin, boolean opensEnd, boolean shrinks) {}

  /// The entries: cuts of axes of the input, and places of new axes in the sliced tensor.
  private record Plan(List<Cut> cuts, List<Long> newAxes, List<Long> shrunk) {}

  private static void stridedSlice(TfliteNode node) {
    var options = node.options(new StridedSliceOptions());
    if (!node.shape(1).isFixed()) throw Unreadable.dynamic("the number of its cuts is not known");
    var plan = plan(options, (int) node.fixedDims(1)[0], node.rank(0));
    var steps = node.integers(3, "strides");
    var x = node.in(0);
    var last = new ArrayList<Step>();
    if (!plan.cuts().isEmpty()) last.add(cut(node, options, plan, steps));
    if (!plan.shrunk().isEmpty()) {
      last.add(new Step(new Squeeze(), List.of(node.builder().vector(plan.shrunk()))));
    }
    if (!plan.newAxes().isEmpty()) {
      last.add(new Step(new Unsqueeze(), List.of(node.builder().vector(plan.newAxes()))));
    }
    if (last.isEmpty()) last.add(new Step(new Identity(), List.of()));
    for (int i = 0; i < last.size() - 1; i++) x = node.move(last.get(i).op(), last.get(i).with(x));
    var end = last.getLast();
    node.emitMoved(end.op(), end.with(x));
  }

  /// An operator and its inputs behind the first.
  private record Step(Op op, List<Value> others) {
    Value[] with(Value x) {
      var all = new ArrayList<Value>();
      all.add(x);
      all.addAll(others);
      return all.toArray(Value[]::new);
    }
  }

  private static boolean bit(int mask, int at) {
    return (mask >> at & 1) != 0;
  }

  /// An ellipsis stands for as many whole axes as are left; new axes take no axis of the input.
  private static Plan plan(StridedSliceOptions options, int entries, int rank) {
    int ellipsis = options.ellipsisMask();
    int added = options.newAxisMask() & ~ellipsis;
    int cutsBehind = 0;
    for (int i = entries - 1; i >= 0 && !bit(ellipsis, i); i--) if (!bit(added, i)) cutsBehind++;
    var plan = new Plan(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    int axis = 0;
    long out = 0;
    for (int i = 0; i < entries; i++) {
      if (bit(ellipsis, i)) {
        int whole = Math.max(0, rank - cutsBehind - axis);
        axis += whole;
        out += whole;
      } else if (bit(added, i)) {
        plan.newAxes().add(out++);
      } else {
        if (axis >= rank) throw Unreadable.broken("it cuts more than %d axes".formatted(rank));
        boolean shrinks = bit(options.shrinkAxisMask(), i);
        if (shrinks) plan.shrunk().add((long) axis);
        else out++;
        plan.cuts()
            .add(new Cut(i, axis, bit(options.beginMask(), i), bit(options.endMask(), i), shrinks));
        axis++;
      }
    }
    return plan;
  }

  private static Step cut(TfliteNode node, StridedSliceOptions options, Plan plan, long[] steps) {
    var axes = new ArrayList<Long>();
    var by = new ArrayList<Long>();
    for (var cut : plan.cuts()) {
      long step = steps[cut.entry()];
      if (step == 0) throw Unreadable.broken("a stride is 0");
      axes.add((long) cut.axis());
      by.add(cut.shrinks() ? 1 : step);
    }
    var begins = begins(node, plan, steps);
    var ends = ends(node, options, plan, steps, begins);
    return new Step(
        new Slice(), List.of(begins, ends, node.builder().vector(axes), node.builder().vector(by)));
  }

  private static Value begins(TfliteNode node, Plan plan, long[] steps) {
    var known = node.known(1);
    var all = new ArrayList<Value>();
    var fixed = new ArrayList<Long>();
    for (var cut : plan.cuts()) {
      boolean open = cut.opensBegin();
      if (open) fixed.add(steps[cut.entry()] > 0 ? 0L : -1L);
      else if (known.isPresent()) fixed.add(known.get()[cut.entry()]);
      all.add(open ? node.vector(fixed.getLast()) : entry(node, 1, cut.entry()));
    }
    return fixed.size() == plan.cuts().size() ? node.builder().vector(fixed) : joined(node, all);
  }

  /// An axis that is dropped has one element, whatever its end says; with `offset` ends count from
  /// the begin.
  private static Value ends(
      TfliteNode node, StridedSliceOptions options, Plan plan, long[] steps, Value begins) {
    var known = node.known(2);
    var from = begins.constant().map(TensorData::longs);
    boolean needsBegin = options.offset() || plan.cuts().stream().anyMatch(Cut::shrinks);
    var fixed = new ArrayList<Long>();
    var all = new ArrayList<Value>();
    for (int i = 0; i < plan.cuts().size(); i++) {
      var cut = plan.cuts().get(i);
      boolean open = cut.opensEnd() && !cut.shrinks();
      if (open) {
        long end = steps[cut.entry()] > 0 ? LAST : BEFORE_FIRST;
        fixed.add(end);
        all.add(node.vector(end));
      } else if (cut.shrinks()) {
        if (from.isPresent()) fixed.add(next(from.get()[i]));
        all.add(next(node, entry(node, begins, i)));
      } else {
        if (known.isPresent() && (from.isPresent() || !needsBegin)) {
          long end = known.get()[cut.entry()];
          fixed.add(options.offset() ? behind(from.orElseThrow()[i], end) : end);
        }
        var end = entry(node, 2, cut.entry());
        all.add(
            options.offset()
                ? node.add(new Binary(Binary.Kind.ADD), entry(node, begins, i), end)
                : end);
      }
    }
    return fixed.size() == plan.cuts().size() ? node.builder().vector(fixed) : joined(node, all);
  }

  private static long next(long begin) {
    return behind(begin, 1);
  }

  /// The end of so many elements; a begin that counts from the end must not run into the front.
  private static long behind(long begin, long count) {
    return begin < 0 && begin + count >= 0 ? LAST : begin + count;
  }

  private static Value next(TfliteNode node, Value begin) {
    var sum = node.add(new Binary(Binary.Kind.ADD), begin, node.vector(1));
    var isLast = node.add(new Binary(Binary.Kind.EQUAL), begin, node.vector(-1));
    return node.add(new Select(), isLast, node.vector(LAST), sum);
  }

  private static Value entry(TfliteNode node, int input, int entry) {
    return entry(node, node.int64(node.in(input)), entry);
  }

  private static Value entry(TfliteNode node, Value vector, int entry) {
    return node.add(new Slice(), vector, node.vector(entry), node.vector(entry + 1L));
  }

  private static Value joined(TfliteNode node, List<Value> all) {
    return all.size() == 1 ? all.get(0) : node.builder().add(new Concat(0), all);
  }

  // ---- updates

  private static void dynamicUpdateSlice(TfliteNode node) {
    updateSlice(node, node.int64(node.in(2)));
  }

  /// Puts input 1 into input 0. Starts are moved so that the update lies inside; what is before,
  /// the update and what is behind are joined axis by axis.
  ///
  /// @param starts a vector of one start for each axis
  static void updateSlice(TfliteNode node, Value starts) {
    var dims = node.fixedDims(0);
    var sizes = node.fixedDims(1);
    var room = new long[dims.length];
    for (int i = 0; i < dims.length; i++) room[i] = dims[i] - sizes[i];
    var low = node.add(new Binary(Binary.Kind.MAX), starts, node.builder().scalar(0L));
    var clamped = node.add(new Binary(Binary.Kind.MIN), low, node.vector(room));
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < dims.length; i++) if (dims[i] != sizes[i]) axes.add(i);
    if (axes.isEmpty()) {
      node.emitMoved(new Identity(), node.in(1));
      return;
    }
    var slabs = new ArrayList<Value>();
    slabs.add(node.in(0));
    for (int axis : axes) {
      var start = entry(node, clamped, axis);
      var end = node.add(new Binary(Binary.Kind.ADD), start, node.vector(sizes[axis]));
      var slab = node.move(new Slice(), slabs.getLast(), start, end, node.vector(axis));
      slab.setType(slab.type().with(slab.shape().with(axis, watari.tensor.Dim.of(sizes[axis]))));
      slabs.add(slab);
    }
    var middle = node.in(1);
    for (int i = axes.size() - 1; i >= 0; i--) {
      middle = around(node, slabs.get(i), middle, axes.get(i), clamped, sizes[axes.get(i)], i == 0);
    }
  }

  private static Value around(
      TfliteNode node,
      Value whole,
      Value middle,
      int axis,
      Value starts,
      long size,
      boolean isLast) {
    var at = node.vector(axis);
    var start = entry(node, starts, axis);
    var end = node.add(new Binary(Binary.Kind.ADD), start, node.vector(size));
    var before = node.move(new Slice(), whole, node.vector(0), start, at);
    var behind = node.move(new Slice(), whole, end, node.vector(LAST), at);
    var parts = List.of(before, middle, behind);
    if (!isLast) {
      var joined = node.builder().add(new Concat(axis), parts);
      joined.setType(whole.type());
      return joined;
    }
    node.emitMoved(List.of(0), new Concat(axis), parts);
    var made = node.scope().value(node.outputTensor(0));
    made.setType(made.type().with(whole.shape()));
    return made;
  }
}
