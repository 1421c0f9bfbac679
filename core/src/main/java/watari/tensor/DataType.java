package watari.tensor;

import java.util.Locale;

/// Element types. The order of the constants is of no meaning.
public enum DataType {
  FLOAT64(64, Kind.FLOAT),
  FLOAT32(32, Kind.FLOAT),
  FLOAT16(16, Kind.FLOAT),
  BFLOAT16(16, Kind.FLOAT),
  FLOAT8E4M3FN(8, Kind.FLOAT),
  FLOAT8E4M3FNUZ(8, Kind.FLOAT),
  FLOAT8E5M2(8, Kind.FLOAT),
  FLOAT8E5M2FNUZ(8, Kind.FLOAT),
  FLOAT8E8M0(8, Kind.FLOAT),
  FLOAT4E2M1(4, Kind.FLOAT),
  INT64(64, Kind.SIGNED),
  INT32(32, Kind.SIGNED),
  INT16(16, Kind.SIGNED),
  INT8(8, Kind.SIGNED),
  INT4(4, Kind.SIGNED),
  INT2(2, Kind.SIGNED),
  UINT64(64, Kind.UNSIGNED),
  UINT32(32, Kind.UNSIGNED),
  UINT16(16, Kind.UNSIGNED),
  UINT8(8, Kind.UNSIGNED),
  UINT4(4, Kind.UNSIGNED),
  UINT2(2, Kind.UNSIGNED),
  BOOL(8, Kind.BOOL),
  COMPLEX64(64, Kind.COMPLEX),
  COMPLEX128(128, Kind.COMPLEX),
  STRING(0, Kind.STRING);

  private enum Kind {
    FLOAT,
    SIGNED,
    UNSIGNED,
    BOOL,
    COMPLEX,
    STRING
  }

  private final int bits;
  private final Kind kind;

  DataType(int bits, Kind kind) {
    this.bits = bits;
    this.kind = kind;
  }

  /// Bits of one element; 0 for strings. Elements below 8 bits are packed, low bits first.
  public int bits() {
    return bits;
  }

  public boolean isFloat() {
    return kind == Kind.FLOAT;
  }

  public boolean isInteger() {
    return kind == Kind.SIGNED || kind == Kind.UNSIGNED;
  }

  public boolean isSigned() {
    return kind == Kind.SIGNED;
  }

  public boolean isComplex() {
    return kind == Kind.COMPLEX;
  }

  /// Bytes of `elements` packed elements.
  ///
  /// @throws IllegalArgumentException for strings, which have no fixed size
  public long sizeBytes(long elements) {
    if (this == STRING) throw new IllegalArgumentException("strings have no fixed size");
    return Math.ceilDiv(Math.multiplyExact(elements, bits), 8L);
  }

  /// Smallest value of an integer type.
  public long min() {
    return kind == Kind.SIGNED ? -1L << (bits - 1) : 0;
  }

  /// Largest value of an integer type (of UINT64: -1, its bit pattern).
  public long max() {
    return kind == Kind.SIGNED ? ~min() : bits == 64 ? -1L : (1L << bits) - 1;
  }

  /// The name that users see: `float32`, `int8`, `bool`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
