package watari.api;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import watari.tensor.DataType;

/// How results are quantized, where that is asked for.
///
/// @param minSqnr in dB; operators stay on floats until it is reached; NaN for none
/// @param maxDrop percentage points that may be lost of right answers on `labels`; NaN for none
/// @param labels an .npz of inputs and labels; empty path for none
/// @param correctsBias whether biases make up for what rounding the weights adds to means
/// @param equalizes whether channels between products are made alike in size
/// @param ranks whether operators are ranked by the noise that they bring in
/// @param ends storage of inputs and outputs by name; of all others under the empty name
public record QuantizeSettings(
    CalibrationSettings calibration,
    double minSqnr,
    double maxDrop,
    Path labels,
    boolean correctsBias,
    boolean equalizes,
    boolean ranks,
    Map<String, DataType> ends) {
  public static final QuantizeSettings NONE =
      new QuantizeSettings(
          CalibrationSettings.NONE,
          Double.NaN,
          Double.NaN,
          Path.of(""),
          true,
          true,
          false,
          Map.of());

  public QuantizeSettings {
    ends = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(ends));
  }

  QuantizeSettings withData(Path data) {
    return new QuantizeSettings(
        calibration.withData(data), minSqnr, maxDrop, labels, correctsBias, equalizes, ranks, ends);
  }

  boolean hasMinSqnr() {
    return !Double.isNaN(minSqnr);
  }

  boolean hasMaxDrop() {
    return !Double.isNaN(maxDrop);
  }

  /// Whether operators may have to stay on floats.
  boolean hasGoal() {
    return hasMinSqnr() || hasMaxDrop();
  }

  LabelledSamples labelled() {
    return new LabelledSamples(labels, calibration);
  }

  /// What is asked for an input or output.
  Optional<DataType> end(String name) {
    return Optional.ofNullable(ends.get(name)).or(() -> Optional.ofNullable(ends.get("")));
  }
}
