package watari.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import java.util.function.LongUnaryOperator;

/// The elements of a constant tensor, in row-major order.
///
/// Most are views of a mapped file. Transposing, casting, quantizing and repeating make views, too:
/// no element is computed before [#writeTo] or one of the `…At` methods asks for it. Views are
/// immutable; they are valid as long as the arena of the memory below them is open.
public abstract class TensorData {
  /// Linux takes pieces of 4 MB off mapped memory in half the time of those of 1 MB.
  private static final long CHUNK_BYTES = 1 << 22;

  /// Elements that are looked at together.
  private static final long SCANNED = 1 << 18;

  private final DataType dtype;
  private final Shape shape;
  private final long size;

  TensorData(DataType dtype, Shape shape) {
    this.dtype = dtype;
    this.shape = shape;
    long elements = 1;
    for (long dim : shape.fixedDims()) elements = Math.multiplyExact(elements, dim);
    this.size = elements;
  }

  public final DataType dtype() {
    return dtype;
  }

  /// The shape, which is fixed.
  public final Shape shape() {
    return shape;
  }

  public final TensorType type() {
    return new TensorType(dtype, shape);
  }

  /// Number of elements.
  public final long size() {
    return size;
  }

  /// Bytes when packed; of strings, the bytes of their text.
  public long sizeBytes() {
    return dtype.sizeBytes(size);
  }

  /// The element as a double; of complex numbers the real part, of booleans 0 or 1.
  public abstract double doubleAt(long index);

  /// The element as a long; floats are truncated, unsigned 64-bit ones are their bit pattern.
  public abstract long longAt(long index);

  /// The imaginary part of an element; 0 unless the numbers are complex.
  public double imaginaryAt(long index) {
    return 0;
  }

  /// The bytes of a string element.
  public byte[] bytesAt(long index) {
    throw new IllegalStateException("a " + dtype + " is not a string");
  }

  /// The packed elements where they lie in memory in this order already.
  public Optional<MemorySegment> contiguous() {
    return Optional.empty();
  }

  /// Writes elements `first` to `first + count` packed into `target`, from its offset 0.
  ///
  /// For types below 8 bits, `first` must begin a byte.
  public void copyTo(long first, long count, MemorySegment target) {
    var codec = ElementCodec.of(dtype);
    for (long i = 0; i < count; i++) codec.put(target, i, this, first + i);
  }

  /// Streams all elements, packed and little-endian, in pieces of a few megabytes.
  public final void writeTo(WritableByteChannel channel) throws IOException {
    // Only native memory, and byte arrays, can be seen as a ByteBuffer.
    var whole = contiguous().filter(MemorySegment::isNative);
    long total = sizeBytes();
    if (whole.isPresent()) {
      for (long at = 0; at < total; at += CHUNK_BYTES) {
        writeFully(channel, whole.get().asSlice(at, Math.min(CHUNK_BYTES, total - at)));
      }
      return;
    }
    long step = CHUNK_BYTES * 8 / dtype.bits();
    try (var arena = Arena.ofConfined()) {
      var chunk = arena.allocate(Math.min(CHUNK_BYTES, Math.max(total, 1)), 16);
      for (long first = 0; first < size; first += step) {
        long count = Math.min(step, size - first);
        var part = chunk.asSlice(0, dtype.sizeBytes(count));
        part.fill((byte) 0);
        copyTo(first, count, part);
        writeFully(channel, part);
      }
    }
  }

  private static void writeFully(WritableByteChannel channel, MemorySegment bytes)
      throws IOException {
    var buffer = bytes.asByteBuffer();
    while (buffer.hasRemaining()) channel.write(buffer);
  }

  /// The elements packed in one segment: the memory they lie in, or a copy.
  public final MemorySegment packed(Arena arena) {
    return contiguous()
        .orElseGet(() -> {
          var copy = arena.allocate(Math.max(sizeBytes(), 1), 16);
          copyTo(0, size, copy);
          return copy.asSlice(0, sizeBytes());
        });
  }

  /// Elements `first` to `first + count`, of 8 bits or more, packed: see [#packed].
  final MemorySegment packed(long first, long count, Arena arena) {
    long bytes = dtype.bits() / 8;
    return contiguous()
        .map(whole -> whole.asSlice(first * bytes, count * bytes))
        .orElseGet(() -> {
          var copy = arena.allocate(Math.max(count * bytes, 1), 16);
          copyTo(first, count, copy);
          return copy.asSlice(0, count * bytes);
        });
  }

  // ---- views

  /// Axis `i` of the result is axis `perm[i]` of this.
  public final TensorData transposed(List<Integer> perm) {
    return Views.transposed(this, perm);
  }

  /// The same elements under another shape of as many elements.
  public final TensorData reshaped(Shape to) {
    if (to.equals(shape)) return this;
    if (!to.isFixed() || to.elements().fixed() != size) {
      throw new IllegalArgumentException("shape " + to + " does not have " + size + " elements");
    }
    return reshapedTo(to);
  }

  TensorData reshapedTo(Shape to) {
    return new Views.Reshaped(this, to);
  }

  /// Elements converted one by one: floats to integers truncate, integers wrap, to `bool` is `!=
  /// 0`.
  public final TensorData cast(DataType to) {
    return to == dtype ? this : new Views.Cast(this, to);
  }

  /// The real numbers that these stored integers denote.
  public final TensorData dequantized(Quantization quantization, DataType to) {
    return quantization.isNone() ? cast(to) : new Views.Dequantized(this, quantization, to);
  }

  /// The nearest stored integers for these real numbers: ties to even, saturated to the range of
  /// `to`.
  public final TensorData quantized(Quantization quantization, DataType to) {
    return new Views.Quantized(this, quantization, to);
  }

  /// Repeats dims of 1 and adds outer axes so that the shape becomes `to`.
  public final TensorData expanded(Shape to) {
    return to.equals(shape) ? this : Views.expanded(this, to);
  }

  /// Each element times the factor of its index, rounded to the same type.
  public final TensorData scaled(LongToDoubleFunction factor) {
    return new Views.Scaled(this, factor);
  }

  /// Element `i` of the result is element `source(i)` of this.
  public final TensorData picked(Shape to, LongUnaryOperator source) {
    return new Views.Picked(this, to, source);
  }

  /// The elements of all parts, one after the other, as a vector.
  public static TensorData joined(List<TensorData> parts) {
    return new Views.Joined(parts);
  }

  /// The elements read once and kept packed in memory; for small tensors.
  public final TensorData copied() {
    if (contiguous().isPresent()) return this;
    if (dtype == DataType.STRING) {
      var texts = new java.util.ArrayList<byte[]>();
      for (long i = 0; i < size; i++) texts.add(bytesAt(i));
      return ofStrings(shape, texts);
    }
    var bytes = MemorySegment.ofArray(new byte[Math.toIntExact(sizeBytes())]);
    copyTo(0, size, bytes);
    return new Packed(dtype, shape, bytes);
  }

  // ---- contents

  /// Whether every element equals `value`.
  public final boolean isAll(double value) {
    for (long i = 0; i < size; i++) if (doubleAt(i) != value) return false;
    return true;
  }

  /// Whether there is one element at least and all are the same.
  public final boolean isUniform() {
    return size > 0 && !dtype.isComplex() && dtype != DataType.STRING && isAll(doubleAt(0));
  }

  /// Whether a number of this float32 tensor is finite and above `limit` without its sign.
  public final boolean hasBeyond(float limit) {
    if (dtype != DataType.FLOAT32) throw new IllegalStateException(dtype + " is not float32");
    for (long first = 0; first < size; first += SCANNED) {
      if (hasBeyond(limit, first, Math.min(SCANNED, size - first))) return true;
    }
    return false;
  }

  private boolean hasBeyond(float limit, long first, long count) {
    try (var arena = Arena.ofConfined()) {
      var floats = packed(first, count, arena);
      for (long i = 0; i < count; i++) {
        float number = Math.abs(floats.get(ElementCodec.FLOAT, i * Float.BYTES));
        if (number > limit && number != Float.POSITIVE_INFINITY) return true;
      }
    }
    return false;
  }

  /// The elements as longs.
  ///
  /// @throws ArithmeticException if there are more than an array holds
  public final long[] longs() {
    var all = new long[Math.toIntExact(size)];
    for (int i = 0; i < all.length; i++) all[i] = longAt(i);
    return all;
  }

  /// The elements as ints.
  ///
  /// @throws ArithmeticException if one does not fit
  public final int[] ints() {
    return Arrays.stream(longs()).mapToInt(Math::toIntExact).toArray();
  }

  public final double[] doubles() {
    var all = new double[Math.toIntExact(size)];
    for (int i = 0; i < all.length; i++) all[i] = doubleAt(i);
    return all;
  }

  public final float[] floats() {
    var all = new float[Math.toIntExact(size)];
    for (int i = 0; i < all.length; i++) all[i] = (float) doubleAt(i);
    return all;
  }

  /// Whether type, shape and every element are the same (NaN is NaN).
  public final boolean contentEquals(TensorData other) {
    if (dtype != other.dtype || !shape.equals(other.shape)) return false;
    if (dtype == DataType.STRING) {
      for (long i = 0; i < size; i++) {
        if (!Arrays.equals(bytesAt(i), other.bytesAt(i))) return false;
      }
      return true;
    }
    try (var arena = Arena.ofConfined()) {
      return packed(arena).mismatch(other.packed(arena)) == -1;
    }
  }

  // ---- making

  /// A view of packed little-endian elements.
  ///
  /// @throws IllegalArgumentException if the segment is too short
  public static TensorData of(DataType dtype, Shape shape, MemorySegment packed) {
    return new Packed(dtype, shape, packed);
  }

  public static TensorData ofFloats(Shape shape, float... values) {
    return new Packed(DataType.FLOAT32, shape, MemorySegment.ofArray(values));
  }

  public static TensorData ofLongs(Shape shape, long... values) {
    return new Packed(DataType.INT64, shape, MemorySegment.ofArray(values));
  }

  public static TensorData ofInts(Shape shape, int... values) {
    return new Packed(DataType.INT32, shape, MemorySegment.ofArray(values));
  }

  /// A vector of 64-bit integers, as shapes, axes and pads are.
  public static TensorData vector(long... values) {
    return ofLongs(Shape.of(values.length), values);
  }

  /// A vector of 64-bit integers, as shapes, axes and pads are.
  public static TensorData vector(List<? extends Number> values) {
    return vector(values.stream().mapToLong(Number::longValue).toArray());
  }

  public static TensorData scalar(long value) {
    return ofLongs(Shape.SCALAR, value);
  }

  public static TensorData scalar(float value) {
    return ofFloats(Shape.SCALAR, value);
  }

  /// A scalar of any numeric type; integers are exact up to 2^53.
  public static TensorData scalar(DataType dtype, double value) {
    return ofDoubles(dtype, Shape.SCALAR, value);
  }

  /// Elements given as doubles and rounded to `dtype`; integers must be whole.
  public static TensorData ofDoubles(DataType dtype, Shape shape, double... values) {
    var codec = ElementCodec.of(dtype);
    var bytes = MemorySegment.ofArray(new byte[Math.toIntExact(dtype.sizeBytes(values.length))]);
    for (int i = 0; i < values.length; i++) codec.putDouble(bytes, i, values[i]);
    return new Packed(dtype, shape, bytes);
  }

  /// Elements given as longs and wrapped to the integer type `dtype`.
  public static TensorData ofLongs(DataType dtype, Shape shape, long... values) {
    return ofLongs(shape, values).cast(dtype);
  }

  public static TensorData ofStrings(Shape shape, List<byte[]> values) {
    return new Views.Strings(shape, values);
  }

  /// Every element of `shape` is `value`, a tensor of one element.
  public static TensorData filled(TensorData value, Shape shape) {
    return value.reshaped(Shape.SCALAR).expanded(shape);
  }

  @Override
  public String toString() {
    var text = new StringBuilder(type().toString());
    if (size > 8) return text.toString();
    for (long i = 0; i < size; i++) {
      text.append(i == 0 ? " " : ", ");
      if (dtype == DataType.STRING) text.append(new String(bytesAt(i), UTF_8));
      else if (dtype.isInteger()) text.append(longAt(i));
      else text.append(doubleAt(i));
    }
    return text.toString();
  }

  /// Packed elements in memory.
  private static final class Packed extends TensorData {
    private final MemorySegment bytes;
    private final ElementCodec codec;

    Packed(DataType dtype, Shape shape, MemorySegment segment) {
      super(dtype, shape);
      if (segment.byteSize() < sizeBytes()) {
        throw new IllegalArgumentException(
            type() + " needs " + sizeBytes() + " bytes, but there are " + segment.byteSize());
      }
      bytes = segment.asSlice(0, sizeBytes()).asReadOnly();
      codec = ElementCodec.of(dtype);
    }

    @Override
    public double doubleAt(long index) {
      return codec.getDouble(bytes, index);
    }

    @Override
    public long longAt(long index) {
      return codec.getLong(bytes, index);
    }

    @Override
    public double imaginaryAt(long index) {
      return codec.getImaginary(bytes, index);
    }

    @Override
    public Optional<MemorySegment> contiguous() {
      return Optional.of(bytes);
    }

    @Override
    public void copyTo(long first, long count, MemorySegment target) {
      long from = first * dtype().bits() / 8;
      MemorySegment.copy(bytes, from, target, 0, dtype().sizeBytes(count));
    }

    @Override
    TensorData reshapedTo(Shape to) {
      return new Packed(dtype(), to, bytes);
    }
  }
}
