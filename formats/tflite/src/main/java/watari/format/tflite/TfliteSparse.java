package watari.format.tflite;

import java.lang.foreign.MemorySegment;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import watari.format.tflite.schema.DimensionMetadata;
import watari.format.tflite.schema.DimensionType;
import watari.format.tflite.schema.Int32Vector;
import watari.format.tflite.schema.SparseIndexVector;
import watari.format.tflite.schema.SparsityParameters;
import watari.format.tflite.schema.Uint16Vector;
import watari.format.tflite.schema.Uint8Vector;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Makes a sparse constant dense.
///
/// A tensor is stored as a tree: a level for each axis in `traversal_order`, the axes of blocks
/// behind those of the tensor. A dense level has all its places; a CSR level has, for each node of
/// the level above, a segment of the list of places that are there.
///
/// Source: TFLite schema, SparsityParameters; after the TACO format.
final class TfliteSparse {
  private static final int MAX_LEVELS = 32;

  /// How many times larger than what is stored a dense tensor may be.
  private static final long MAX_GROWTH = 4096;

  /// One level of the tree.
  ///
  /// @param segments where each node's places begin; of CSR only
  private record Level(boolean dense, int size, IntBuffer segments, IntBuffer places) {}

  private final String name;
  private final int[] dims;
  private final int[] order;
  private final int[] blockMap;
  private final List<Level> levels = new ArrayList<>();

  private TfliteSparse(Shape shape, SparsityParameters sparsity, String name) {
    this.name = name;
    dims = TensorData.vector(shape.fixedDims()).ints();
    order = new int[sparsity.traversalOrderLength()];
    for (int i = 0; i < order.length; i++) order[i] = sparsity.traversalOrder(i);
    blockMap = new int[sparsity.blockMapLength()];
    for (int i = 0; i < blockMap.length; i++) blockMap[i] = sparsity.blockMap(i);
    requireOrder(sparsity.dimMetadataLength());
    for (int i = 0; i < order.length; i++) {
      levels.add(level(Objects.requireNonNull(sparsity.dimMetadata(i))));
    }
    requireSizes();
  }

  static TensorData dense(
      DataType dtype, Shape shape, MemorySegment bytes, SparsityParameters sparsity, String name) {
    if (dtype.bits() % 8 != 0) {
      throw Unreadable.operator(
          "tensor '%s' is sparse and has elements of %d bits".formatted(name, dtype.bits()),
          "store it dense");
    }
    return new TfliteSparse(shape, sparsity, name).fill(dtype, shape, bytes);
  }

  private void requireOrder(int levelCount) {
    boolean fits = order.length == dims.length + blockMap.length && levelCount == order.length;
    fits &= order.length <= MAX_LEVELS;
    var seen = new boolean[order.length];
    for (int axis : order) {
      if (axis < 0 || axis >= order.length || seen[axis]) fits = false;
      else seen[axis] = true;
    }
    for (int axis : blockMap) fits &= axis >= 0 && axis < dims.length;
    if (!fits) throw broken("its traversal order, blocks and levels do not fit its shape");
  }

  private Level level(DimensionMetadata metadata) {
    if (metadata.format() == DimensionType.DENSE) {
      if (metadata.denseSize() < 0) throw broken("a level has size " + metadata.denseSize());
      return new Level(true, metadata.denseSize(), IntBuffer.allocate(0), IntBuffer.allocate(0));
    }
    var segments = segments(metadata);
    return new Level(false, 0, segments, places(metadata));
  }

  private IntBuffer segments(DimensionMetadata metadata) {
    return switch (metadata.arraySegmentsType()) {
      case SparseIndexVector.Int32Vector -> ints(metadata.arraySegments(new Int32Vector()));
      case SparseIndexVector.Uint16Vector -> ints(metadata.arraySegments(new Uint16Vector()));
      case SparseIndexVector.Uint8Vector -> ints(metadata.arraySegments(new Uint8Vector()));
      default -> throw broken("a level has no segments");
    };
  }

  private IntBuffer places(DimensionMetadata metadata) {
    return switch (metadata.arrayIndicesType()) {
      case SparseIndexVector.Int32Vector -> ints(metadata.arrayIndices(new Int32Vector()));
      case SparseIndexVector.Uint16Vector -> ints(metadata.arrayIndices(new Uint16Vector()));
      case SparseIndexVector.Uint8Vector -> ints(metadata.arrayIndices(new Uint8Vector()));
      default -> throw broken("a level has no indices");
    };
  }

  private IntBuffer ints(Object vector) {
    return switch (vector) {
      case Int32Vector v -> collect(v.valuesLength(), v::values);
      case Uint16Vector v -> collect(v.valuesLength(), v::values);
      case Uint8Vector v -> collect(v.valuesLength(), v::values);
      default -> throw broken("a level has no numbers");
    };
  }

  private static IntBuffer collect(int length, java.util.function.IntUnaryOperator at) {
    var all = new int[length];
    for (int i = 0; i < length; i++) all[i] = at.applyAsInt(i);
    return IntBuffer.wrap(all);
  }

  /// A dense level is as large as its axis, or its axis divided by the block.
  private void requireSizes() {
    for (int i = 0; i < levels.size(); i++) {
      int axis = order[i];
      if (!levels.get(i).dense() || axis >= dims.length) continue;
      long whole = levels.get(i).size() * (long) block(axis);
      if (whole != dims[axis]) throw broken("axis '%d' has level size %d".formatted(axis, whole));
    }
  }

  /// The size of the block along an axis of the tensor; 1 where it has none.
  private int block(int axis) {
    int size = 1;
    for (int i = 0; i < blockMap.length; i++) {
      if (blockMap[i] != axis) continue;
      int at = levelOf(dims.length + i);
      if (!levels.get(at).dense() || levels.get(at).size() < 1) {
        throw broken("the block of axis '%d' is not dense".formatted(axis));
      }
      size = levels.get(at).size();
    }
    return size;
  }

  private int levelOf(int axis) {
    for (int i = 0; i < order.length; i++) if (order[i] == axis) return i;
    throw broken("axis '%d' has no level".formatted(axis));
  }

  /// Walks the tree, depth first: leaves come in the order of the stored elements.
  private TensorData fill(DataType dtype, Shape shape, MemorySegment bytes) {
    int width = dtype.bits() / 8;
    long size = shape.elements().fixed();
    if (size / MAX_GROWTH > bytes.byteSize()) throw broken("hardly any of it is there");
    var dense = new byte[Math.toIntExact(dtype.sizeBytes(size))];
    var target = MemorySegment.ofArray(dense);
    var walk = new Walk(bytes, target, width);
    walk.level(0, 0);
    return TensorData.of(dtype, shape, target);
  }

  private final class Walk {
    private final MemorySegment from;
    private final MemorySegment to;
    private final int width;
    private final int[] at = new int[order.length];
    private final int[] blocks = new int[dims.length];
    private long leavesLeft;

    Walk(MemorySegment from, MemorySegment to, int width) {
      this.from = from;
      this.to = to;
      this.width = width;
      this.leavesLeft = from.byteSize() / width;
      for (int i = 0; i < dims.length; i++) blocks[i] = block(i);
    }

    /// @param parent number of the node above among all of its level
    void level(int depth, long parent) {
      if (depth == levels.size()) {
        leaf(parent);
        return;
      }
      var level = levels.get(depth);
      if (level.dense()) {
        for (int i = 0; i < level.size(); i++) {
          at[order[depth]] = i;
          level(depth + 1, parent * level.size() + i);
        }
        return;
      }
      if (parent + 1 >= level.segments().limit()) throw broken("its segments end early");
      int end = level.segments().get((int) parent + 1);
      if (end > level.places().limit()) throw broken("its segments pass its indices");
      for (int i = Math.max(level.segments().get((int) parent), 0); i < end; i++) {
        at[order[depth]] = level.places().get(i);
        level(depth + 1, i);
      }
    }

    private void leaf(long number) {
      if (leavesLeft-- <= 0 || (number + 1) * width > from.byteSize()) {
        throw broken("it has more places than elements");
      }
      long index = 0;
      for (int axis = 0; axis < dims.length; axis++) {
        long place = (long) at[axis] * blocks[axis] + inner(axis);
        if (place < 0 || place >= dims[axis]) throw broken("a place is outside of its shape");
        index = index * dims[axis] + place;
      }
      MemorySegment.copy(from, number * width, to, index * width, width);
    }

    private int inner(int axis) {
      for (int i = 0; i < blockMap.length; i++) if (blockMap[i] == axis) return at[dims.length + i];
      return 0;
    }
  }

  private Unreadable broken(String why) {
    return Unreadable.broken("tensor '%s' is sparse, but %s".formatted(name, why));
  }
}
