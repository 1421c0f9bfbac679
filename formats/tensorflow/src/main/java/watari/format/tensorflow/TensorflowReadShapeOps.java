package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
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
import watari.op.Shapes;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that move, join or repeat tensors, or make them of shapes.
final class TensorflowReadShapeOps {
  private TensorflowReadShapeOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("BroadcastArgs", TensorflowReadShapeOps::broadcastArgs)
        .on("BroadcastTo", n -> n.give(new Expand(), n.in(0), n.integers64(1)))
        .on("Concat", n -> concat(n, 0, 1))
        .on("ConcatV2", n -> concat(n, n.inputCount() - 1, 0))
        .on("EnsureShape", TensorflowReadShapeOps::ensureShape)
        .on("ExpandDims", TensorflowReadShapeOps::expandDims)
        .on("Fill", n -> n.give(new Expand(), n.in(1), n.integers64(0)))
        .on("LinSpace", TensorflowReadShapeOps::linSpace)
        .on("MirrorPad", TensorflowReadShapeOps::mirrorPad)
        .on("Pack", TensorflowReadShapeOps::pack)
        .on("ParallelConcat", n -> concat(n, List.copyOf(n.inputs()), 0))
        .on("Pad", n -> n.give(new Pad(Pad.Mode.CONSTANT), n.in(0), pads(n)))
        .on("PadV2", n -> n.give(new Pad(Pad.Mode.CONSTANT), n.in(0), pads(n), n.in(2)))
        .on("Range", n -> n.give(new Range(), n.in(0), n.in(1), n.in(2)))
        .on("Rank", TensorflowReadShapeOps::rank)
        .on("Reshape", n -> n.give(new Reshape(true), n.in(0), n.integers64(1)))
        .on("ReverseSequence", TensorflowReadShapeOps::reverseSequence)
        .on("Shape", n -> n.give(new ShapeOf(counted(n, "out_type")), n.in(0)))
        .on("ShapeN", TensorflowReadShapeOps::shapeN)
        .on("Size", n -> n.give(new Size(counted(n, "out_type")), n.in(0)))
        .on("Split", TensorflowReadShapeOps::split)
        .on("SplitV", TensorflowReadShapeOps::splitV)
        .on("Squeeze", TensorflowReadShapeOps::squeeze)
        .on("Tile", n -> n.give(new Tile(), n.in(0), n.integers64(1)))
        .on("Transpose", TensorflowReadShapeOps::transpose)
        .on("Unpack", TensorflowReadShapeOps::unpack);
  }

  private static DataType counted(TensorflowReadNode n, String attribute) {
    var dtype = n.type(attribute, DataType.INT32);
    return dtype == DataType.INT64 ? dtype : DataType.INT32;
  }

  // ---- axes

  private static void squeeze(TensorflowReadNode n) {
    int rank = n.rank(0);
    var axes = new ArrayList<Integer>();
    for (int axis : n.integers("squeeze_dims")) axes.add(Shapes.axis(axis, rank));
    if (axes.isEmpty()) {
      if (!n.shape(0).isFixed()) {
        throw TensorflowRefusal.dynamic(
            "which axes of %s it squeezes is not known".formatted(n.shape(0)));
      }
      for (int i = 0; i < rank; i++) if (n.shape(0).dim(i).is(1)) axes.add(i);
    }
    if (axes.isEmpty()) n.hold(0, n.held(0));
    else n.give(new Squeeze(), n.in(0), n.builder().vector(axes.stream().distinct().toList()));
  }

  private static void expandDims(TensorflowReadNode n) {
    var axes = n.integers(1, "its axis");
    if (axes.length != 1) throw TensorflowRefusal.broken("input 1 is not one axis");
    n.give(new Unsqueeze(), n.in(0), n.formula().vector(axes));
  }

  private static void transpose(TensorflowReadNode n) {
    var perm = n.integers(1, "its permutation");
    int rank = perm.length;
    n.give(
        new Transpose(Arrays.stream(perm).mapToObj(a -> Shapes.axis(a, rank)).toList()), n.in(0));
  }

  // ---- joining and splitting

  private static void concat(TensorflowReadNode n, int axisInput, int first) {
    var parts = new ArrayList<Value>();
    for (int i = 0; i < n.inputCount() - 1; i++) parts.add(n.in(i + first));
    int rank = parts.stream().mapToInt(part -> n.rank(part, "its parts")).max().orElse(0);
    concat(n, parts, n.axisInput(axisInput, rank));
  }

  /// Vectors without elements were joined to anything once.
  private static void concat(TensorflowReadNode n, List<Value> parts, int axis) {
    if (parts.size() == 1) n.give(0, parts.get(0));
    else n.give(new Concat(axis), parts);
  }

  private static void pack(TensorflowReadNode n) {
    int axis = Shapes.axis(n.integer("axis", 0), n.rank(0) + 1);
    var parts = n.inputs().stream().map(part -> n.formula().unsqueeze(part, axis)).toList();
    concat(n, parts, axis);
  }

  private static void unpack(TensorflowReadNode n) {
    int axis = Shapes.axis(n.integer("axis", 0), n.rank(0));
    int count = n.outputCount();
    if (count == 1) {
      n.give(new Squeeze(), n.in(0), n.formula().vector(axis));
      return;
    }
    var ones = new long[count];
    Arrays.fill(ones, 1);
    var parts =
        n.builder()
            .add(new Split(axis), List.of(n.in(0), n.formula().vector(ones)), count, List.of());
    for (int i = 0; i < count; i++) {
      n.give(i, new Squeeze(), parts.output(i), n.formula().vector(axis));
    }
  }

  private static void split(TensorflowReadNode n) {
    int axis = n.axisInput(0, n.rank(1));
    int count = n.outputCount();
    if (count == 1) {
      n.give(0, n.in(1));
      return;
    }
    var dim = n.shape(1).dim(axis);
    if (dim.isFixed() && dim.fixed() % count != 0) {
      throw TensorflowRefusal.broken("a dim of %s is split into %d parts".formatted(dim, count));
    }
    n.give(new Split(axis), n.in(1));
  }

  private static void splitV(TensorflowReadNode n) {
    int axis = n.axisInput(2, n.rank(0));
    if (n.outputCount() == 1) {
      n.give(0, n.in(0));
      return;
    }
    var sizes = n.known(1);
    var given =
        sizes
            .map(s -> n.formula().vector(whole(s, n.shape(0).dim(axis))))
            .orElseGet(() -> n.formula().cast(n.in(1), DataType.INT64));
    n.give(new Split(axis), n.in(0), given);
  }

  /// The sizes, with what remains for one of -1.
  private static long[] whole(long[] sizes, Dim dim) {
    var all = sizes.clone();
    long others = Arrays.stream(sizes).filter(size -> size >= 0).sum();
    for (int i = 0; i < all.length; i++) {
      if (all[i] >= 0) continue;
      if (!dim.isFixed()) throw TensorflowReadNode.computed("the size of part " + i);
      all[i] = dim.fixed() - others;
    }
    return all;
  }

  // ---- padding and repeating

  private static void mirrorPad(TensorflowReadNode n) {
    var text = n.text("mode", "REFLECT");
    var mode =
        switch (text) {
          case "SYMMETRIC" -> Pad.Mode.SYMMETRIC;
          case "REFLECT" -> Pad.Mode.REFLECT;
          default -> throw TensorflowReadNode.unknown("mode", text, "'REFLECT' or 'SYMMETRIC'");
        };
    n.give(new Pad(mode), n.in(0), pads(n));
  }

  /// Pairs of an axis each become all begins, then all ends.
  private static Value pads(TensorflowReadNode n) {
    var pairs = n.constant(1);
    if (pairs.isPresent()) {
      var flipped = pairs.get().transposed(List.of(1, 0));
      return n.builder().constant(flipped.reshaped(Shape.of(flipped.size())).cast(DataType.INT64));
    }
    var flipped = n.formula().transpose(n.formula().cast(n.in(1), DataType.INT64), 1, 0);
    return n.formula().reshape(flipped, n.rank(0) * 2L);
  }

  private static void reverseSequence(TensorflowReadNode n) {
    int rank = n.rank(0);
    int batch = Shapes.axis(n.integer("batch_dim", 0), rank);
    int time = Shapes.axis(n.integer("seq_dim", 0), rank);
    n.give(new ReverseSequence(batch, time), n.in(0), n.in(1));
  }

  // ---- of shapes

  private static void shapeN(TensorflowReadNode n) {
    for (int i = 0; i < n.inputCount(); i++) {
      n.give(i, new ShapeOf(counted(n, "out_type")), n.in(i));
    }
  }

  private static void rank(TensorflowReadNode n) {
    if (n.shape(0).isRanked()) {
      n.giveConstant(TensorData.scalar(DataType.INT32, n.rank(0)));
      return;
    }
    n.give(new Size(DataType.INT32), n.formula().op(new ShapeOf(DataType.INT64), n.in(0)));
  }

  private static void ensureShape(TensorflowReadNode n) {
    var x = n.in(0);
    var stated = TensorflowTypes.shape("?" + n.name(), n.attribute("shape").getShape());
    if (x.producer().isPresent()) {
      x.setType(x.type().with(watari.graph.Inference.moreExact(x.shape(), stated)));
    }
    n.give(0, x);
  }

  /// The shape that two shapes broadcast to; the shorter one is padded with ones.
  private static void broadcastArgs(TensorflowReadNode n) {
    if (!n.shape(0).isFixed() || !n.shape(1).isFixed()) {
      throw TensorflowReadNode.computed("the rank of its shapes");
    }
    long a = n.shape(0).dim(0).fixed();
    long b = n.shape(1).dim(0).fixed();
    var f = n.formula();
    var first = withOnes(n, n.in(0), b - a);
    var second = withOnes(n, n.in(1), a - b);
    var isOne = f.binary(Binary.Kind.EQUAL, first, f.scalar(first, 1));
    n.give(new Select(), isOne, second, first);
  }

  private static Value withOnes(TensorflowReadNode n, Value shape, long count) {
    if (count <= 0) return shape;
    var ones = TensorData.filled(TensorData.scalar(shape.dtype(), 1), Shape.of(count));
    return n.formula().concat(0, n.builder().constant(ones), shape);
  }

  /// `start + i · (stop - start) / (count - 1)`; the last one is exact.
  private static void linSpace(TensorflowReadNode n) {
    var count = n.integers(2, "the number of its elements");
    if (count.length != 1 || count[0] < 1 || count[0] > 1 << 24) {
      throw TensorflowRefusal.broken("it has " + Arrays.toString(count) + " elements");
    }
    var f = n.formula();
    var start = n.in(0);
    if (count[0] == 1) {
      n.give(new Reshape(true), start, f.vector(1));
      return;
    }
    var step = f.div(f.sub(n.in(1), start), f.scalar(start, count[0] - 1.0));
    var places =
        TensorData.vector(java.util.stream.LongStream.range(0, count[0]).toArray())
            .cast(start.dtype());
    var all = f.add(start, f.mul(n.builder().constant(places), step));
    var isLast =
        TensorData.vector(
            java.util.stream.LongStream.range(0, count[0])
                .map(i -> i + 1 == count[0] ? 1 : 0)
                .toArray());
    n.give(new Select(), n.builder().constant(isLast.cast(DataType.BOOL)), n.in(1), all);
  }
}
