package watari.format.tflite;

import java.util.Optional;
import watari.format.tflite.schema.TensorType;
import watari.tensor.DataType;

/// Element types by TFLite's numbers.
final class TfliteReadTypes {
  private TfliteReadTypes() {}

  /// Our type; empty for handles (RESOURCE, VARIANT) and numbers that nobody knows.
  static Optional<DataType> dtype(int number) {
    var name = name(number);
    return switch (name) {
      case "FLOAT8_E4M3FN" -> Optional.of(DataType.FLOAT8E4M3FN);
      case "FLOAT8_E5M2" -> Optional.of(DataType.FLOAT8E5M2);
      default -> named(name);
    };
  }

  private static Optional<DataType> named(String name) {
    for (var dtype : DataType.values()) if (dtype.name().equals(name)) return Optional.of(dtype);
    return Optional.empty();
  }

  /// The schema's name of a type, or its number.
  static String name(int number) {
    boolean known = number >= 0 && number < TensorType.names.length;
    return known ? TensorType.names[number] : Integer.toString(number);
  }
}
