package watari.format.keras;

import java.util.Locale;
import watari.tensor.DataType;

/// Names of element types, and the policies that say which one a layer computes with.
final class KerasTypes {
  private KerasTypes() {}

  /// What a layer computes with.
  static DataType compute(KerasConfig config) {
    var policy = name(config.get("dtype"));
    return switch (policy) {
      case "", "float32" -> DataType.FLOAT32;
      case "mixed_float16" -> DataType.FLOAT16;
      case "mixed_bfloat16" -> DataType.BFLOAT16;
      default -> dtype(policy);
    };
  }

  /// The name of a type or policy, which may be an object.
  static String name(KerasJson json) {
    if (json.get("class_name").isNothing()) return json.text();
    var kind = json.get("class_name").text();
    if (kind.equals("Quantized") || kind.startsWith("Quantized")) {
      throw KerasRefusal.unsupported(
          "it is quantized by Keras (policy " + kind + ")", "save the model before quantize()");
    }
    return json.get("config").get("name").text();
  }

  /// What Keras puts where a mask hides a score.
  static double largeNegative(DataType dtype) {
    return dtype == DataType.FLOAT16 ? -3e4 : -1e9;
  }

  /// How Keras calls an element type.
  ///
  /// @throws KerasRefusal if it has none
  static String name(DataType dtype) {
    return switch (dtype) {
      case FLOAT64 -> "float64";
      case FLOAT32 -> "float32";
      case FLOAT16 -> "float16";
      case BFLOAT16 -> "bfloat16";
      case INT64 -> "int64";
      case INT32 -> "int32";
      case INT16 -> "int16";
      case INT8 -> "int8";
      case UINT64 -> "uint64";
      case UINT32 -> "uint32";
      case UINT16 -> "uint16";
      case UINT8 -> "uint8";
      case BOOL -> "bool";
      default ->
          throw new KerasRefusal(
              "DTYPE_UNSUPPORTED",
              "Keras has no tensors of " + dtype,
              "end the model before this node with --outputs");
    };
  }

  static DataType dtype(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "float64" -> DataType.FLOAT64;
      case "float32" -> DataType.FLOAT32;
      case "float16" -> DataType.FLOAT16;
      case "bfloat16" -> DataType.BFLOAT16;
      case "int64" -> DataType.INT64;
      case "int32" -> DataType.INT32;
      case "int16" -> DataType.INT16;
      case "int8" -> DataType.INT8;
      case "uint64" -> DataType.UINT64;
      case "uint32" -> DataType.UINT32;
      case "uint16" -> DataType.UINT16;
      case "uint8" -> DataType.UINT8;
      case "bool" -> DataType.BOOL;
      default ->
          throw new KerasRefusal(
              "DTYPE_UNSUPPORTED",
              "it has the element type '" + name + "', which Watari does not read",
              "build the model with numbers");
    };
  }
}
