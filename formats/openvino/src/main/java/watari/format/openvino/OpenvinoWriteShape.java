package watari.format.openvino;

import java.util.List;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What moves elements, and what speaks of shapes.
final class OpenvinoWriteShape {
  private OpenvinoWriteShape() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Reshape.class, OpenvinoWriteShape::reshape)
        .on(Flatten.class, OpenvinoWriteShape::flatten)
        .on(Transpose.class, OpenvinoWriteShape::transpose)
        .on(Concat.class, (op, node, out) -> out.add(node, "Concat", 1).set("axis", op.axis()))
        .on(Split.class, OpenvinoWriteShape::split)
        .on(Slice.class, OpenvinoWriteShape::slice)
        .on(Squeeze.class, (_, node, out) -> out.add(node, "Squeeze", 1))
        .on(Unsqueeze.class, (_, node, out) -> out.add(node, "Unsqueeze", 1))
        .on(
            Expand.class,
            (_, node, out) -> out.add(node, "Broadcast", 3).set("mode", "bidirectional"))
        .on(Tile.class, (_, node, out) -> out.add(node, "Tile", 1))
        .on(Pad.class, OpenvinoWriteShape::pad)
        .on(ShapeOf.class, OpenvinoWriteShape::shapeOf)
        .on(Size.class, OpenvinoWriteShape::size)
        .on(Range.class, OpenvinoWriteShape::range)
        .on(ReverseSequence.class, OpenvinoWriteShape::reverseSequence)
        .on(DepthToSpace.class, OpenvinoWriteShape::depthToSpace)
        .on(SpaceToDepth.class, OpenvinoWriteShape::spaceToDepth)
        .on(SpaceToBatch.class, (_, node, out) -> blocks("SpaceToBatch", node, out))
        .on(BatchToSpace.class, (_, node, out) -> blocks("BatchToSpace", node, out));
  }

  private static void reshape(Reshape op, Node node, OpenvinoNodes out) {
    out.add(node, "Reshape", 1).set("special_zero", !op.allowZero());
  }

  /// A matrix: 0 copies a dim, so an axis of 0 or 1 needs no dim that is known.
  private static void flatten(Flatten op, Node node, OpenvinoNodes out) {
    var dims = node.output().shape();
    long rows = dims.dim(0).value().orElse(-1);
    long columns = dims.dim(1).value().orElse(-1);
    if (rows == -1 && columns == -1) rows = 0;
    out.add(node, "Reshape", 1, out.input(node, 0), out.vector(node, "shape", rows, columns))
        .set("special_zero", rows == 0 && columns == -1);
  }

  private static void transpose(Transpose op, Node node, OpenvinoNodes out) {
    out.add(
        node,
        "Transpose",
        1,
        out.input(node, 0),
        out.constant(node, "order", TensorData.vector(op.perm())));
  }

  private static void split(Split op, Node node, OpenvinoNodes out) {
    var x = out.input(node, 0);
    var axis = out.constant(node, "axis", TensorData.scalar((long) op.axis()));
    var layer =
        node.input(1).isPresent()
            ? out.layer(node.origin().node(), "VariadicSplit", 1, x, axis, out.input(node, 1))
            : out.layer(node.origin().node(), "Split", 1, x, axis)
                .set("num_splits", node.outputs().size());
    for (var output : node.outputs()) {
      if (output.isPresent()) out.give(output, layer);
      else layer.output(new TensorType(x.type().dtype(), Shape.UNKNOWN), List.of(), "");
    }
  }

  /// Steps come before the axes.
  private static void slice(Slice op, Node node, OpenvinoNodes out) {
    var x = out.input(node, 0);
    var starts = out.input(node, 1);
    var ends = out.input(node, 2);
    var steps = node.input(4).isPresent() ? out.input(node, 4) : ones(node, out);
    if (node.input(3).isPresent()) {
      out.add(node, "Slice", 8, x, starts, ends, steps, out.input(node, 3));
    } else {
      out.add(node, "Slice", 8, x, starts, ends, steps);
    }
  }

  private static Port ones(Node node, OpenvinoNodes out) {
    var dtype = node.input(1).dtype();
    var count = node.input(1).shape();
    var one = TensorData.ofLongs(dtype, Shape.SCALAR, 1);
    return out.constant(node, "steps", TensorData.filled(one, count).copied());
  }

  private static void pad(Pad op, Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    var begins = pads(node, 0, rank, out);
    var ends = pads(node, rank, 2 * rank, out);
    var x = out.input(node, 0);
    boolean hasValue = op.mode() == Pad.Mode.CONSTANT && node.input(2).isPresent();
    var layer =
        hasValue
            ? out.add(node, "Pad", 12, x, begins, ends, out.input(node, 2))
            : out.add(node, "Pad", 12, x, begins, ends);
    layer.set("pad_mode", mode(op.mode()));
  }

  /// The begins or the ends of what is padded.
  private static Port pads(Node node, int from, int to, OpenvinoNodes out) {
    var pads = node.input(1);
    if (pads.isConstant()) {
      var all = pads.constant().orElseThrow().longs();
      return out.vector(node, "pads" + from, java.util.Arrays.copyOfRange(all, from, to));
    }
    return out.step(
        node,
        "Slice",
        8,
        new TensorType(pads.dtype(), Shape.of(to - from)),
        out.port(pads),
        out.vector(node, "from", from),
        out.vector(node, "to", to),
        out.vector(node, "step", 1));
  }

  private static String mode(Pad.Mode mode) {
    return switch (mode) {
      case CONSTANT -> "constant";
      case EDGE -> "edge";
      case REFLECT -> "reflect";
      case SYMMETRIC -> "symmetric";
      case WRAP -> throw new IllegalStateException("wrapping is taken apart");
    };
  }

  private static void shapeOf(ShapeOf op, Node node, OpenvinoNodes out) {
    out.add(node, "ShapeOf", 3).set("output_type", OpenvinoNodes.element(op.to()));
  }

  private static void size(Size op, Node node, OpenvinoNodes out) {
    var rank =
        node.input(0).shape().isRanked() ? Shape.of(node.input(0).shape().rank()) : Shape.UNKNOWN;
    var shape = out.step(node, "ShapeOf", 3, new TensorType(op.to(), rank), out.input(node, 0));
    shape.layer().set("output_type", OpenvinoNodes.element(op.to()));
    out.add(node, "ReduceProd", 1, shape, out.vector(node, "axes", 0)).set("keep_dims", false);
  }

  private static void range(Range op, Node node, OpenvinoNodes out) {
    out.add(node, "Range", 4).set("output_type", OpenvinoNodes.element(node.output().dtype()));
  }

  private static void reverseSequence(ReverseSequence op, Node node, OpenvinoNodes out) {
    out.add(node, "ReverseSequence", 1)
        .set("batch_axis", op.batchAxis())
        .set("seq_axis", op.timeAxis());
  }

  private static void depthToSpace(DepthToSpace op, Node node, OpenvinoNodes out) {
    out.add(node, "DepthToSpace", 1)
        .set("block_size", op.block())
        .set("mode", op.channelsOutermost() ? "depth_first" : "blocks_first");
  }

  private static void spaceToDepth(SpaceToDepth op, Node node, OpenvinoNodes out) {
    out.add(node, "SpaceToDepth", 1).set("block_size", op.block()).set("mode", "blocks_first");
  }

  /// Blocks and what is padded or cropped, for each axis.
  private static void blocks(String type, Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    var block = node.input(1).constant().orElseThrow().longs();
    out.add(
        node,
        type,
        2,
        out.input(node, 0),
        out.vector(node, "block", ofAllAxes(block, 1, rank)),
        edges(node, "begins", 0, block.length, out),
        edges(node, "ends", 1, block.length, out));
  }

  /// A number of each axis, where the given ones belong to those behind the batch.
  private static long[] ofAllAxes(long[] given, long other, int rank) {
    var all = new long[rank];
    java.util.Arrays.fill(all, other);
    System.arraycopy(given, 0, all, 1, given.length);
    return all;
  }

  /// A column of the matrix `[axes, 2]` that says what is padded or cropped.
  private static Port edges(Node node, String what, int side, int count, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    var known = node.input(2).constant();
    if (known.isPresent()) {
      var column = new long[count];
      for (int i = 0; i < count; i++) column[i] = known.get().longAt(2L * i + side);
      return out.vector(node, what, ofAllAxes(column, 0, rank));
    }
    var wide = new TensorType(DataType.INT64, Shape.of(count, 2));
    var all = out.step(node, "Convert", 1, wide, out.input(node, 2));
    all.layer().set("destination_type", "i64");
    var axis = out.constant(node, "axis", TensorData.scalar(1L));
    var at = out.constant(node, what, TensorData.scalar((long) side));
    var column = out.step(node, "Gather", 8, TensorType.of(DataType.INT64, count), all, at, axis);
    column.layer().set("batch_dims", 0);
    var dims = TensorType.of(DataType.INT64, rank);
    var first = out.vector(node, "batch", 0);
    if (rank == count + 1) return concat(node, dims, out, first, column);
    return concat(
        node, dims, out, first, column, out.vector(node, "rest", new long[rank - 1 - count]));
  }

  private static Port concat(Node node, TensorType to, OpenvinoNodes out, Port... parts) {
    var all = out.step(node, "Concat", 1, to, parts);
    all.layer().set("axis", 0);
    return all;
  }
}
