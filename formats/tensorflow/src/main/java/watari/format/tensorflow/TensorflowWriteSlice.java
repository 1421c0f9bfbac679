package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Trilu;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that cut elements out, or put some around.
final class TensorflowWriteSlice {
  /// Of StridedSlice and Pad.
  private static final int MOST_AXES = 8;

  private TensorflowWriteSlice() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Slice.class, TensorflowWriteSlice::slice)
        .on(Split.class, TensorflowWriteSlice::split)
        .on(Pad.class, TensorflowWriteSlice::pad)
        .on(Trilu.class, TensorflowWriteSlice::trilu);
  }

  private static int rank(Node node) {
    var shape = node.input(0).shape();
    if (!shape.isRanked()) throw TensorflowRefusal.dynamic("the rank of its input is not known");
    if (shape.rank() > MOST_AXES) {
      throw TensorflowRefusal.unsupported(
          "its input has %d axes, TensorFlow takes %d".formatted(shape.rank(), MOST_AXES),
          "end the model before this node with --outputs");
    }
    return shape.rank();
  }

  // ---- slices

  private static void slice(Slice op, Node node, TensorflowScope out) {
    int rank = rank(node);
    var axes = sliced(node, rank);
    var steps = new long[rank];
    Arrays.fill(steps, 1);
    if (out.has(node, 4)) {
      var given = constant(node, 4, "its steps are computed");
      for (int i = 0; i < axes.length; i++) steps[axes[i]] = given[i];
    }
    long mask = 0;
    for (int axis = 0; axis < rank; axis++) {
      int at = axis;
      if (IntStream.of(axes).noneMatch(a -> a == at)) mask |= 1L << axis;
    }
    long untouched = mask;
    out.give(
        node,
        out.op(
            "StridedSlice",
            step -> step.set("begin_mask", untouched).set("end_mask", untouched),
            out.in(node, 0),
            edges(node, 1, axes, rank, out),
            edges(node, 2, axes, rank, out),
            out.constant(TensorData.ofLongs(DataType.INT64, Shape.of(rank), steps))));
  }

  private static int[] sliced(Node node, int rank) {
    if (!node.input(3).isPresent()) {
      var count = node.input(1).shape();
      if (!count.isFixed()) throw TensorflowRefusal.dynamic("how many axes it cuts is not known");
      return IntStream.range(0, Math.toIntExact(count.elements().fixed())).toArray();
    }
    return Arrays.stream(constant(node, 3, "its axes are computed"))
        .mapToInt(axis -> Math.toIntExact(Math.floorMod(axis, (long) rank)))
        .toArray();
  }

  private static long[] constant(Node node, int i, String why) {
    return node.input(i).constant().orElseThrow(() -> TensorflowRefusal.dynamic(why)).longs();
  }

  /// An edge for each axis, as int64.
  private static Port edges(Node node, int i, int[] axes, int rank, TensorflowScope out) {
    var known = node.input(i).constant();
    if (known.isPresent()) {
      var given = known.get().longs();
      var all = new long[rank];
      for (int k = 0; k < axes.length; k++) all[axes[k]] = limited(given[k]);
      return out.constant(TensorData.ofLongs(DataType.INT64, Shape.of(rank), all));
    }
    var given = out.cast(out.in(node, i), DataType.INT64);
    if (!node.input(i).shape().hasRank(1)) given = out.op("Reshape", given, out.ints(-1));
    var parts = new ArrayList<Port>();
    for (int axis = 0; axis < rank; axis++) {
      int at = indexOf(axes, axis);
      parts.add(
          at < 0
              ? out.constant(TensorData.ofLongs(DataType.INT64, Shape.of(1), 0))
              : out.op("Slice", given, out.ints(at), out.ints(1)));
    }
    return TensorflowWriteShape.concat(parts, 0, out);
  }

  private static int indexOf(int[] axes, int axis) {
    for (int i = axes.length - 1; i >= 0; i--) if (axes[i] == axis) return i;
    return -1;
  }

  /// Far beyond any dim, and nowhere near where sums overflow.
  private static long limited(long edge) {
    return Math.clamp(edge, -(1L << 40), 1L << 40);
  }

  // ---- parts

  private static void split(Split op, Node node, TensorflowScope out) {
    int count = node.outputs().size();
    var x = out.in(node, 0);
    var shape = node.input(0).shape();
    int rank = shape.isRanked() ? shape.rank() : 0;
    var sizes = sizes(op, node, rank, out);
    var step =
        out.bare("SplitV", x, sizes, out.index(op.axis()))
            .set("T", x.type())
            .set("Tlen", sizes.type())
            .set("num_split", (long) count);
    for (int i = 0; i < count; i++) out.give(node, i, step.part(i, x.dtype()));
  }

  private static Port sizes(Split op, Node node, int rank, TensorflowScope out) {
    if (node.input(1).isPresent()) return out.in(node, 1);
    if (rank == 0) throw TensorflowRefusal.dynamic("the rank of its input is not known");
    var sizes = new long[node.outputs().size()];
    int axis = Math.floorMod(op.axis(), rank);
    var dim = node.input(0).shape().dim(axis);
    if (!dim.isFixed()) throw TensorflowRefusal.dynamic("the dim that it splits is not known");
    long part = Math.ceilDiv(dim.fixed(), sizes.length);
    Arrays.fill(sizes, part);
    sizes[sizes.length - 1] = dim.fixed() - part * (sizes.length - 1);
    return out.ints(sizes);
  }

  // ---- pads

  private static void pad(Pad op, Node node, TensorflowScope out) {
    int rank = rank(node);
    var known = pads(node, rank);
    if (known.isEmpty()) {
      computed(op, node, rank, out);
      return;
    }
    var pads = known.get();
    boolean isCropped = Arrays.stream(pads).anyMatch(p -> p < 0);
    if (op.mode() == Pad.Mode.CONSTANT) {
      var x = isCropped ? cropped(node, pads, out) : out.in(node, 0);
      out.give(node, padded(x, positive(pads), value(node, out), out));
      return;
    }
    if (!isCropped && isMirrored(op.mode(), node.input(0).shape(), pads)) {
      var mode = op.mode().name();
      out.give(
          node, out.op("MirrorPad", s -> s.set("mode", mode), out.in(node, 0), table(pads, out)));
      return;
    }
    var x = out.in(node, 0);
    for (int axis = 0; axis < rank; axis++) x = gathered(op.mode(), node, x, pads, axis, out);
    out.give(node, x == out.in(node, 0) ? out.op("Identity", x) : x);
  }

  /// Begin and end of each axis; empty where they are computed.
  private static Optional<long[]> pads(Node node, int rank) {
    var given = node.input(1).constant();
    boolean areAxesKnown = !node.input(3).isPresent() || node.input(3).isConstant();
    if (given.isEmpty() || !areAxesKnown) return Optional.empty();
    var axes =
        node.input(3)
            .constant()
            .map(TensorData::longs)
            .orElse(IntStream.range(0, rank).asLongStream().toArray());
    var all = new long[2 * rank];
    for (int i = 0; i < axes.length; i++) {
      int axis = Math.toIntExact(Math.floorMod(axes[i], (long) rank));
      all[2 * axis] = given.get().longAt(i);
      all[2 * axis + 1] = given.get().longAt(i + axes.length);
    }
    return Optional.of(all);
  }

  private static Port table(long[] pads, TensorflowScope out) {
    var shape = Shape.of(pads.length / 2, 2);
    return out.constant(TensorData.ofLongs(DataType.INT64, shape, pads));
  }

  private static long[] positive(long[] pads) {
    return Arrays.stream(pads).map(p -> Math.max(p, 0)).toArray();
  }

  private static Optional<Port> value(Node node, TensorflowScope out) {
    if (!out.has(node, 2)) return Optional.empty();
    if (node.input(2).constant().filter(data -> data.isAll(0)).isPresent()) return Optional.empty();
    return Optional.of(TensorflowWriteReduce.scalar(node, 2, out));
  }

  static Port padded(Port x, long[] pads, Optional<Port> value, TensorflowScope out) {
    var table = table(pads, out);
    return value.map(v -> out.op("PadV2", x, table, v)).orElseGet(() -> out.op("Pad", x, table));
  }

  private static Port cropped(Node node, long[] pads, TensorflowScope out) {
    int rank = pads.length / 2;
    var begins = new long[rank];
    var ends = new long[rank];
    var steps = new long[rank];
    Arrays.fill(steps, 1);
    long whole = 0;
    for (int i = 0; i < rank; i++) {
      begins[i] = Math.max(0, -pads[2 * i]);
      ends[i] = Math.min(0, pads[2 * i + 1]);
      if (ends[i] == 0) whole |= 1L << i;
    }
    long mask = whole;
    return out.op(
        "StridedSlice",
        step -> step.set("end_mask", mask),
        out.in(node, 0),
        out.ints(begins),
        out.ints(ends),
        out.ints(steps));
  }

  private static boolean isMirrored(Pad.Mode mode, Shape x, long[] pads) {
    if (mode != Pad.Mode.REFLECT && mode != Pad.Mode.SYMMETRIC) return false;
    for (int i = 0; i < x.rank(); i++) {
      long most = Math.max(pads[2 * i], pads[2 * i + 1]);
      if (most == 0) continue;
      if (!x.dim(i).isFixed()) return false;
      if (most > x.dim(i).fixed() - (mode == Pad.Mode.REFLECT ? 1 : 0)) return false;
    }
    return true;
  }

  /// Elements of an axis by their places in the input.
  private static Port gathered(
      Pad.Mode mode, Node node, Port x, long[] pads, int axis, TensorflowScope out) {
    if (pads[2 * axis] == 0 && pads[2 * axis + 1] == 0) return x;
    var dim = node.input(0).shape().dim(axis);
    if (!dim.isFixed() || dim.is(0)) {
      throw TensorflowRefusal.dynamic("the dim that it pads is not known");
    }
    long size = dim.fixed();
    int count = Math.toIntExact(size + pads[2 * axis] + pads[2 * axis + 1]);
    var places = new long[count];
    for (int i = 0; i < count; i++) places[i] = place(mode, i - pads[2 * axis], size);
    return out.op("GatherV2", x, out.ints(places), out.index(axis));
  }

  private static long place(Pad.Mode mode, long at, long size) {
    return switch (mode) {
      case EDGE, CONSTANT -> Math.clamp(at, 0, size - 1);
      case WRAP -> Math.floorMod(at, size);
      case SYMMETRIC -> {
        long turn = Math.floorMod(at, 2 * size);
        yield turn < size ? turn : 2 * size - 1 - turn;
      }
      case REFLECT -> {
        if (size == 1) yield 0;
        long turn = Math.floorMod(at, 2 * (size - 1));
        yield turn < size ? turn : 2 * (size - 1) - turn;
      }
    };
  }

  /// Pads that are known when it runs; TensorFlow refuses negative ones then.
  private static void computed(Pad op, Node node, int rank, TensorflowScope out) {
    if (op.mode() != Pad.Mode.CONSTANT || node.input(3).isPresent()) {
      throw TensorflowRefusal.dynamic("its pads are computed");
    }
    var halves = out.op("Reshape", out.in(node, 1), out.ints(2, rank));
    var table = out.op("Transpose", halves, out.ints(1, 0));
    var wide = out.cast(table, DataType.INT64);
    var value = value(node, out);
    out.give(
        node,
        value.isPresent()
            ? out.op("PadV2", out.in(node, 0), wide, value.get())
            : out.op("Pad", out.in(node, 0), wide));
  }

  // ---- triangles

  private static void trilu(Trilu op, Node node, TensorflowScope out) {
    var x = node.input(0).shape();
    if (!x.isRanked() || !x.slice(x.rank() - 2, x.rank()).isFixed()) {
      throw TensorflowRefusal.dynamic("the matrix' dims are not fixed");
    }
    long rows = x.dim(-2).fixed();
    long columns = x.dim(-1).fixed();
    var diagonals = new long[Math.toIntExact(rows * columns)];
    for (int i = 0; i < diagonals.length; i++) diagonals[i] = i % columns - i / columns;
    var places = out.constant(TensorData.ofLongs(Shape.of(rows, columns), diagonals));
    var k =
        out.has(node, 1)
            ? out.cast(TensorflowWriteReduce.scalar(node, 1, out), DataType.INT64)
            : out.constant(TensorData.scalar(0L));
    var kept = out.op(op.upper() ? "GreaterEqual" : "LessEqual", places, k);
    var zero = out.op("ZerosLike", out.in(node, 0));
    out.give(node, out.op("SelectV2", kept, out.in(node, 0), zero));
  }
}
