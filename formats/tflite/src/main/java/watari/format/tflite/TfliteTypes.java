package watari.format.tflite;

import java.util.Optional;
import watari.format.tflite.schema.TensorType;
import watari.tensor.DataType;

/// Element types as TFLite numbers them.
final class TfliteTypes {
  private TfliteTypes() {}

  /// The number of an element type; empty where TFLite has none.
  static Optional<Byte> number(DataType dtype) {
    return switch (dtype) {
      case FLOAT32 -> Optional.of(TensorType.FLOAT32);
      case FLOAT16 -> Optional.of(TensorType.FLOAT16);
      case INT32 -> Optional.of(TensorType.INT32);
      case UINT8 -> Optional.of(TensorType.UINT8);
      case INT64 -> Optional.of(TensorType.INT64);
      case STRING -> Optional.of(TensorType.STRING);
      case BOOL -> Optional.of(TensorType.BOOL);
      case INT16 -> Optional.of(TensorType.INT16);
      case COMPLEX64 -> Optional.of(TensorType.COMPLEX64);
      case INT8 -> Optional.of(TensorType.INT8);
      case FLOAT64 -> Optional.of(TensorType.FLOAT64);
      case COMPLEX128 -> Optional.of(TensorType.COMPLEX128);
      case UINT64 -> Optional.of(TensorType.UINT64);
      case UINT32 -> Optional.of(TensorType.UINT32);
      case UINT16 -> Optional.of(TensorType.UINT16);
      case INT4 -> Optional.of(TensorType.INT4);
      case BFLOAT16 -> Optional.of(TensorType.BFLOAT16);
      case INT2 -> Optional.of(TensorType.INT2);
      case UINT4 -> Optional.of(TensorType.UINT4);
      case FLOAT8E4M3FN -> Optional.of(TensorType.FLOAT8_E4M3FN);
      case FLOAT8E5M2 -> Optional.of(TensorType.FLOAT8_E5M2);
      case FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ, FLOAT8E8M0, FLOAT4E2M1, UINT2 -> Optional.empty();
    };
  }
}
