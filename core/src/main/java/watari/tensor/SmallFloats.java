package watari.tensor;

/// Floats of 16 bits or fewer as bit patterns.
///
/// Source: IEEE 754-2019 binary16; "FP8 formats for deep learning" (E4M3, E5M2); the FNUZ variants
/// as in ONNX (no infinity, no negative zero, bias one higher); OCP Microscaling 1.0 (E8M0, E2M1).
final class SmallFloats {
  private SmallFloats() {}

  static float decode(DataType dtype, int raw) {
    return switch (dtype) {
      case FLOAT16 -> Float.float16ToFloat((short) raw);
      case BFLOAT16 -> Float.intBitsToFloat(raw << 16);
      case FLOAT8E4M3FN -> (raw & 0x7f) == 0x7f ? Float.NaN : decode(raw, 4, 3, 7);
      case FLOAT8E4M3FNUZ -> raw == 0x80 ? Float.NaN : decode(raw, 4, 3, 8);
      case FLOAT8E5M2 -> decodeE5m2(raw);
      case FLOAT8E5M2FNUZ -> raw == 0x80 ? Float.NaN : decode(raw, 5, 2, 16);
      case FLOAT8E8M0 -> raw == 0xff ? Float.NaN : (float) Math.scalb(1.0, raw - 127);
      case FLOAT4E2M1 -> decode(raw, 2, 1, 1);
      default -> throw new IllegalArgumentException(dtype + " is no small float");
    };
  }

  private static float decodeE5m2(int raw) {
    if ((raw & 0x7c) != 0x7c) return decode(raw, 5, 2, 15);
    if ((raw & 3) != 0) return Float.NaN;
    return raw < 0x80 ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY;
  }

  private static float decode(int raw, int exponentBits, int mantissaBits, int bias) {
    int mantissa = raw & ((1 << mantissaBits) - 1);
    int exponent = (raw >> mantissaBits) & ((1 << exponentBits) - 1);
    int sign = (raw >> (mantissaBits + exponentBits)) & 1;
    double size =
        exponent == 0
            ? Math.scalb((double) mantissa, 1 - bias - mantissaBits)
            : Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
    return (float) (sign == 1 ? -size : size);
  }

  /// Rounds to nearest, ties to even. Below 16 bits, too large numbers become the largest finite
  /// one.
  static int encode(DataType dtype, float value) {
    return switch (dtype) {
      case FLOAT16 -> Float.floatToFloat16(value) & 0xffff;
      case BFLOAT16 -> encodeBfloat16(value);
      case FLOAT8E4M3FN -> nearest(dtype, value, 0x7e, 0x7f, 0x80);
      case FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ -> nearest(dtype, value, 0x7f, 0x80, 0x80);
      case FLOAT8E5M2 -> nearest(dtype, value, 0x7b, 0x7f, 0x80);
      case FLOAT8E8M0 -> nearest(dtype, value, 0xfe, 0xff, 0);
      case FLOAT4E2M1 -> nearest(dtype, value, 7, 7, 8);
      default -> throw new IllegalArgumentException(dtype + " is no small float");
    };
  }

  private static int encodeBfloat16(float value) {
    int raw = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) return (raw >>> 16) | 0x40;
    return (raw + 0x7fff + ((raw >>> 16) & 1)) >>> 16;
  }

  /// Patterns 0 to `largest` grow with their value, so the nearest is found by bisection.
  private static int nearest(DataType dtype, float value, int largest, int nan, int signBit) {
    if (Float.isNaN(value)) return nan;
    double size = Math.abs((double) value);
    int low = 0;
    int high = largest;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (decode(dtype, middle) <= size) low = middle;
      else high = middle;
    }
    double below = size - decode(dtype, low);
    double above = decode(dtype, high) - size;
    int raw = above < below || above == below && high % 2 == 0 ? high : low;
    boolean keepsSign = value < 0 && (raw != 0 || decode(dtype, signBit) == 0);
    return keepsSign ? raw | signBit : raw;
  }
}
