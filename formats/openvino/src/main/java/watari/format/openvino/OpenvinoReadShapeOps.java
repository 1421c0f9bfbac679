package watari.format.openvino;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.Shapes;
import watari.tensor.DataType;

/// Operators that move, repeat or drop elements, and those that speak of shapes.
final class OpenvinoReadShapeOps {
  private OpenvinoReadShapeOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Reshape", OpenvinoReadShapeOps::reshape)
        .on("Squeeze", OpenvinoReadShapeOps::squeeze)
        .on("Unsqueeze", OpenvinoReadShapeOps::unsqueeze)
        .on("Transpose", OpenvinoReadShapeOps::transpose)
        .on("Concat", n -> n.give(new Concat(n.integer("axis")), n.inputs()))
        .on("Split", OpenvinoReadShapeOps::split)
        .on("VariadicSplit", OpenvinoReadShapeOps::variadicSplit)
        .on("ShapeOf", n -> n.give(new ShapeOf(DataType.INT64), n.in(0)))
        .on("ShapeOf", 3, OpenvinoReadShapeOps::shapeOf)
        .on("Tile", OpenvinoReadShapeOps::tile)
        .on("Broadcast", OpenvinoReadShapeOps::broadcast)
        .on("Pad", OpenvinoReadShapeOps::pad)
        .on("Range", n -> range(n, n.dtype(0)))
        .on("Range", 4, n -> range(n, n.element("output_type", DataType.FLOAT32)))
        .on("Reverse", OpenvinoReadShapeOps::reverse)
        .on("ReverseSequence", OpenvinoReadShapeOps::reverseSequence)
        .on("Roll", OpenvinoReadShapeOps::roll);
  }

  private static void reshape(OpenvinoReadNode n) {
    n.give(new Reshape(!n.flag("special_zero", true)), n.in(0), n.integers64(1));
  }

  /// Without axes all dims of 1 go. With `allow_axis_skip` the axes of other dims stay.
  private static void squeeze(OpenvinoReadNode n) {
    boolean isAll = !n.has(1) || n.constant(1).filter(axes -> axes.size() == 0).isPresent();
    if (isAll) {
      n.give(new Squeeze(), n.in(0));
      return;
    }
    boolean skips = n.flag("allow_axis_skip", false);
    var known = n.known(1);
    var shape = n.shape(0);
    if (!skips || known.isEmpty() || !shape.isFixed()) {
      n.give(new Squeeze(), n.in(0), n.axes(1));
      return;
    }
    var axes =
        Shapes.axes(known.get(), shape.rank()).stream().filter(i -> shape.dim(i).is(1)).toList();
    n.give(new Squeeze(), n.in(0), n.builder().vector(axes));
  }

  private static void unsqueeze(OpenvinoReadNode n) {
    n.give(new Unsqueeze(), n.in(0), n.axes(1));
  }

  private static void transpose(OpenvinoReadNode n) {
    var order = n.integers(1, "its order");
    var perm = new ArrayList<Integer>();
    for (long axis : order) perm.add(n.axis(axis, order.length));
    if (order.length == 0) for (int i = n.rank(0) - 1; i >= 0; i--) perm.add(i);
    n.give(new Transpose(perm), n.in(0));
  }

  private static void split(OpenvinoReadNode n) {
    int count = n.integer("num_splits");
    if (count != n.outputCount()) {
      throw OpenvinoRefusal.broken(
          "attribute 'num_splits' is '%d', but it has %d outputs"
              .formatted(count, n.outputCount()));
    }
    n.give(new Split(n.axisInput(1)), n.in(0));
  }

  /// A length of -1 stands for what remains.
  private static void variadicSplit(OpenvinoReadNode n) {
    int axis = n.axisInput(1);
    var known = n.known(2);
    if (known.isEmpty()) {
      n.give(new Split(axis), n.in(0), n.integers64(2));
      return;
    }
    var lengths = known.get();
    int open =
        IntStream.range(0, lengths.length).filter(i -> lengths[i] == -1).findFirst().orElse(-1);
    if (open < 0) {
      n.give(new Split(axis), n.in(0), n.formula().vector(lengths));
      return;
    }
    long others = 0;
    for (long length : lengths) if (length >= 0) others += length;
    var dim = n.shape(0).isRanked() ? n.shape(0).dim(axis).value() : OptionalLong.empty();
    if (dim.isPresent()) {
      lengths[open] = dim.getAsLong() - others;
      n.give(new Split(axis), n.in(0), n.formula().vector(lengths));
      return;
    }
    var f = n.formula();
    var parts = new ArrayList<Value>();
    for (long length : lengths) parts.add(f.vector(length));
    parts.set(open, f.sub(f.dim(n.in(0), axis), f.vector(others)));
    n.give(new Split(axis), n.in(0), f.concat(0, parts));
  }

  private static void shapeOf(OpenvinoReadNode n) {
    n.give(new ShapeOf(n.element("output_type", DataType.INT64)), n.in(0));
  }

  /// Repeats may be fewer or more than there are axes; they belong to the last ones.
  private static void tile(OpenvinoReadNode n) {
    var f = n.formula();
    var x = n.in(0);
    var repeats = n.integers64(1);
    int rank = n.rank(0);
    int given = n.length(repeats, "its repeats");
    if (given > rank) {
      x = f.unsqueeze(x, IntStream.range(0, given - rank).asLongStream().toArray());
    } else if (given < rank) {
      var ones = new long[rank - given];
      Arrays.fill(ones, 1);
      repeats = f.concat(0, List.of(f.vector(ones), repeats));
    }
    n.give(new Tile(), x, repeats);
  }

  private static void broadcast(OpenvinoReadNode n) {
    var mode = n.text("mode", "numpy").toLowerCase(Locale.ROOT);
    var shape = n.integers64(1);
    switch (mode) {
      case "numpy", "bidirectional", "none" -> n.give(new Expand(), n.in(0), shape);
      case "explicit" -> {
        int rank = n.length(shape, "its target shape");
        var taken = new ArrayList<Integer>();
        for (long axis : n.integers(2, "its axes")) taken.add(n.axis(axis, rank));
        var free = IntStream.range(0, rank).filter(i -> !taken.contains(i)).asLongStream();
        n.give(new Expand(), n.formula().unsqueeze(n.in(0), free.toArray()), shape);
      }
      default -> throw n.unknown("mode", "numpy, explicit or bidirectional");
    }
  }

  private static void pad(OpenvinoReadNode n) {
    var mode =
        switch (n.text("pad_mode").toLowerCase(Locale.ROOT)) {
          case "constant" -> Pad.Mode.CONSTANT;
          case "edge" -> Pad.Mode.EDGE;
          case "reflect" -> Pad.Mode.REFLECT;
          case "symmetric" -> Pad.Mode.SYMMETRIC;
          default -> throw n.unknown("pad_mode", "constant, edge, reflect or symmetric");
        };
    var f = n.formula();
    var begins = n.known(1);
    var ends = n.known(2);
    var pads =
        begins.isPresent() && ends.isPresent()
            ? f.vector(
                LongStream.concat(Arrays.stream(begins.get()), Arrays.stream(ends.get())).toArray())
            : f.concat(0, List.of(n.integers64(1), n.integers64(2)));
    boolean hasValue = n.has(3) && mode == Pad.Mode.CONSTANT;
    if (hasValue) n.give(new Pad(mode), n.in(0), pads, n.scalarInput(3, n.dtype(0)));
    else n.give(new Pad(mode), n.in(0), pads);
  }

  private static void range(OpenvinoReadNode n, DataType dtype) {
    n.give(new Range(), n.scalarInput(0, dtype), n.scalarInput(1, dtype), n.scalarInput(2, dtype));
  }

  private static void reverse(OpenvinoReadNode n) {
    var f = n.formula();
    int rank = n.rank(0);
    var axes = new ArrayList<Integer>();
    var given = n.integers(1, "its axes");
    boolean isMask = n.text("mode", "index").equals("mask");
    for (int i = 0; i < given.length; i++) {
      if (!isMask) axes.add(n.axis(given[i], rank));
      else if (given[i] != 0) axes.add(i);
    }
    var x = n.in(0);
    for (int axis : axes) x = f.reversed(x, axis);
    n.give(0, x);
  }

  private static void reverseSequence(OpenvinoReadNode n) {
    int rank = n.rank(0);
    var op =
        new ReverseSequence(
            n.axis(n.integer("batch_axis", 0), rank), n.axis(n.integer("seq_axis", 1), rank));
    n.give(op, n.in(0), n.integers64(1));
  }

  /// Elements that pass the end of an axis come to its begin.
  private static void roll(OpenvinoReadNode n) {
    int rank = n.rank(0);
    var axes = n.integers(2, "its axes");
    var shifts = n.integers(1, "its shift");
    var f = n.formula();
    var x = n.in(0);
    for (int i = 0; i < axes.length; i++) {
      int axis = n.axis(axes[i], rank);
      long shift = shifts[shifts.length == 1 ? 0 : i];
      var dim = x.shape().dim(axis);
      if (dim.isFixed()) {
        long from = dim.is(0) ? 0 : Math.floorMod(-shift, dim.fixed());
        if (from == 0) continue;
        var parts = List.of(f.slice(x, axis, from, Long.MAX_VALUE), f.slice(x, axis, 0, from));
        x = f.concat(axis, parts);
      } else {
        var count = f.dim(x, axis);
        var moved = f.sub(f.range(count), f.vector(shift));
        var source = f.binary(Binary.Kind.FLOOR_MOD, moved, count);
        x = f.gather(x, source, axis);
      }
    }
    n.give(0, x);
  }
}
