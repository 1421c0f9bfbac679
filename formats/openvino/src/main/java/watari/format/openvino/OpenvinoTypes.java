package watari.format.openvino;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import watari.tensor.DataType;

/// Element types of OpenVINO and ours: `f32` in the data of a layer, `FP32` at its ports.
///
/// Source: OpenVINO 2026.4, `ov::element::Type`. nf4, f4e2m1, u1, u3 and u6 have no counterpart.
final class OpenvinoTypes {
  private static final Map<DataType, String> THEIRS = table();
  private static final Map<String, DataType> OURS = inverse();

  private OpenvinoTypes() {}

  /// Our type for the name in the data of a layer or at a port, if there is one.
  static Optional<DataType> dtype(String name) {
    return Optional.ofNullable(OURS.get(name.strip().toLowerCase(Locale.ROOT)));
  }

  /// The name in the data of a layer: `f32`.
  static Optional<String> element(DataType dtype) {
    return Optional.ofNullable(THEIRS.get(dtype));
  }

  /// The name at a port: `FP32`.
  static Optional<String> precision(DataType dtype) {
    return element(dtype)
        .map(name -> {
          if (dtype == DataType.BOOL) return "BOOL";
          boolean isFloat = name.matches("f\\d\\d");
          return isFloat ? "FP" + name.substring(1) : name.toUpperCase(Locale.ROOT);
        });
  }

  private static Map<DataType, String> table() {
    var table = new EnumMap<DataType, String>(DataType.class);
    table.put(DataType.FLOAT64, "f64");
    table.put(DataType.FLOAT32, "f32");
    table.put(DataType.FLOAT16, "f16");
    table.put(DataType.BFLOAT16, "bf16");
    table.put(DataType.FLOAT8E4M3FN, "f8e4m3");
    table.put(DataType.FLOAT8E5M2, "f8e5m2");
    table.put(DataType.FLOAT8E8M0, "f8e8m0");
    table.put(DataType.INT64, "i64");
    table.put(DataType.INT32, "i32");
    table.put(DataType.INT16, "i16");
    table.put(DataType.INT8, "i8");
    table.put(DataType.INT4, "i4");
    table.put(DataType.UINT64, "u64");
    table.put(DataType.UINT32, "u32");
    table.put(DataType.UINT16, "u16");
    table.put(DataType.UINT8, "u8");
    table.put(DataType.UINT4, "u4");
    table.put(DataType.UINT2, "u2");
    table.put(DataType.BOOL, "boolean");
    table.put(DataType.STRING, "string");
    return table;
  }

  private static Map<String, DataType> inverse() {
    var inverse = new HashMap<String, DataType>();
    THEIRS.forEach((dtype, name) -> {
      inverse.put(name, dtype);
      precision(dtype).ifPresent(port -> inverse.put(port.toLowerCase(Locale.ROOT), dtype));
    });
    return inverse;
  }
}
