package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ShapeOp.Slice;
import watari.op.Shapes;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Parts of a tensor by positions along its axes.
final class TensorflowReadSliceOps {
  private static final long LAST = Integer.MAX_VALUE;
  private static final long BEFORE_FIRST = Integer.MIN_VALUE;

  private TensorflowReadSliceOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Reverse", TensorflowReadSliceOps::reverse)
        .on("ReverseV2", n -> reversed(n, n.integers(1, "its axes")))
        .on("Roll", TensorflowReadSliceOps::roll)
        .on("Slice", TensorflowReadSliceOps::slice)
        .on("StridedSlice", TensorflowReadSliceOps::stridedSlice);
  }

  /// A size of -1 means up to the end.
  private static void slice(TensorflowReadNode n) {
    var begin = n.known(1);
    var size = n.known(2);
    Value ends;
    if (begin.isPresent() && size.isPresent()) {
      var known = new long[begin.get().length];
      if (size.get().length != known.length) throw TensorflowRefusal.broken("it has too few sizes");
      for (int i = 0; i < known.length; i++) {
        known[i] = size.get()[i] < 0 ? LAST : begin.get()[i] + size.get()[i];
      }
      ends = n.formula().vector(known);
    } else {
      ends = computedEnds(n);
    }
    n.give(new Slice(), n.in(0), n.integers64(1), ends);
  }

  private static Value computedEnds(TensorflowReadNode n) {
    var f = n.formula();
    var size = n.integers64(2);
    var sum = f.add(n.integers64(1), size);
    boolean allGiven = n.known(2).filter(s -> Arrays.stream(s).allMatch(x -> x >= 0)).isPresent();
    if (allGiven) return sum;
    var isOpen = f.binary(Binary.Kind.LESS, size, f.scalar(size, 0));
    return f.select(isOpen, f.scalar(size, LAST), sum);
  }

  // ---- other orders

  private static void reverse(TensorflowReadNode n) {
    var flags = n.constant(1, "which axes it reverses");
    var axes = new ArrayList<Long>();
    for (int i = 0; i < flags.size(); i++) if (flags.longAt(i) != 0) axes.add((long) i);
    reversed(n, axes.stream().mapToLong(Long::longValue).toArray());
  }

  /// A reversed axis runs from its last element to its first.
  private static void reversed(TensorflowReadNode n, long[] given) {
    int rank = n.rank(0);
    var axes = Arrays.stream(given).map(a -> Shapes.axis(a, rank)).distinct().toArray();
    if (axes.length == 0) {
      n.give(0, n.in(0));
      return;
    }
    var starts = new long[axes.length];
    var ends = new long[axes.length];
    Arrays.fill(starts, -1);
    Arrays.fill(ends, BEFORE_FIRST);
    var f = n.formula();
    n.give(
        new Slice(), n.in(0), f.vector(starts), f.vector(ends), f.vector(axes), f.vector(starts));
  }

  /// Each element moves so far behind; what leaves the end comes in at the begin.
  private static void roll(TensorflowReadNode n) {
    int rank = n.rank(0);
    var shifts = n.integers(1, "how far it moves");
    var axes = n.integers(2, "its axes");
    if (shifts.length != axes.length) throw TensorflowRefusal.broken("it has too few axes");
    var f = n.formula();
    var x = n.in(0);
    for (int i = 0; i < axes.length; i++) {
      int axis = Shapes.axis(axes[i], rank);
      var dim = n.shape(0).dim(axis);
      if (!dim.isFixed()) throw TensorflowReadNode.computed("dim " + axis);
      long cut = dim.fixed() == 0 ? 0 : Math.floorMod(-shifts[i], dim.fixed());
      if (cut == 0) continue;
      x = f.concat(axis, f.slice(x, axis, cut, LAST), f.slice(x, axis, 0, cut));
    }
    n.give(0, x);
  }

  // ---- strided slices

  /// How one entry of a strided slice's vectors applies.
  private record Cut(int entry, int axis, boolean opensBegin, boolean opensEnd, boolean shrinks) {}

  /// The entries: cuts of axes of the input, and places of new axes in the sliced tensor.
  private record Plan(List<Cut> cuts, List<Long> newAxes, List<Long> shrunk) {}

  private static void stridedSlice(TensorflowReadNode n) {
    if (!n.shape(1).isFixed()) throw TensorflowReadNode.computed("the number of its cuts");
    var plan = plan(n, Math.toIntExact(n.shape(1).dim(0).fixed()), n.rank(0));
    var steps = n.integers(3, "its strides");
    var f = n.formula();
    var x = n.in(0);
    if (!plan.cuts().isEmpty()) x = cut(n, plan, steps);
    if (!plan.shrunk().isEmpty()) x = f.squeeze(x, array(plan.shrunk()));
    if (!plan.newAxes().isEmpty()) x = f.unsqueeze(x, array(plan.newAxes()));
    n.give(0, x);
  }

  private static long[] array(List<Long> all) {
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  private static boolean bit(int mask, int at) {
    return (mask >> at & 1) != 0;
  }

  /// An ellipsis stands for as many whole axes as are left; new axes take no axis of the input.
  private static Plan plan(TensorflowReadNode n, int entries, int rank) {
    int ellipsis = n.integer("ellipsis_mask", 0);
    int added = n.integer("new_axis_mask", 0) & ~ellipsis;
    int shrinkMask = n.integer("shrink_axis_mask", 0);
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
        if (axis >= rank) {
          throw TensorflowRefusal.broken("it cuts more than %d axes".formatted(rank));
        }
        boolean shrinks = bit(shrinkMask, i);
        if (shrinks) plan.shrunk().add((long) axis);
        else out++;
        boolean opensBegin = bit(n.integer("begin_mask", 0), i) && !shrinks;
        boolean opensEnd = bit(n.integer("end_mask", 0), i) && !shrinks;
        plan.cuts().add(new Cut(i, axis++, opensBegin, opensEnd, shrinks));
      }
    }
    return plan;
  }

  private static Value cut(TensorflowReadNode n, Plan plan, long[] steps) {
    var axes = new ArrayList<Long>();
    var by = new ArrayList<Long>();
    boolean cutsNothing = true;
    for (var cut : plan.cuts()) {
      long step = steps[cut.entry()];
      if (step == 0) throw TensorflowRefusal.broken("a stride is 0");
      axes.add((long) cut.axis());
      by.add(cut.shrinks() ? 1 : step);
      cutsNothing &= cut.opensBegin() && cut.opensEnd() && step == 1;
    }
    if (cutsNothing) return n.in(0);
    var begins = begins(n, plan, steps);
    var ends = ends(n, plan, steps, begins);
    var f = n.formula();
    return f.op(new Slice(), n.in(0), begins, ends, f.vector(array(axes)), f.vector(array(by)));
  }

  private static Value begins(TensorflowReadNode n, Plan plan, long[] steps) {
    var known = n.known(1);
    var all = new ArrayList<Value>();
    var fixed = new ArrayList<Long>();
    for (var cut : plan.cuts()) {
      boolean open = cut.opensBegin();
      if (open) fixed.add(steps[cut.entry()] > 0 ? 0L : -1L);
      else if (known.isPresent()) fixed.add(known.get()[cut.entry()]);
      all.add(open ? n.formula().vector(fixed.getLast()) : entry(n, n.integers64(1), cut.entry()));
    }
    return fixed.size() == plan.cuts().size() ? n.builder().vector(fixed) : joined(n, all);
  }

  /// An axis that is dropped has one element, whatever its end says.
  private static Value ends(TensorflowReadNode n, Plan plan, long[] steps, Value begins) {
    var known = n.known(2);
    var from = begins.constant().map(TensorData::longs);
    var fixed = new ArrayList<Long>();
    var all = new ArrayList<Value>();
    for (int i = 0; i < plan.cuts().size(); i++) {
      var cut = plan.cuts().get(i);
      if (cut.opensEnd()) {
        long end = steps[cut.entry()] > 0 ? LAST : BEFORE_FIRST;
        fixed.add(end);
        all.add(n.formula().vector(end));
      } else if (cut.shrinks()) {
        if (from.isPresent()) fixed.add(from.get()[i] == -1 ? LAST : from.get()[i] + 1);
        all.add(next(n, entry(n, begins, i)));
      } else {
        if (known.isPresent()) fixed.add(known.get()[cut.entry()]);
        all.add(entry(n, n.integers64(2), cut.entry()));
      }
    }
    return fixed.size() == plan.cuts().size() ? n.builder().vector(fixed) : joined(n, all);
  }

  private static Value next(TensorflowReadNode n, Value begin) {
    var f = n.formula();
    var sum = f.add(begin, 1);
    var isLast = f.binary(Binary.Kind.EQUAL, begin, f.scalar(begin, -1));
    return f.op(new Select(), isLast, f.scalar(begin, LAST), sum);
  }

  private static Value entry(TensorflowReadNode n, Value vector, int entry) {
    var whole = n.formula().cast(vector, DataType.INT64);
    return n.formula().slice(whole, 0, entry, entry + 1L);
  }

  private static Value joined(TensorflowReadNode n, List<Value> all) {
    return n.formula().concat(0, all);
  }
}
