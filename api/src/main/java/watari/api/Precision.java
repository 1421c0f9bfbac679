package watari.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import watari.quant.Storage;

/// How a result stores its numbers.
public enum Precision {
  /// As the source does, wherever the target can.
  KEPT,
  FLOAT32,
  FLOAT16,
  /// 8-bit weights, computing in float.
  WEIGHTS8,
  /// 8-bit weights, activations quantized while it runs.
  DYNAMIC8,
  /// 8 bits inside, float inputs and outputs.
  INT8,
  /// int8 throughout.
  FULL_INT8,
  /// uint8 throughout.
  FULL_UINT8,
  /// 8-bit weights, 16-bit activations.
  INT16X8;

  /// The name that options and reports use.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether numbers become integers that were none.
  public boolean quantizes() {
    return switch (this) {
      case KEPT, FLOAT32, FLOAT16 -> false;
      case WEIGHTS8, DYNAMIC8, INT8, FULL_INT8, FULL_UINT8, INT16X8 -> true;
    };
  }

  /// Whether ranges of activations have to be known.
  public boolean needsData() {
    return storage().isPresent();
  }

  /// How activations are stored that were floats; empty where they stay as they are.
  Optional<Storage> storage() {
    return switch (this) {
      case KEPT, FLOAT32, FLOAT16, WEIGHTS8, DYNAMIC8 -> Optional.empty();
      case INT8, FULL_INT8, FULL_UINT8 -> Optional.of(Storage.INT8);
      case INT16X8 -> Optional.of(Storage.INT16X8);
    };
  }

  /// What stands before the extension of a result's name; empty for the source's own precision.
  String mark() {
    return this == KEPT || this == FLOAT32 ? "" : "." + this;
  }

  public static Optional<Precision> named(String name) {
    return Arrays.stream(values()).filter(p -> p.toString().equals(name)).findFirst();
  }
}
