package watari.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads and writes single packed elements of one type.
abstract class ElementCodec {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  abstract double getDouble(MemorySegment bytes, long index);

  abstract long getLong(MemorySegment bytes, long index);

  abstract void putDouble(MemorySegment bytes, long index, double value);

  abstract void putLong(MemorySegment bytes, long index, long value);

  double getImaginary(MemorySegment bytes, long index) {
    return 0;
  }

  /// Copies element `from` of `source` to element `index`.
  void put(MemorySegment bytes, long index, TensorData source, long from) {
    if (source.dtype().isFloat()) putDouble(bytes, index, source.doubleAt(from));
    else putLong(bytes, index, source.longAt(from));
  }

  static ElementCodec of(DataType dtype) {
    return switch (dtype) {
      case FLOAT32 -> new Float32();
      case FLOAT64 -> new Float64();
      case INT64, UINT64 -> new Int64();
      case INT32 -> new Int32();
      case INT8 -> new Int8();
      case UINT8 -> new Uint8();
      case BOOL -> new Bool();
      case INT16, UINT16, UINT32, INT4, UINT4, INT2, UINT2 ->
          new Bits(dtype.bits(), dtype.isSigned());
      case FLOAT16,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          FLOAT4E2M1 ->
          new SmallFloat(dtype);
      case COMPLEX64 -> new Complex(FLOAT);
      case COMPLEX128 -> new Complex(DOUBLE);
      case STRING -> new NoNumbers();
    };
  }

  private abstract static class Integers extends ElementCodec {
    @Override
    double getDouble(MemorySegment bytes, long index) {
      return getLong(bytes, index);
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      putLong(bytes, index, (long) value);
    }
  }

  private abstract static class Floats extends ElementCodec {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return (long) getDouble(bytes, index);
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      putDouble(bytes, index, value);
    }
  }

  private static final class Float32 extends Floats {
    @Override
    double getDouble(MemorySegment bytes, long index) {
      return bytes.get(FLOAT, index * 4);
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      bytes.set(FLOAT, index * 4, (float) value);
    }
  }

  private static final class Float64 extends Floats {
    @Override
    double getDouble(MemorySegment bytes, long index) {
      return bytes.get(DOUBLE, index * 8);
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      bytes.set(DOUBLE, index * 8, value);
    }
  }

  private static final class Int64 extends Integers {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return bytes.get(LONG, index * 8);
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      bytes.set(LONG, index * 8, value);
    }
  }

  private static final class Int32 extends Integers {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return bytes.get(INT, index * 4);
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      bytes.set(INT, index * 4, (int) value);
    }
  }

  private static final class Int8 extends Integers {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return bytes.get(JAVA_BYTE, index);
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      bytes.set(JAVA_BYTE, index, (byte) value);
    }
  }

  private static final class Uint8 extends Integers {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return bytes.get(JAVA_BYTE, index) & 0xff;
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      bytes.set(JAVA_BYTE, index, (byte) value);
    }
  }

  private static final class Bool extends Integers {
    @Override
    long getLong(MemorySegment bytes, long index) {
      return bytes.get(JAVA_BYTE, index) != 0 ? 1 : 0;
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      bytes.set(JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      putLong(bytes, index, value != 0 ? 1 : 0);
    }
  }

  /// Integers of 2, 4, 16 or 32 bits, packed with the low bits first.
  private static final class Bits extends Integers {
    private final int bits;
    private final boolean signed;

    Bits(int bits, boolean signed) {
      this.bits = bits;
      this.signed = signed;
    }

    @Override
    long getLong(MemorySegment bytes, long index) {
      long raw =
          switch (bits) {
            case 32 -> bytes.get(INT, index * 4);
            case 16 -> bytes.get(SHORT, index * 2);
            default -> bytes.get(JAVA_BYTE, index * bits / 8) >> (index * bits % 8);
          };
      int unused = 64 - bits;
      return signed ? raw << unused >> unused : raw << unused >>> unused;
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      switch (bits) {
        case 32 -> bytes.set(INT, index * 4, (int) value);
        case 16 -> bytes.set(SHORT, index * 2, (short) value);
        default -> {
          long at = index * bits / 8;
          int shift = (int) (index * bits % 8);
          int mask = ((1 << bits) - 1) << shift;
          int kept = bytes.get(JAVA_BYTE, at) & ~mask;
          bytes.set(JAVA_BYTE, at, (byte) (kept | (((int) value << shift) & mask)));
        }
      }
    }
  }

  /// Floats of 16 bits or fewer; see [SmallFloats] for their formats.
  private static final class SmallFloat extends Floats {
    private final DataType dtype;

    SmallFloat(DataType dtype) {
      this.dtype = dtype;
    }

    @Override
    double getDouble(MemorySegment bytes, long index) {
      return SmallFloats.decode(dtype, rawAt(bytes, index));
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      int raw = SmallFloats.encode(dtype, (float) value);
      switch (dtype.bits()) {
        case 16 -> bytes.set(SHORT, index * 2, (short) raw);
        case 8 -> bytes.set(JAVA_BYTE, index, (byte) raw);
        default -> new Bits(4, false).putLong(bytes, index, raw);
      }
    }

    private int rawAt(MemorySegment bytes, long index) {
      return switch (dtype.bits()) {
        case 16 -> bytes.get(SHORT, index * 2) & 0xffff;
        case 8 -> bytes.get(JAVA_BYTE, index) & 0xff;
        default -> (bytes.get(JAVA_BYTE, index / 2) >> (index % 2 * 4)) & 0xf;
      };
    }
  }

  private static final class Complex extends Floats {
    private final ValueLayout part;

    Complex(ValueLayout part) {
      this.part = part;
    }

    @Override
    double getDouble(MemorySegment bytes, long index) {
      return partAt(bytes, index * 2);
    }

    @Override
    double getImaginary(MemorySegment bytes, long index) {
      return partAt(bytes, index * 2 + 1);
    }

    private double partAt(MemorySegment bytes, long at) {
      return part == FLOAT ? bytes.get(FLOAT, at * 4) : bytes.get(DOUBLE, at * 8);
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      putPart(bytes, index * 2, value);
      putPart(bytes, index * 2 + 1, 0);
    }

    @Override
    void put(MemorySegment bytes, long index, TensorData source, long from) {
      putPart(bytes, index * 2, source.doubleAt(from));
      putPart(bytes, index * 2 + 1, source.imaginaryAt(from));
    }

    private void putPart(MemorySegment bytes, long at, double value) {
      if (part == FLOAT) bytes.set(FLOAT, at * 4, (float) value);
      else bytes.set(DOUBLE, at * 8, value);
    }
  }

  /// Strings have no numbers.
  private static final class NoNumbers extends ElementCodec {
    private static IllegalStateException none() {
      return new IllegalStateException("strings have no numbers");
    }

    @Override
    double getDouble(MemorySegment bytes, long index) {
      throw none();
    }

    @Override
    long getLong(MemorySegment bytes, long index) {
      throw none();
    }

    @Override
    void putDouble(MemorySegment bytes, long index, double value) {
      throw none();
    }

    @Override
    void putLong(MemorySegment bytes, long index, long value) {
      throw none();
    }
  }
}
