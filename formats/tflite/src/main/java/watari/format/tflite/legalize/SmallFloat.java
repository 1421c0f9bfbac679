package watari.format.tflite.legalize;

import java.util.Optional;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Binary.Kind;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// A float type of 8 bits or fewer, and rounding to it by arithmetic on float32.
///
/// @param mantissa bits behind the leading one
/// @param minExponent of the smallest normal number
/// @param max the largest number
/// @param overflow what is too large becomes where it does not saturate
record SmallFloat(int mantissa, int minExponent, float max, float overflow) {
  private static final int FLOAT32_MANTISSA = 23;

  static Optional<SmallFloat> of(DataType dtype) {
    return Optional.ofNullable(
        switch (dtype) {
          case FLOAT8E4M3FN -> new SmallFloat(3, -6, 448, Float.NaN);
          case FLOAT8E4M3FNUZ -> new SmallFloat(3, -7, 240, Float.NaN);
          case FLOAT8E5M2 -> new SmallFloat(2, -14, 57344, Float.POSITIVE_INFINITY);
          case FLOAT8E5M2FNUZ -> new SmallFloat(2, -15, 57344, Float.NaN);
          case FLOAT4E2M1 -> new SmallFloat(1, 0, 6, 6);
          default -> null;
        });
  }

  /// The nearest numbers of the type, ties to even, as float32.
  Value rounded(Value x, boolean saturates, GraphBuilder builder) {
    var size = builder.add(new Unary(Unary.Kind.ABS), x);
    var step = step(size, builder);
    var steps = builder.add(new Unary(Unary.Kind.ROUND), binary(Kind.DIV, x, step, builder));
    var near = binary(Kind.MUL, steps, step, builder);
    var isLarge =
        binary(
            Kind.GREATER,
            builder.add(new Unary(Unary.Kind.ABS), near),
            number(max, builder),
            builder);
    var isNegative = binary(Kind.LESS, x, number(0, builder), builder);
    float beyond = saturates ? max : overflow;
    var limit =
        builder.add(new Select(), isNegative, number(-beyond, builder), number(beyond, builder));
    var result = builder.add(new Select(), isLarge, limit, near);
    if (mantissa > 1) return result;
    // What has no NaN makes 0 of one.
    var isNumber = binary(Kind.EQUAL, x, x, builder);
    return builder.add(new Select(), isNumber, result, number(0, builder));
  }

  /// The distance of neighbouring numbers: the power of two below, by its mantissa's bits.
  private Value step(Value size, GraphBuilder builder) {
    var bits = builder.add(new Bitcast(DataType.INT32), size);
    var exponent = binary(Kind.SHIFT_RIGHT, bits, whole(FLOAT32_MANTISSA, builder), builder);
    var cleared = binary(Kind.MUL, exponent, whole(1 << FLOAT32_MANTISSA, builder), builder);
    var power = builder.add(new Bitcast(DataType.FLOAT32), cleared);
    // An infinity is like the largest number, and beyond it all the same.
    var finite = binary(Kind.MIN, power, number(0x1p100f, builder), builder);
    var normal =
        binary(Kind.MAX, finite, number((float) Math.scalb(1.0, minExponent), builder), builder);
    return binary(Kind.MUL, normal, number((float) Math.scalb(1.0, -mantissa), builder), builder);
  }

  private static Value binary(Kind kind, Value a, Value b, GraphBuilder builder) {
    return builder.add(new Binary(kind), a, b);
  }

  private static Value number(float value, GraphBuilder builder) {
    return builder.constant(TensorData.scalar(value));
  }

  private static Value whole(int value, GraphBuilder builder) {
    return builder.constant(TensorData.scalar(DataType.INT32, value));
  }
}
