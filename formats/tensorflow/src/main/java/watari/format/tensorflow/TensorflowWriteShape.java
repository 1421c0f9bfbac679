package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Operators that give elements another shape or order.
final class TensorflowWriteShape {
  private TensorflowWriteShape() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Reshape.class, TensorflowWriteShape::reshape)
        .on(Flatten.class, TensorflowWriteShape::flatten)
        .on(Transpose.class, TensorflowWriteShape::transpose)
        .on(Concat.class, TensorflowWriteShape::concat)
        .on(Squeeze.class, TensorflowWriteShape::squeeze)
        .on(Unsqueeze.class, TensorflowWriteShape::unsqueeze)
        .on(Expand.class, TensorflowWriteShape::expand)
        .on(
            Tile.class,
            (_, node, out) -> out.give(node, out.op("Tile", out.in(node, 0), out.in(node, 1))))
        .on(ShapeOf.class, TensorflowWriteShape::shapeOf)
        .on(Size.class, TensorflowWriteShape::size)
        .on(Range.class, TensorflowWriteShape::range)
        .on(ReverseSequence.class, TensorflowWriteShape::reverseSequence)
        .on(DepthToSpace.class, TensorflowWriteShape::depthToSpace)
        .on(SpaceToDepth.class, TensorflowWriteShape::spaceToDepth)
        .on(SpaceToBatch.class, (_, node, out) -> batch("SpaceToBatchND", node, out))
        .on(BatchToSpace.class, (_, node, out) -> batch("BatchToSpaceND", node, out));
  }

  /// A shape of at most one dim that is not known.
  static boolean isStated(Shape shape) {
    return shape.isRanked()
        && shape.dims().stream().filter(dim -> !dim.isFixed()).count() <= 1
        && (shape.isFixed() || shape.dims().stream().noneMatch(dim -> dim.is(0)));
  }

  static Port stated(Shape shape, TensorflowScope out) {
    return out.ints(shape.dims().stream().mapToLong(dim -> dim.value().orElse(-1)).toArray());
  }

  /// All dims of a tensor, as int64.
  static Port dims(Port x, TensorflowScope out) {
    return out.op("Shape", step -> step.set("out_type", DataType.INT64), x);
  }

  private static void reshape(Reshape op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var to = node.output().shape();
    if (isStated(to)) {
      out.give(node, out.op("Reshape", x, stated(to, out)));
      return;
    }
    var shape = out.in(node, 1);
    boolean mayCopy = !op.allowZero() && mayBeZero(node);
    if (mayCopy) shape = copied(x, node, shape, out);
    out.give(node, out.op("Reshape", x, shape));
  }

  private static boolean mayBeZero(Node node) {
    var given = node.input(1).constant();
    return given.isEmpty()
        || java.util.Arrays.stream(given.get().longs()).anyMatch(dim -> dim == 0);
  }

  /// Zeros replaced by the dims at their places.
  private static Port copied(Port x, Node node, Port shape, TensorflowScope out) {
    var wide = out.cast(shape, DataType.INT64);
    var count = node.input(1).shape();
    var from = node.input(0).shape();
    if (!count.isFixed() || count.rank() != 1 || !from.isRanked()) {
      throw TensorflowRefusal.dynamic("how many dims its shape has is not known");
    }
    int rank = Math.toIntExact(count.dim(0).fixed());
    var dims = dims(x, out);
    if (rank < from.rank()) {
      dims = out.op("Slice", dims, out.ints(0), out.ints(rank));
    } else if (rank > from.rank()) {
      dims =
          out.op(
              "Pad",
              dims,
              out.constant(watari.tensor.TensorData.ofInts(Shape.of(1, 2), 0, rank - from.rank())));
    }
    var isCopied = out.op("Equal", wide, out.constant(watari.tensor.TensorData.scalar(0L)));
    return out.op("SelectV2", isCopied, dims, wide);
  }

  private static void flatten(Flatten op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var to = node.output().shape();
    if (isStated(to)) {
      out.give(node, out.op("Reshape", x, stated(to, out)));
      return;
    }
    var shape = node.input(0).shape();
    if (!shape.isRanked()) throw TensorflowRefusal.dynamic("the rank of its input is not known");
    int axis = op.axis() < 0 ? op.axis() + shape.rank() : op.axis();
    var dims = dims(x, out);
    var outer = out.op("Prod", out.op("Slice", dims, out.ints(0), out.ints(axis)), out.ints(0));
    var inner = out.op("Prod", out.op("Slice", dims, out.ints(axis), out.ints(-1)), out.ints(0));
    out.give(node, out.op("Reshape", x, pack(List.of(outer, inner), out)));
  }

  /// Scalars as a vector.
  static Port pack(List<Port> scalars, TensorflowScope out) {
    return out.op("Pack", step -> step.set("axis", 0L), scalars.toArray(Port[]::new));
  }

  private static void transpose(Transpose op, Node node, TensorflowScope out) {
    out.give(node, out.op("Transpose", out.in(node, 0), out.ints(op.perm())));
  }

  private static void concat(Concat op, Node node, TensorflowScope out) {
    var all = new ArrayList<Port>();
    for (int i = 0; i < node.inputs().size(); i++) all.add(out.in(node, i));
    out.give(node, concat(all, op.axis(), out));
  }

  static Port concat(List<Port> parts, int axis, TensorflowScope out) {
    if (parts.size() == 1) return out.op("Identity", parts.get(0));
    var all = new ArrayList<>(parts);
    all.add(out.index(axis));
    return out.op("ConcatV2", all.toArray(Port[]::new));
  }

  private static long[] axes(Node node) {
    return node.input(1)
        .constant()
        .orElseThrow(() -> TensorflowRefusal.dynamic("its axes are computed"))
        .longs();
  }

  private static void squeeze(Squeeze op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    if (!out.has(node, 1)) {
      out.give(node, out.op("Squeeze", x));
      return;
    }
    var to = node.output().shape();
    if (!node.input(1).isConstant() && isStated(to)) {
      out.give(node, out.op("Reshape", x, stated(to, out)));
      return;
    }
    var axes = axes(node);
    out.give(
        node,
        axes.length == 0
            ? out.op("Identity", x)
            : out.op("Squeeze", step -> step.set("squeeze_dims", axes), x));
  }

  private static void unsqueeze(Unsqueeze op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var to = node.output().shape();
    if (!node.input(1).isConstant() && isStated(to)) {
      out.give(node, out.op("Reshape", x, stated(to, out)));
      return;
    }
    var axes = axes(node);
    var shape = node.input(0).shape();
    int rank = shape.isRanked() ? shape.rank() + axes.length : 0;
    if (rank == 0 && java.util.Arrays.stream(axes).anyMatch(axis -> axis < 0)) {
      throw TensorflowRefusal.dynamic("the rank of its input is not known");
    }
    var sorted =
        java.util.Arrays.stream(axes).map(axis -> axis < 0 ? axis + rank : axis).sorted().toArray();
    var result = axes.length == 0 ? out.op("Identity", x) : x;
    for (long axis : sorted) result = out.op("ExpandDims", result, out.index(axis));
    out.give(node, result);
  }

  private static void expand(Expand op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var to = node.output().shape();
    if (to.isFixed()) {
      out.give(node, out.op("BroadcastTo", x, stated(to, out)));
      return;
    }
    var shape = out.cast(out.in(node, 1), DataType.INT64);
    var both = out.op("BroadcastArgs", dims(x, out), shape);
    out.give(node, out.op("BroadcastTo", x, both));
  }

  private static void shapeOf(ShapeOf op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var all = out.op("Shape", step -> step.set("out_type", op.to()), x);
    if (op.start() == 0 && op.end() == Integer.MAX_VALUE) {
      out.give(node, all);
      return;
    }
    out.give(
        node, out.op("StridedSlice", all, out.ints(op.start()), out.ints(op.end()), out.ints(1)));
  }

  private static void size(Size op, Node node, TensorflowScope out) {
    out.give(node, out.op("Size", step -> step.set("out_type", op.to()), out.in(node, 0)));
  }

  private static void range(Range op, Node node, TensorflowScope out) {
    var parts = IntStream.range(0, 3).mapToObj(i -> TensorflowWriteReduce.scalar(node, i, out));
    out.give(node, out.op("Range", parts.toArray(Port[]::new)));
  }

  private static void reverseSequence(ReverseSequence op, Node node, TensorflowScope out) {
    out.give(
        node,
        out.op(
            "ReverseSequence",
            step ->
                step.set("seq_dim", (long) op.timeAxis()).set("batch_dim", (long) op.batchAxis()),
            out.in(node, 0),
            out.in(node, 1)));
  }

  private static void depthToSpace(DepthToSpace op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    if (op.block() == 1) {
      out.give(node, out.op("Identity", x));
      return;
    }
    if (!op.channelsOutermost()) {
      out.give(node, out.op("DepthToSpace", step -> step.set("block_size", (long) op.block()), x));
      return;
    }
    var shape = node.input(0).shape();
    int block = op.block();
    var cells = shape.slice(0, 3).concat(Shape.of(-1, block, block)).dims();
    if (!shape.slice(1, 4).isFixed()) throw TensorflowRefusal.dynamic("its dims are not known");
    long channels = shape.dim(3).fixed() / ((long) block * block);
    var split = Shape.of(cells).with(3, watari.tensor.Dim.of(channels));
    var parts = out.op("Reshape", x, stated(split, out));
    var moved = out.op("Transpose", parts, out.ints(0, 1, 4, 2, 5, 3));
    out.give(node, out.op("Reshape", moved, stated(node.output().shape(), out)));
  }

  private static void spaceToDepth(SpaceToDepth op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    out.give(
        node,
        op.block() == 1
            ? out.op("Identity", x)
            : out.op("SpaceToDepth", step -> step.set("block_size", (long) op.block()), x));
  }

  private static void batch(String name, Node node, TensorflowScope out) {
    out.give(node, out.op(name, out.in(node, 0), out.in(node, 1), out.in(node, 2)));
  }
}
