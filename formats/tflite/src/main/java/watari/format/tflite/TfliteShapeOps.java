package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.format.tflite.schema.MirrorPadMode;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
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
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that give elements another shape, or speak of shapes.
final class TfliteShapeOps {
  private static final int MAX_RANK = 8;

  private TfliteShapeOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Reshape.class, TfliteShapeOps::reshape)
        .on(Flatten.class, TfliteShapeOps::flatten)
        .on(Squeeze.class, TfliteShapeOps::squeeze)
        .on(Unsqueeze.class, TfliteShapeOps::unsqueeze)
        .on(Transpose.class, TfliteShapeOps::transpose)
        .on(Expand.class, TfliteShapeOps::expand)
        .on(Tile.class, TfliteShapeOps::tile)
        .on(Pad.class, TfliteShapeOps::pad)
        .on(ShapeOf.class, TfliteShapeOps::shapeOf)
        .on(Size.class, TfliteShapeOps::size)
        .on(Range.class, TfliteShapeOps::range)
        .on(ReverseSequence.class, TfliteShapeOps::reverseSequence)
        .on(DepthToSpace.class, TfliteShapeOps::depthToSpace)
        .on(SpaceToDepth.class, TfliteShapeOps::spaceToDepth)
        .on(SpaceToBatch.class, TfliteShapeOps::spaceToBatch)
        .on(BatchToSpace.class, TfliteShapeOps::batchToSpace);
  }

  /// Copies a tensor into another of its type.
  static void copy(int from, int to, TfliteSubgraph out) {
    var shape = out.type(from).shape();
    if (shape.isFixed()) {
      reshape(from, to, shape, out);
      return;
    }
    int rank = shape.isRanked() ? shape.rank() : 0;
    var dims = new TensorType(DataType.INT32, Shape.of(rank));
    int made = out.temporary(dims);
    out.add(
        SHAPE,
        TfliteOptions.shape(TfliteSubgraph.number(DataType.INT32)),
        List.of(from),
        List.of(made));
    out.add(RESHAPE, TfliteOptions.NONE, List.of(from, made), List.of(to));
  }

  /// Writes a RESHAPE to a shape of one unknown dim at most.
  static void reshape(int from, int to, Shape shape, TfliteSubgraph out) {
    var dims =
        shape.dims().stream()
            .mapToInt(dim -> dim.isFixed() ? Math.toIntExact(dim.fixed()) : -1)
            .toArray();
    out.add(RESHAPE, TfliteOptions.reshape(dims), List.of(from, out.ints(dims)), List.of(to));
  }

  private static boolean isAlmostFixed(Shape shape) {
    if (!shape.isRanked() || shape.dims().stream().anyMatch(dim -> dim.is(0)))
      return shape.isFixed();
    return shape.dims().stream().filter(dim -> !dim.isFixed()).count() <= 1;
  }

  private static void reshapeTo(Node node, TfliteSubgraph out) {
    reshape(out.tensor(node.input(0)), out.tensor(node.output()), node.output().shape(), out);
  }

  private static void reshape(Reshape op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (isAlmostFixed(node.output().shape())) {
      reshapeTo(node, out);
      return;
    }
    var shape = node.input(1);
    boolean copies =
        !op.allowZero() && (!shape.isConstant() || containsZero(shape.constant().orElseThrow()));
    int asked =
        copies && shape.isConstant()
            ? TfliteDims.vector(node.output().shape(), List.of(node.input(0)), out)
            : out.int32(shape);
    out.add(
        RESHAPE,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), asked),
        List.of(out.tensor(node.output())));
  }

  private static boolean containsZero(TensorData data) {
    for (long dim : data.longs()) if (dim == 0) return true;
    return false;
  }

  private static void flatten(Flatten op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (!isAlmostFixed(node.output().shape())) {
      throw Refusal.dynamic("shape " + node.output().shape() + " has more than one unknown dim");
    }
    reshapeTo(node, out);
  }

  private static void squeeze(Squeeze op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (isAlmostFixed(node.output().shape())) {
      reshapeTo(node, out);
      return;
    }
    var axes =
        node.input(1).isPresent()
            ? TfliteSubgraph.constant(node.input(1), "axes").ints()
            : new int[0];
    if (!node.input(0).shape().isRanked() || node.input(0).shape().rank() > MAX_RANK) {
      throw Refusal.dynamic("the rank of '" + node.input(0).name() + "' is not known");
    }
    TfliteElementwiseOps.same(SQUEEZE, TfliteOptions.squeeze(axes), node, out);
  }

  private static void unsqueeze(Unsqueeze op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (isAlmostFixed(node.output().shape())) {
      reshapeTo(node, out);
      return;
    }
    var axes = TfliteSubgraph.constant(node.input(1), "axes").ints();
    if (!node.output().shape().isRanked()) throw Refusal.dynamic("the rank is not known");
    int rank = node.output().shape().rank();
    for (int i = 0; i < axes.length; i++) if (axes[i] < 0) axes[i] += rank;
    java.util.Arrays.sort(axes);
    int from = out.tensor(node.input(0));
    var dims = new ArrayList<>(node.input(0).shape().dims());
    for (int i = 0; i < axes.length; i++) {
      dims.add(axes[i], watari.tensor.Dim.ONE);
      boolean isLast = i == axes.length - 1;
      int to =
          isLast
              ? out.tensor(node.output())
              : out.temporary(node.output().type().with(Shape.of(dims)));
      out.add(EXPAND_DIMS, TfliteOptions.NONE, List.of(from, out.scalar(axes[i])), List.of(to));
      from = to;
    }
  }

  private static void requireRank(Value value, int most) {
    if (!value.shape().isRanked()) {
      throw Refusal.dynamic("the rank of '" + value.name() + "' is not known");
    }
    if (value.shape().rank() > most) {
      throw Refusal.operator(
          "shape " + value.shape() + " has more than " + most + " axes",
          "reshape it to fewer axes");
    }
  }

  private static void transpose(Transpose op, Node node, TfliteSubgraph out) {
    if (!(node.input(0).type().quantization() instanceof watari.tensor.Quantization.PerAxis)) {
      TfliteQuantized.requireMoved(node);
    }
    requireRank(node.input(0), 6);
    var inputs = List.of(out.tensor(node.input(0)), out.ints(op.perm()));
    out.add(TRANSPOSE, TfliteOptions.NONE, inputs, List.of(out.tensor(node.output())));
  }

  private static void expand(Expand op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    var to = node.output().shape();
    if (to.isRanked()) requireRank(node.output(), MAX_RANK);
    int shape = to.isFixed() ? out.ints(out.fixedDims(node.output())) : bothWays(node, out);
    out.add(
        BROADCAST_TO,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), shape),
        List.of(out.tensor(node.output())));
  }

  /// The shape that the input and the computed shape broadcast to.
  private static int bothWays(Node node, TfliteSubgraph out) {
    int dims = shape(node.input(0), DataType.INT32, out);
    int asked = out.int32(node.input(1));
    int made = out.temporary(out.type(asked));
    out.add(BROADCAST_ARGS, TfliteOptions.NONE, List.of(dims, asked), List.of(made));
    return made;
  }

  /// The shape of a tensor while the model runs.
  static int shape(Value value, DataType to, TfliteSubgraph out) {
    int rank = value.shape().isRanked() ? value.shape().rank() : 0;
    int made = out.temporary(new TensorType(to, Shape.of(rank)));
    out.add(
        SHAPE,
        TfliteOptions.shape(TfliteSubgraph.number(to)),
        List.of(out.tensor(value)),
        List.of(made));
    return made;
  }

  private static void tile(Tile op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    requireRank(node.input(0), MAX_RANK);
    var inputs = List.of(out.tensor(node.input(0)), out.int32(node.input(1)));
    out.add(TILE, TfliteOptions.NONE, inputs, List.of(out.tensor(node.output())));
  }

  private static void pad(Pad op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    requireRank(node.input(0), 5);
    int pads = pads(node, out);
    int x = out.tensor(node.input(0));
    var result = List.of(out.tensor(node.output()));
    switch (op.mode()) {
      case CONSTANT -> constantPad(node, x, pads, result, out);
      case REFLECT ->
          out.add(
              MIRROR_PAD, TfliteOptions.mirrorPad(MirrorPadMode.REFLECT), List.of(x, pads), result);
      case SYMMETRIC ->
          out.add(
              MIRROR_PAD,
              TfliteOptions.mirrorPad(MirrorPadMode.SYMMETRIC),
              List.of(x, pads),
              result);
      default -> throw Refusal.operator("TFLite has no pad mode " + op.mode(), "gather instead");
    }
  }

  private static void constantPad(
      Node node, int x, int pads, List<Integer> result, TfliteSubgraph out) {
    var value = node.input(2);
    boolean isZero =
        !value.isPresent()
            || value.constant().filter(data -> data.isAll(zeroOf(value.type()))).isPresent();
    if (isZero) {
      out.add(PAD, TfliteOptions.NONE, List.of(x, pads), result);
      return;
    }
    if (value.dtype() != node.input(0).dtype()) {
      throw Refusal.dtype("the value is " + value.dtype(), "convert it");
    }
    TfliteQuantized.requireSame(value.type(), node.input(0).type());
    out.add(PADV2, TfliteOptions.NONE, List.of(x, pads, out.tensor(value)), result);
  }

  private static double zeroOf(TensorType type) {
    return type.quantization() instanceof watari.tensor.Quantization.PerTensor(_, long zero)
        ? zero
        : 0;
  }

  /// Pads as TFLite has them: `[rank, 2]`.
  private static int pads(Node node, TfliteSubgraph out) {
    int rank = node.input(0).shape().rank();
    if (!node.input(1).isConstant()) {
      if (node.input(3).isPresent()) throw Refusal.operator("computed pads have axes", "give all");
      return computedPads(node, rank, out);
    }
    var pads = node.input(1).constant().orElseThrow().ints();
    int count = pads.length / 2;
    var axes = new int[count];
    for (int i = 0; i < count; i++) axes[i] = i;
    if (node.input(3).isPresent()) axes = TfliteSubgraph.constant(node.input(3), "axes").ints();
    var all = new int[2 * rank];
    for (int i = 0; i < count; i++) {
      int axis = axes[i] < 0 ? axes[i] + rank : axes[i];
      if (pads[i] < 0 || pads[i + count] < 0) throw Refusal.operator("a pad is negative", "slice");
      all[2 * axis] = pads[i];
      all[2 * axis + 1] = pads[i + count];
    }
    return out.constant(TensorData.ofInts(Shape.of(rank, 2), all));
  }

  private static int computedPads(Node node, int rank, TfliteSubgraph out) {
    int flat = out.int32(node.input(1));
    int rows = out.temporary(TensorType.of(DataType.INT32, 2, rank));
    reshape(flat, rows, Shape.of(2, rank), out);
    int made = out.temporary(TensorType.of(DataType.INT32, rank, 2));
    out.add(TRANSPOSE, TfliteOptions.NONE, List.of(rows, out.ints(1, 0)), List.of(made));
    return made;
  }

  private static void shapeOf(ShapeOf op, Node node, TfliteSubgraph out) {
    var x = node.input(0);
    if (!x.shape().isRanked()) throw Refusal.dynamic("the rank of '" + x.name() + "' is not known");
    int rank = x.shape().rank();
    int count = Math.toIntExact(node.output().shape().dim(0).fixed());
    if (count == rank) {
      TfliteElementwiseOps.same(
          SHAPE, TfliteOptions.shape(TfliteSubgraph.number(op.to())), node, out);
      return;
    }
    int start = Math.clamp(op.start() < 0 ? op.start() + (long) rank : op.start(), 0, rank);
    int dims = shape(x, op.to(), out);
    out.add(
        SLICE,
        TfliteOptions.NONE,
        List.of(dims, out.ints(start), out.ints(count)),
        List.of(out.tensor(node.output())));
  }

  private static void size(Size op, Node node, TfliteSubgraph out) {
    int dims = shape(node.input(0), op.to(), out);
    out.add(
        REDUCE_PROD,
        TfliteOptions.reducer(false),
        List.of(dims, out.ints(0)),
        List.of(out.tensor(node.output())));
  }

  private static void range(Range op, Node node, TfliteSubgraph out) {
    var inputs = node.inputs().stream().map(out::tensor).toList();
    for (var input : node.inputs()) {
      if (!input.shape().hasRank(0)) throw Refusal.operator("RANGE takes scalars", "reshape");
    }
    out.add(RANGE, TfliteOptions.NONE, inputs, List.of(out.tensor(node.output())));
  }

  private static void reverseSequence(ReverseSequence op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    out.add(
        REVERSE_SEQUENCE,
        TfliteOptions.reverseSequence(op.timeAxis(), op.batchAxis()),
        List.of(out.tensor(node.input(0)), out.tensor(node.input(1))),
        List.of(out.tensor(node.output())));
  }

  private static void depthToSpace(DepthToSpace op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (op.channelsOutermost() || op.layout() != Layout.CHANNELS_LAST) {
      throw Refusal.operator("DEPTH_TO_SPACE has blocks outermost, channels last", "transpose");
    }
    TfliteElementwiseOps.same(DEPTH_TO_SPACE, TfliteOptions.depthToSpace(op.block()), node, out);
  }

  private static void spaceToDepth(SpaceToDepth op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (op.layout() != Layout.CHANNELS_LAST) {
      throw Refusal.operator("SPACE_TO_DEPTH has channels last", "transpose");
    }
    TfliteElementwiseOps.same(SPACE_TO_DEPTH, TfliteOptions.spaceToDepth(op.block()), node, out);
  }

  private static void spaceToBatch(SpaceToBatch op, Node node, TfliteSubgraph out) {
    blocks(SPACE_TO_BATCH_ND, node, out);
  }

  private static void batchToSpace(BatchToSpace op, Node node, TfliteSubgraph out) {
    blocks(BATCH_TO_SPACE_ND, node, out);
  }

  private static void blocks(int code, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    var inputs =
        List.of(out.tensor(node.input(0)), out.int32(node.input(1)), out.int32(node.input(2)));
    out.add(code, TfliteOptions.NONE, inputs, List.of(out.tensor(node.output())));
  }
}
