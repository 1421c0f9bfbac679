package watari.tensor;

import java.lang.foreign.MemorySegment;

/// Another tensor with its axes in another order, or repeated by strides of 0.
final class Strided extends TensorData {
  private final TensorData source;
  private final long[] dims;
  private final long[] strides;

  private Strided(TensorData source, Shape shape, long[] strides) {
    super(source.dtype(), shape);
    this.source = source;
    this.dims = shape.fixedDims();
    this.strides = strides;
  }

  /// @param strides how many elements each axis of `shape` steps in `source`, or in what `source`
  ///   is a view of: see [#stridesOf]
  static TensorData of(TensorData source, Shape shape, long[] strides) {
    var below = source instanceof Strided view ? view.source : source;
    var view = new Strided(below, shape, strides);
    return view.movesNothing() ? below.reshaped(shape) : view;
  }

  /// The strides of a tensor's axes in the tensor that it is a view of, or in itself.
  static long[] stridesOf(TensorData data) {
    return data instanceof Strided view ? view.strides : rowMajor(data.shape().fixedDims());
  }

  private static long[] rowMajor(long[] dims) {
    var strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    return strides;
  }

  private boolean movesNothing() {
    if (size() != source.size()) return false;
    var plain = rowMajor(dims);
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] != 1 && strides[i] != plain[i]) return false;
    }
    return true;
  }

  private long sourceIndex(long index) {
    long at = 0;
    for (int i = dims.length - 1; i >= 0; i--) {
      at += index % dims[i] * strides[i];
      index /= dims[i];
    }
    return at;
  }

  @Override
  public double doubleAt(long index) {
    return source.doubleAt(sourceIndex(index));
  }

  @Override
  public long longAt(long index) {
    return source.longAt(sourceIndex(index));
  }

  @Override
  public double imaginaryAt(long index) {
    return source.imaginaryAt(sourceIndex(index));
  }

  @Override
  public byte[] bytesAt(long index) {
    return source.bytesAt(sourceIndex(index));
  }

  @Override
  public long sizeBytes() {
    return dtype() == DataType.STRING ? Views.textBytes(this) : super.sizeBytes();
  }

  @Override
  public void copyTo(long first, long count, MemorySegment target) {
    var memory = source.contiguous();
    if (memory.isEmpty() || dtype().bits() % 8 != 0) {
      super.copyTo(first, count, target);
      return;
    }
    new Copy(memory.get(), target, first).run(count);
  }

  /// The axis along which neighbours of the source lie, or -1.
  private int denseAxis() {
    for (int i = 0; i < dims.length; i++) if (dims[i] > 1 && strides[i] == 1) return i;
    return -1;
  }

  /// Elements from one index on, in an order that reads and writes neighbours together.
  private final class Copy {
    /// Elements that are read beside each other: a line of the processor's cache and more.
    private static final long TILE = 32;

    private final int bytes;
    private final StridedCopy elements;
    private final MemorySegment from;
    private final MemorySegment target;
    private final long first;
    private final long row;
    private final long step;

    Copy(MemorySegment from, MemorySegment target, long first) {
      bytes = dtype().bits() / 8;
      elements = StridedCopy.of(bytes);
      this.from = from;
      this.target = target;
      this.first = first;
      int last = dims.length - 1;
      row = last < 0 ? 1 : dims[last];
      step = last < 0 ? 0 : strides[last];
    }

    /// The source lies along an outer axis: as many of its steps as are whole go together.
    void run(long count) {
      int dense = denseAxis();
      long inner = 1;
      for (int i = dense + 1; i < dims.length; i++) inner *= dims[i];
      long done = 0;
      while (done < count) {
        long index = first + done;
        long into = index % inner;
        boolean outer = dense >= 0 && dense < dims.length - 1 && into == 0;
        long steps =
            outer ? Math.min(dims[dense] - index / inner % dims[dense], (count - done) / inner) : 0;
        if (steps > 1) {
          for (long i = 0; i < steps; i += TILE)
            tiles(index + i * inner, Math.min(TILE, steps - i), inner);
          done += steps * inner;
        } else {
          long run = Math.min(inner - into, count - done);
          rows(index, run);
          done += run;
        }
      }
    }

    /// `width` steps of the dense axis from `index` on, each of `inner` elements.
    private void tiles(long index, long width, long inner) {
      for (long i = 0; i < inner; i += row) {
        long at = sourceIndex(index + i);
        long to = index + i - first;
        for (long j = 0; j < row; j++) {
          elements.copy(from, at + j * step, 1, target, to + j, inner, width);
        }
      }
    }

    /// Along the last axis, where one stride serves for a whole row.
    private void rows(long index, long count) {
      long done = 0;
      while (done < count) {
        long run = Math.min(row - (index + done) % row, count - done);
        long at = sourceIndex(index + done);
        long to = index + done - first;
        if (step == 1) MemorySegment.copy(from, at * bytes, target, to * bytes, run * bytes);
        else elements.copy(from, at, step, target, to, 1, run);
        done += run;
      }
    }
  }
}
