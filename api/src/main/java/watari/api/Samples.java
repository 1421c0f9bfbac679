package watari.api;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp.Gather;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Seeded inputs: floats in `[-1, 1)`, quantized integers over their range, indices that are in
/// bounds, numbers with which declared shapes hold, booleans of both kinds.
final class Samples {
  private static final long COMMON_INDICES = 10;

  /// A mask has zeros and ones.
  private static final long MASK = 2;

  private final Random random;

  Samples(long seed) {
    random = new Random(seed);
  }

  /// A tensor for an input.
  ///
  /// @param shape fixed
  /// @param sizes of unknown dims
  TensorData of(Value input, Shape shape, Map<String, Dim> sizes) {
    var dtype = input.dtype();
    int size = Math.toIntExact(shape.elements().fixed());
    var numbers = new ShapeNumbers(sizes).of(input, size);
    if (numbers.isPresent()) {
      return TensorData.ofDoubles(DataType.FLOAT64, shape, numbers.get()).cast(dtype);
    }
    if (dtype == DataType.BOOL) return bools(shape, size);
    if (!dtype.isInteger()) {
      var values = new double[size];
      for (int i = 0; i < size; i++) values[i] = random.nextFloat() * 2 - 1;
      return TensorData.ofDoubles(dtype, shape, values);
    }
    boolean isFull = input.type().isQuantized() || dtype.bits() <= 8;
    long low = isFull ? dtype.min() : 0;
    long count = isFull ? 1L << Math.min(dtype.bits(), 62) : bound(input, 0);
    var values = new long[size];
    for (int i = 0; i < size; i++) values[i] = low + random.nextLong(count);
    return TensorData.ofLongs(dtype, shape, values);
  }

  private TensorData bools(Shape shape, int size) {
    var bytes = new byte[size];
    for (int i = 0; i < size; i++) bytes[i] = (byte) (random.nextBoolean() ? 1 : 0);
    return TensorData.of(DataType.BOOL, shape, MemorySegment.ofArray(bytes));
  }

  /// How many indices are in bounds wherever the value is an index, and 2 where it is a mask, which
  /// `1 - x` turns round: another number would weigh what is masked beyond float32's precision.
  private static long bound(Value value, int depth) {
    long bound = COMMON_INDICES;
    for (var use : value.uses()) {
      var node = use.node();
      switch (node.op()) {
        case Gather(int axis, _) when use.index() == 1 -> {
          var shape = node.input(0).shape();
          if (shape.isRanked() && shape.dim(axis).isFixed()) {
            bound = Math.min(bound, Math.max(1, shape.dim(axis).fixed()));
          }
        }
        case Binary(var kind) when kind == Binary.Kind.SUB && use.index() == 1 -> {
          var one = node.input(0).constant().filter(data -> data.isAll(1));
          if (one.isPresent()) bound = Math.min(bound, MASK);
        }
        case Cast _, Identity _, Reshape _, Squeeze _, Unsqueeze _ -> {
          if (depth < 4) bound = Math.min(bound, bound(node.output(), depth + 1));
        }
        default -> {}
      }
    }
    return bound;
  }
}
