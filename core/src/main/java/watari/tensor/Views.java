package watari.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import java.util.function.LongUnaryOperator;

/// The lazy kinds of [TensorData].
final class Views {
  private Views() {}

  /// The view of a view looks through it, so that what is turned there and back is not moved.
  static TensorData transposed(TensorData source, List<Integer> perm) {
    var strides = Strided.stridesOf(source);
    var moved = perm.stream().mapToLong(axis -> strides[axis]).toArray();
    return Strided.of(source, source.shape().transposed(perm), moved);
  }

  static TensorData expanded(TensorData source, Shape to) {
    var from = source.shape().fixedDims();
    var strides = Strided.stridesOf(source);
    var target = to.fixedDims();
    int added = target.length - from.length;
    if (added < 0) throw new IllegalArgumentException(source.shape() + " has more axes than " + to);
    var result = new long[target.length];
    for (int i = 0; i < from.length; i++) {
      if (from[i] != 1 && from[i] != target[added + i]) {
        throw new IllegalArgumentException(source.shape() + " does not broadcast to " + to);
      }
      result[added + i] = from[i] == 1 ? 0 : strides[i];
    }
    return Strided.of(source, to, result);
  }

  /// A view that reads each element of its source at the same index.
  private abstract static class SameOrder extends TensorData {
    final TensorData source;

    SameOrder(TensorData source, DataType dtype, Shape shape) {
      super(dtype, shape);
      this.source = source;
    }

    @Override
    public double imaginaryAt(long index) {
      return source.imaginaryAt(index);
    }

    @Override
    public byte[] bytesAt(long index) {
      return source.bytesAt(index);
    }
  }

  static final class Reshaped extends SameOrder {
    Reshaped(TensorData source, Shape to) {
      super(source, source.dtype(), to);
    }

    @Override
    public double doubleAt(long index) {
      return source.doubleAt(index);
    }

    @Override
    public long longAt(long index) {
      return source.longAt(index);
    }

    @Override
    public long sizeBytes() {
      return source.sizeBytes();
    }

    @Override
    public Optional<MemorySegment> contiguous() {
      return source.contiguous();
    }

    @Override
    public void copyTo(long first, long count, MemorySegment target) {
      source.copyTo(first, count, target);
    }

    @Override
    TensorData reshapedTo(Shape to) {
      return source.reshaped(to);
    }
  }

  static final class Cast extends SameOrder {
    Cast(TensorData source, DataType to) {
      super(source, to, source.shape());
    }

    /// To float16, in which large models are stored, many at a time.
    @Override
    public void copyTo(long first, long count, MemorySegment target) {
      if (source.dtype() != DataType.FLOAT32 || dtype() != DataType.FLOAT16) {
        super.copyTo(first, count, target);
        return;
      }
      try (var arena = Arena.ofConfined()) {
        var floats = source.packed(first, count, arena);
        for (long i = 0; i < count; i++) {
          target.set(
              ElementCodec.SHORT,
              i * 2,
              Float.floatToFloat16(floats.get(ElementCodec.FLOAT, i * 4)));
        }
      }
    }

    /// What the value becomes when it is stored in this type.
    @Override
    public double doubleAt(long index) {
      return switch (dtype()) {
        case FLOAT64 -> source.doubleAt(index);
        case FLOAT32 -> (float) source.doubleAt(index);
        case COMPLEX64, COMPLEX128 -> source.doubleAt(index);
        case STRING -> throw new IllegalStateException("numbers are not cast to strings");
        default -> {
          if (!dtype().isFloat()) yield longAt(index);
          int raw = SmallFloats.encode(dtype(), (float) source.doubleAt(index));
          yield SmallFloats.decode(dtype(), raw);
        }
      };
    }

    @Override
    public long longAt(long index) {
      if (dtype() == DataType.BOOL) return source.doubleAt(index) != 0 ? 1 : 0;
      if (dtype().isFloat()) return (long) doubleAt(index);
      int unused = 64 - dtype().bits();
      long value = source.longAt(index);
      return dtype().isSigned() ? value << unused >> unused : value << unused >>> unused;
    }
  }

  /// Scale and zero point of each element.
  private static final class Steps {
    private final Quantization quantization;
    private final long[] dims;
    private long inner;
    private long[] blockDims;

    Steps(Quantization quantization, Shape shape) {
      this.quantization = quantization;
      dims = shape.fixedDims();
      inner = 1;
      blockDims = dims;
      switch (quantization) {
        case Quantization.PerAxis p -> {
          for (int i = p.axis() + 1; i < dims.length; i++) inner *= dims[i];
        }
        case Quantization.Blocked b -> {
          for (int i = b.axis() + 1; i < dims.length; i++) inner *= dims[i];
          blockDims = b.scales().shape().fixedDims();
        }
        case Quantization.None _, Quantization.PerTensor _ -> {}
      }
    }

    double scale(long index) {
      return switch (quantization) {
        case Quantization.None _ -> 1;
        case Quantization.PerTensor p -> p.scale();
        case Quantization.PerAxis p -> p.scales().get(channel(index, p.axis()));
        case Quantization.Blocked b -> b.scales().doubleAt(block(index, b));
      };
    }

    long zeroPoint(long index) {
      return switch (quantization) {
        case Quantization.None _ -> 0;
        case Quantization.PerTensor p -> p.zeroPoint();
        case Quantization.PerAxis p -> p.zeroPoints().get(channel(index, p.axis()));
        case Quantization.Blocked b -> b.zeroPoints().longAt(block(index, b));
      };
    }

    private int channel(long index, int axis) {
      return (int) (index / inner % dims[axis]);
    }

    private long block(long index, Quantization.Blocked b) {
      long along = index / inner % dims[b.axis()] / b.blockSize();
      long outer = index / inner / dims[b.axis()];
      return (outer * blockDims[b.axis()] + along) * inner + index % inner;
    }
  }

  static final class Dequantized extends SameOrder {
    private final Steps steps;

    Dequantized(TensorData source, Quantization quantization, DataType to) {
      super(source, to, source.shape());
      steps = new Steps(quantization, source.shape());
    }

    @Override
    public double doubleAt(long index) {
      return (float) (source.longAt(index) - steps.zeroPoint(index)) * (float) steps.scale(index);
    }

    @Override
    public long longAt(long index) {
      return (long) doubleAt(index);
    }
  }

  static final class Quantized extends SameOrder {
    private final Steps steps;

    Quantized(TensorData source, Quantization quantization, DataType to) {
      super(source, to, source.shape());
      steps = new Steps(quantization, source.shape());
    }

    @Override
    public long longAt(long index) {
      float scaled = (float) source.doubleAt(index) / (float) steps.scale(index);
      double rounded = Math.rint(scaled) + steps.zeroPoint(index);
      return (long) Math.clamp(rounded, (double) dtype().min(), (double) dtype().max());
    }

    @Override
    public double doubleAt(long index) {
      return longAt(index);
    }
  }

  static final class Scaled extends SameOrder {
    private final LongToDoubleFunction factor;

    Scaled(TensorData source, LongToDoubleFunction factor) {
      super(source, source.dtype(), source.shape());
      this.factor = factor;
    }

    @Override
    public double doubleAt(long index) {
      double product = source.doubleAt(index) * factor.applyAsDouble(index);
      return dtype() == DataType.FLOAT32 ? (float) product : product;
    }

    @Override
    public long longAt(long index) {
      return (long) doubleAt(index);
    }
  }

  /// Elements of another tensor in any order, each any number of times.
  static final class Picked extends TensorData {
    private final TensorData source;
    private final LongUnaryOperator from;

    Picked(TensorData source, Shape to, LongUnaryOperator from) {
      super(source.dtype(), to);
      this.source = source;
      this.from = from;
    }

    @Override
    public double doubleAt(long index) {
      return source.doubleAt(from.applyAsLong(index));
    }

    @Override
    public long longAt(long index) {
      return source.longAt(from.applyAsLong(index));
    }

    @Override
    public double imaginaryAt(long index) {
      return source.imaginaryAt(from.applyAsLong(index));
    }

    @Override
    public byte[] bytesAt(long index) {
      return source.bytesAt(from.applyAsLong(index));
    }

    @Override
    public long sizeBytes() {
      return dtype() == DataType.STRING ? textBytes(this) : super.sizeBytes();
    }
  }

  /// Tensors one after the other.
  static final class Joined extends TensorData {
    private final List<TensorData> parts;
    private final long[] begins;

    Joined(List<TensorData> parts) {
      super(parts.get(0).dtype(), Shape.of(parts.stream().mapToLong(TensorData::size).sum()));
      this.parts = List.copyOf(parts);
      begins = new long[parts.size()];
      for (int i = 1; i < begins.length; i++) begins[i] = begins[i - 1] + parts.get(i - 1).size();
    }

    private int part(long index) {
      int low = 0;
      int high = begins.length - 1;
      while (low < high) {
        int middle = (low + high + 1) >>> 1;
        if (begins[middle] <= index) low = middle;
        else high = middle - 1;
      }
      return low;
    }

    @Override
    public double doubleAt(long index) {
      int part = part(index);
      return parts.get(part).doubleAt(index - begins[part]);
    }

    @Override
    public long longAt(long index) {
      int part = part(index);
      return parts.get(part).longAt(index - begins[part]);
    }

    @Override
    public double imaginaryAt(long index) {
      int part = part(index);
      return parts.get(part).imaginaryAt(index - begins[part]);
    }

    @Override
    public byte[] bytesAt(long index) {
      int part = part(index);
      return parts.get(part).bytesAt(index - begins[part]);
    }

    @Override
    public long sizeBytes() {
      return dtype() == DataType.STRING ? textBytes(this) : super.sizeBytes();
    }
  }

  static long textBytes(TensorData texts) {
    long bytes = 0;
    for (long i = 0; i < texts.size(); i++) bytes += texts.bytesAt(i).length;
    return bytes;
  }

  static final class Strings extends TensorData {
    private final List<byte[]> values;

    Strings(Shape shape, List<byte[]> values) {
      super(DataType.STRING, shape);
      this.values = List.copyOf(values);
      if (this.values.size() != size()) {
        throw new IllegalArgumentException(
            "shape " + shape + " has " + size() + " elements, not " + values.size());
      }
    }

    @Override
    public long sizeBytes() {
      return values.stream().mapToLong(value -> value.length).sum();
    }

    @Override
    public double doubleAt(long index) {
      throw new IllegalStateException("strings have no numbers");
    }

    @Override
    public long longAt(long index) {
      throw new IllegalStateException("strings have no numbers");
    }

    @Override
    public byte[] bytesAt(long index) {
      return values.get(Math.toIntExact(index)).clone();
    }
  }
}
