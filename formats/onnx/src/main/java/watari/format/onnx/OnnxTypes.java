package watari.format.onnx;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import watari.format.onnx.schema.TensorProto;
import watari.tensor.DataType;

/// Element types of ONNX and ours.
///
/// Source: ONNX 1.23, TensorProto.DataType. FLOAT6E2M3 and FLOAT6E3M2 have no counterpart.
final class OnnxTypes {
  private static final Map<TensorProto.DataType, DataType> OURS = table();

  private OnnxTypes() {}

  /// Our type for a `data_type` or `elem_type`, if there is one.
  static Optional<DataType> dtype(int number) {
    return Optional.ofNullable(TensorProto.DataType.forNumber(number)).map(OURS::get);
  }

  /// The name of a `data_type`, or the number where it has none.
  static String name(int number) {
    return Optional.ofNullable(TensorProto.DataType.forNumber(number))
        .map(Enum::name)
        .orElseGet(() -> Integer.toString(number));
  }

  static int number(DataType dtype) {
    return theirs(dtype).getNumber();
  }

  private static Map<TensorProto.DataType, DataType> table() {
    var table = new EnumMap<TensorProto.DataType, DataType>(TensorProto.DataType.class);
    for (var dtype : DataType.values()) table.put(theirs(dtype), dtype);
    return table;
  }

  private static TensorProto.DataType theirs(DataType dtype) {
    return switch (dtype) {
      case FLOAT64 -> TensorProto.DataType.DOUBLE;
      case FLOAT32 -> TensorProto.DataType.FLOAT;
      default -> TensorProto.DataType.valueOf(dtype.name());
    };
  }
}
