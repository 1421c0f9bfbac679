package watari.format.tflite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.ConcatenationOptions;
import watari.format.tflite.schema.MirrorPadMode;
import watari.format.tflite.schema.MirrorPadOptions;
import watari.format.tflite.schema.PackOptions;
import watari.format.tflite.schema.ReshapeOptions;
import watari.format.tflite.schema.ReverseSequenceOptions;
import watari.format.tflite.schema.ShapeOptions;
import watari.format.tflite.schema.SqueezeOptions;
import watari.format.tflite.schema.UnpackOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Identity;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that move, join or repeat tensors, or make them of shapes.
final class TfliteReadShapeOps {
  private TfliteReadShapeOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BROADCAST_ARGS", TfliteReadShapeOps::broadcastArgs)
        .on("BROADCAST_TO", node -> node.emitMoved(new Expand(), node.in(0), node.in(1)))
        .on("CONCATENATION", TfliteReadShapeOps::concatenation)
        .on("EXPAND_DIMS", TfliteReadShapeOps::expandDims)
        .on("FILL", TfliteReadShapeOps::fill)
        .on("MIRROR_PAD", TfliteReadShapeOps::mirrorPad)
        .on("PACK", TfliteReadShapeOps::pack)
        .on("PAD", TfliteReadShapeOps::pad)
        .on("PADV2", TfliteReadShapeOps::padV2)
        .on("RANGE", node -> node.emit(new Range(), node.in(0), node.in(1), node.in(2)))
        .on("RANK", TfliteReadShapeOps::rank)
        .on("RESHAPE", TfliteReadShapeOps::reshape)
        .on("REVERSE_SEQUENCE", TfliteReadShapeOps::reverseSequence)
        .on("SHAPE", TfliteReadShapeOps::shape)
        .on("SPLIT", TfliteReadShapeOps::split)
        .on("SPLIT_V", TfliteReadShapeOps::splitV)
        .on("SQUEEZE", TfliteReadShapeOps::squeeze)
        .on("TILE", node -> node.emitMoved(new Tile(), node.in(0), node.in(1)))
        .on("TRANSPOSE", TfliteReadShapeOps::transpose)
        .on("UNPACK", TfliteReadShapeOps::unpack);
  }

  /// The shape is input 1 if that is a vector, else the option; `[0]` there meant a scalar once.
  private static void reshape(TfliteNode node) {
    boolean hasVector = node.has(1) && node.shape(1).hasRank(1);
    if (hasVector) {
      node.emitMoved(new Reshape(true), node.in(0), node.in(1));
      return;
    }
    var options = node.options(new ReshapeOptions());
    var dims = IntStream.range(0, options.newShapeLength()).mapToLong(options::newShape).toArray();
    if (Arrays.equals(dims, new long[] {0})) dims = new long[0];
    node.emitMoved(new Reshape(true), node.in(0), node.vector(dims));
  }

  private static void squeeze(TfliteNode node) {
    var options = node.options(new SqueezeOptions());
    int rank = node.rank(0);
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < options.squeezeDimsLength(); i++) {
      int axis = TfliteNode.axis(options.squeezeDims(i), rank);
      if (!axes.contains(axis)) axes.add(axis);
    }
    if (options.squeezeDimsLength() == 0) {
      if (!node.shape(0).isFixed()) {
        throw Unreadable.dynamic(
            "which axes of %s it squeezes is not known".formatted(node.shape(0)));
      }
      for (int i = 0; i < rank; i++) if (node.shape(0).dim(i).is(1)) axes.add(i);
    }
    if (axes.isEmpty()) node.emitMoved(new Identity(), node.in(0));
    else node.emitMoved(new Squeeze(), node.in(0), node.builder().vector(axes));
  }

  private static void expandDims(TfliteNode node) {
    long axis = node.integer(1, "axis");
    node.emitMoved(new Unsqueeze(), node.in(0), node.vector(axis));
  }

  private static void transpose(TfliteNode node) {
    int rank = node.rank(0);
    var perm =
        Arrays.stream(node.integers(1, "perm")).mapToObj(a -> TfliteNode.axis(a, rank)).toList();
    node.emitMoved(new Transpose(perm), node.in(0));
  }

  // ---- joining and splitting

  private static void concatenation(TfliteNode node) {
    var options = node.options(new ConcatenationOptions());
    int activation = options.fusedActivationFunction();
    var parts = node.inputs();
    if (activation != 0) {
      node.emit(
          TfliteNode.activation(activation), node.builder().add(new Concat(options.axis()), parts));
    } else if (parts.size() == 1) node.emit(new Identity(), parts);
    else node.emit(new Concat(options.axis()), parts);
  }

  private static void pack(TfliteNode node) {
    int axis = TfliteNode.axis(node.options(new PackOptions()).axis(), node.rank(0) + 1);
    var at = node.vector(axis);
    var parts = new ArrayList<Value>();
    for (var input : node.inputs()) parts.add(node.move(new Unsqueeze(), input, at));
    if (parts.size() == 1) node.emit(new Identity(), parts);
    else node.emitMoved(List.of(0), new Concat(axis), parts);
  }

  private static void unpack(TfliteNode node) {
    int axis = TfliteNode.axis(node.options(new UnpackOptions()).axis(), node.rank(0));
    int count = node.outputCount();
    var at = node.vector(axis);
    if (count == 1) {
      node.emitMoved(new Squeeze(), node.in(0), at);
      return;
    }
    var ones = new long[count];
    Arrays.fill(ones, 1);
    var parts = node.addAll(new Split(axis), List.of(node.in(0), node.vector(ones)), count);
    for (int i = 0; i < count; i++) {
      var part = parts.output(i);
      var type = node.in(0).type();
      if (type.isQuantized()) part.setType(type.with(part.shape()));
      node.emitMoved(List.of(i), new Squeeze(), List.of(part, at));
    }
  }

  private static void split(TfliteNode node) {
    int axis = TfliteNode.axis(node.integer(0, "axis"), node.rank(1));
    if (node.outputCount() == 1) {
      node.emitMoved(new Identity(), node.in(1));
      return;
    }
    var dim = node.shape(1).dim(axis);
    if (dim.isFixed() && dim.fixed() % node.outputCount() != 0) {
      throw Unreadable.broken(
          "a dim of %s is split into %d parts".formatted(dim, node.outputCount()));
    }
    node.emitMoved(outputs(node), new Split(axis), List.of(node.in(1)));
  }

  private static List<Integer> outputs(TfliteNode node) {
    return IntStream.range(0, node.outputCount()).boxed().toList();
  }

  private static void splitV(TfliteNode node) {
    int axis = TfliteNode.axis(node.integer(2, "axis"), node.rank(0));
    var sizes = node.known(1);
    if (node.outputCount() == 1) {
      node.emitMoved(new Identity(), node.in(0));
      return;
    }
    var given =
        sizes.map(s -> node.vector(whole(s, node.shape(0).dim(axis)))).orElseGet(() -> node.in(1));
    node.emitMoved(outputs(node), new Split(axis), List.of(node.in(0), given));
  }

  /// The sizes, with what remains for one of -1.
  private static long[] whole(long[] sizes, Dim dim) {
    var all = sizes.clone();
    long others = Arrays.stream(sizes).filter(size -> size >= 0).sum();
    for (int i = 0; i < all.length; i++) {
      if (all[i] >= 0) continue;
      if (!dim.isFixed()) throw Unreadable.dynamic("the size of part %d is not known".formatted(i));
      all[i] = dim.fixed() - others;
    }
    return all;
  }

  // ---- padding and repeating

  private static void pad(TfliteNode node) {
    node.emitMoved(new Pad(Pad.Mode.CONSTANT), node.in(0), pads(node));
  }

  private static void padV2(TfliteNode node) {
    var value = node.in(2);
    if (!value.shape().hasRank(0)) value = node.reshaped(value);
    node.emitMoved(new Pad(Pad.Mode.CONSTANT), node.in(0), pads(node), value);
  }

  private static void mirrorPad(TfliteNode node) {
    var mode =
        node.options(new MirrorPadOptions()).mode() == MirrorPadMode.SYMMETRIC
            ? Pad.Mode.SYMMETRIC
            : Pad.Mode.REFLECT;
    node.emitMoved(new Pad(mode), node.in(0), pads(node));
  }

  /// Pairs of an axis each become all begins, then all ends.
  private static Value pads(TfliteNode node) {
    var pairs = node.constant(1);
    if (pairs.isPresent()) {
      var flipped = pairs.get().transposed(List.of(1, 0));
      return node.constant(flipped.reshaped(Shape.of(flipped.size())).cast(DataType.INT64));
    }
    var flipped = node.add(new Transpose(List.of(1, 0)), node.int64(node.in(1)));
    return node.reshaped(flipped, node.rank(0) * 2L);
  }

  private static void reverseSequence(TfliteNode node) {
    var options = node.options(new ReverseSequenceOptions());
    int rank = node.rank(0);
    var op =
        new ReverseSequence(
            TfliteNode.axis(options.batchDim(), rank), TfliteNode.axis(options.seqDim(), rank));
    node.emitMoved(op, node.in(0), node.in(1));
  }

  // ---- of shapes

  private static void shape(TfliteNode node) {
    int type = node.options(new ShapeOptions()).outType();
    var dtype = TfliteReadTypes.dtype(type).orElse(DataType.INT32);
    node.emit(new ShapeOf(dtype == DataType.INT64 ? dtype : DataType.INT32), node.in(0));
  }

  private static void rank(TfliteNode node) {
    var shape = node.add(new ShapeOf(DataType.INT64), node.in(0));
    node.emit(new Size(DataType.INT32), shape);
  }

  private static void fill(TfliteNode node) {
    var value = node.in(1);
    if (!value.shape().hasRank(0)) value = node.reshaped(value);
    node.emitMoved(new Expand(), value, node.in(0));
  }

  /// The shape that two shapes broadcast to; the shorter one is padded with ones.
  private static void broadcastArgs(TfliteNode node) {
    long a = node.fixedDims(0)[0];
    long b = node.fixedDims(1)[0];
    var first = withOnes(node, node.in(0), b - a);
    var second = withOnes(node, node.in(1), a - b);
    var one = node.constant(TensorData.scalar(first.dtype(), 1));
    var isOne = node.add(new Binary(Binary.Kind.EQUAL), first, one);
    node.emit(new Select(), isOne, second, first);
  }

  private static Value withOnes(TfliteNode node, Value shape, long count) {
    if (count <= 0) return shape;
    var ones = TensorData.filled(TensorData.scalar(shape.dtype(), 1), Shape.of(count));
    return node.add(new Concat(0), node.constant(ones), shape);
  }
}
