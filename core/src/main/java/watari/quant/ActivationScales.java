package watari.quant;

import watari.tensor.DataType;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorData;

/// Scales and zero points of activations. 0 is always stored exactly.
///
/// Source: LiteRT's 8-bit quantization specification: int8 as the range lies, int16 symmetric.
final class ActivationScales {
  private ActivationScales() {}

  static PerTensor of(Range range, DataType dtype) {
    double min = Math.min(range.min(), 0);
    double max = Math.max(range.max(), 0);
    if (dtype == DataType.INT16) {
      return new PerTensor(scale(Math.max(-min, max) / dtype.max()), 0);
    }
    float scale = scale((max - min) / (dtype.max() - dtype.min()));
    double zero = Math.rint(dtype.min() - min / scale);
    return new PerTensor(scale, (long) Math.clamp(zero, dtype.min(), dtype.max()));
  }

  /// What is all 0 is so with any scale.
  private static float scale(double step) {
    float scale = (float) step;
    return scale >= Float.MIN_NORMAL ? scale : 1;
  }

  /// The numbers that a stored type can denote.
  static Range range(PerTensor stored, DataType dtype) {
    return new Range(
        (dtype.min() - stored.zeroPoint()) * (double) stored.scale(),
        (dtype.max() - stored.zeroPoint()) * (double) stored.scale());
  }

  /// The range of a constant, with 0.
  static Range range(TensorData data) {
    double min = 0;
    double max = 0;
    for (long i = 0; i < data.size(); i++) {
      min = Math.min(min, data.doubleAt(i));
      max = Math.max(max, data.doubleAt(i));
    }
    return new Range(min, max);
  }
}
