package watari.quant;

/// How a target is asked to store numbers as integers.
public enum Storage {
  /// Weights of 8 bits, which are decoded before they are used.
  WEIGHTS8,
  /// Weights of 8 bits; activations are quantized while the model runs.
  DYNAMIC8,
  /// Weights and activations of 8 bits.
  INT8,
  /// Weights of 8 bits, activations of 16.
  INT16X8
}
