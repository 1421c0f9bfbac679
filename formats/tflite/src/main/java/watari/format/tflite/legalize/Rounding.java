package watari.format.tflite.legalize;

import java.util.Optional;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Binary.Kind;
import watari.op.ElementwiseOp.Cast;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Rounds numbers to a narrow type that is carried by a wider one.
final class Rounding {
  private Rounding() {}

  /// The rounded numbers in the carrier; empty where a plain Cast to the carrier does.
  static Optional<Value> to(DataType narrow, Value x, boolean saturate, GraphBuilder builder) {
    return switch (narrow) {
      case FLOAT16, BFLOAT16 ->
          Optional.of(
              builder.add(
                  new Cast(DataType.FLOAT32), builder.add(new Cast(narrow), real(x, builder))));
      case INT4, INT2, UINT4, UINT2 -> Optional.of(wrapped(narrow, x, builder));
      case FLOAT64 -> Optional.empty();
      default ->
          SmallFloat.of(narrow).map(type -> type.rounded(real(x, builder), saturate, builder));
    };
  }

  private static Value real(Value x, GraphBuilder builder) {
    return x.dtype() == DataType.FLOAT32 ? x : builder.add(new Cast(DataType.FLOAT32), x);
  }

  /// The lowest bits, with their sign.
  private static Value wrapped(DataType narrow, Value x, GraphBuilder builder) {
    var whole = builder.add(new Cast(DataType.INT32), x);
    int count = 1 << narrow.bits();
    int offset = narrow.isSigned() ? count / 2 : 0;
    var lifted = builder.add(new Binary(Kind.ADD), whole, number(offset, builder));
    var low = builder.add(new Binary(Kind.FLOOR_MOD), lifted, number(count, builder));
    var result = builder.add(new Binary(Kind.SUB), low, number(offset, builder));
    return builder.add(new Cast(narrow.isSigned() ? DataType.INT8 : DataType.UINT8), result);
  }

  private static Value number(int value, GraphBuilder builder) {
    return builder.constant(TensorData.scalar(DataType.INT32, value));
  }
}
