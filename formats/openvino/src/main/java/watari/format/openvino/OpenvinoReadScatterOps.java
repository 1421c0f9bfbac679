package watari.format.openvino;

import static watari.op.BinaryOp.Binary.Kind.ADD;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Slice;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Operators that put elements at indices.
final class OpenvinoReadScatterOps {
  private OpenvinoReadScatterOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("ScatterUpdate", 3, OpenvinoReadScatterOps::scatterUpdate)
        .on("ScatterElementsUpdate", 3, OpenvinoReadScatterOps::scatterElements)
        .on("ScatterNDUpdate", 3, OpenvinoReadScatterOps::scatterNd)
        .on("SegmentMax", 16, OpenvinoReadScatterOps::segmentMax);
  }

  /// Slices of `updates` put at indices of an axis.
  private static void scatterUpdate(OpenvinoReadNode n) {
    var f = n.formula();
    int axis = n.axisInput(3);
    var indices = n.in(1);
    int count = n.rank(1);
    if (axis == 0) {
      n.give(new ScatterNd(Reduction.REPLACE), n.in(0), f.unsqueeze(indices, count), n.in(2));
      return;
    }
    var shape = f.shapeOf(n.in(2));
    var before = f.slice(shape, 0, 0, axis);
    var behind = f.slice(shape, 0, axis + (long) count, Long.MAX_VALUE);
    var updates = f.reshape(n.in(2), f.concat(0, List.of(before, f.vector(-1), behind)));
    int rank = n.rank(0);
    var placed = new long[rank];
    Arrays.fill(placed, 1);
    placed[axis] = -1;
    var spread = f.op(new Expand(), f.reshape(indices, placed), f.shapeOf(updates));
    n.give(new ScatterElements(axis, Reduction.REPLACE), n.in(0), spread, updates);
  }

  // ---- by elements

  private static void scatterElements(OpenvinoReadNode n) {
    int axis = n.axisInput(3);
    boolean usesInitial = n.flag("use_init_val", true);
    var name = n.text("reduction", "none").toLowerCase(Locale.ROOT);
    if (name.equals("mean")) {
      n.give(0, mean(n, axis, usesInitial));
      return;
    }
    var reduction = reduction(n, name);
    var x = n.in(0);
    if (!usesInitial && reduction != Reduction.REPLACE) {
      x = cleared(n, x, axis, neutral(reduction, x.dtype()));
    }
    n.give(new ScatterElements(axis, reduction), x, n.in(1), n.in(2));
  }

  /// The same elements, but a number where updates come. They are counted: what several put to one
  /// place is not defined, even where they put the same.
  private static Value cleared(OpenvinoReadNode n, Value x, int axis, double number) {
    var f = n.formula();
    var counts = counts(n, x, axis, 0);
    var isHit = f.binary(Binary.Kind.GREATER, counts, f.scalar(counts, 0));
    return f.select(isHit, f.scalar(x, number), x);
  }

  /// How many updates come to each place, and `start` more.
  private static Value counts(OpenvinoReadNode n, Value x, int axis, int start) {
    var f = n.formula();
    var starts = f.op(new Expand(), f.scalar(x, start), f.shapeOf(x));
    var ones = f.op(new Expand(), f.scalar(x, 1), f.shapeOf(n.in(1)));
    return f.op(new ScatterElements(axis, Reduction.ADD), starts, n.in(1), ones);
  }

  private static double neutral(Reduction reduction, DataType dtype) {
    return switch (reduction) {
      case REPLACE, ADD -> 0;
      case MUL -> 1;
      case MIN -> dtype.isFloat() ? Double.POSITIVE_INFINITY : dtype.max();
      case MAX -> dtype.isFloat() ? Double.NEGATIVE_INFINITY : dtype.min();
    };
  }

  /// The sum of what comes to a place, over how much comes.
  private static Value mean(OpenvinoReadNode n, int axis, boolean usesInitial) {
    var f = n.formula();
    var x = n.in(0);
    var start = usesInitial ? x : cleared(n, x, axis, 0);
    var sums = f.op(new ScatterElements(axis, Reduction.ADD), start, n.in(1), n.in(2));
    var counts = counts(n, x, axis, usesInitial ? 1 : 0);
    var kind = x.dtype().isInteger() ? Binary.Kind.FLOOR_DIV : Binary.Kind.DIV;
    return f.binary(kind, sums, f.max(counts, 1));
  }

  // ---- by tuples

  private static void scatterNd(OpenvinoReadNode n) {
    var name = n.text("reduction", "none").toLowerCase(Locale.ROOT);
    var f = n.formula();
    var indices = indices(n, f);
    boolean subtracts = name.equals("sub");
    var updates = subtracts ? f.neg(n.in(2)) : n.in(2);
    var reduction = subtracts ? Reduction.ADD : reduction(n, name);
    n.give(new ScatterNd(reduction), n.in(0), indices, updates);
  }

  /// Indices of a scalar are a vector of one.
  private static Value indices(OpenvinoReadNode n, Formula f) {
    return n.rank(1) == 0 ? f.reshape(n.in(1), 1) : n.in(1);
  }

  // ---- by segments

  /// The largest of the rows of each segment; ids are sorted. A segment without rows has zeros or
  /// the lowest number; segments from `num_segments` on are left out.
  private static void segmentMax(OpenvinoReadNode n) {
    var f = n.formula();
    var rows = n.in(0);
    var ids = n.integers64(1);
    var present = f.op(new Binary(ADD), f.slice(ids, 0, -1, Long.MAX_VALUE), f.vector(1));
    boolean isCounted = n.has(2);
    var count = isCounted ? f.reshape(n.integers64(2), 1) : present;
    var all = isCounted ? f.max(present, count) : present;
    var shape = f.concat(0, all, f.shape(rows, 1, n.rank(0)));
    var places = f.unsqueeze(ids, 1);
    var lowest = f.scalar(rows, lowest(rows.dtype()));
    var start = f.expand(lowest, shape);
    if (hasZeros(n)) {
      var zeros = f.expand(f.scalar(rows, 0), shape);
      var begun = f.expand(lowest, f.shapeOf(rows));
      start = f.op(new ScatterNd(Reduction.REPLACE), zeros, places, begun);
    }
    var largest = f.op(new ScatterNd(Reduction.MAX), start, places, rows);
    n.give(0, isCounted ? f.op(new Slice(), largest, f.vector(0), count, f.vector(0)) : largest);
  }

  private static boolean hasZeros(OpenvinoReadNode n) {
    return switch (n.text("fill_mode").toUpperCase(Locale.ROOT)) {
      case "ZERO" -> true;
      case "LOWEST" -> false;
      default -> throw n.unknown("fill_mode", "ZERO or LOWEST");
    };
  }

  private static double lowest(DataType dtype) {
    return switch (dtype) {
      case FLOAT16 -> -65504;
      case BFLOAT16 -> -0x1.FEp127;
      case FLOAT64 -> -Double.MAX_VALUE;
      default -> dtype.isFloat() ? -Float.MAX_VALUE : dtype.min();
    };
  }

  private static Reduction reduction(OpenvinoReadNode n, String name) {
    return switch (name) {
      case "none" -> Reduction.REPLACE;
      case "sum" -> Reduction.ADD;
      case "prod" -> Reduction.MUL;
      case "min" -> Reduction.MIN;
      case "max" -> Reduction.MAX;
      default -> throw n.unknown("reduction", "none, sum, prod, min, max or mean");
    };
  }
}
