package watari.format.onnx;

/// The opset that is written.
///
/// @param asked what the user asked for, or 0: then a graph gets [#DEFAULT], or the lowest one
///   above it that can express it
record OnnxOpset(int asked) {
  static final int LOWEST = 11;

  /// Taken by ONNX Runtime since 1.14, OpenVINO since 2023.0 and TensorRT since 8.6.
  static final int DEFAULT = 18;

  /// The opset of a graph that needs nothing newer.
  int usual() {
    return asked == 0 ? DEFAULT : asked;
  }

  /// Whether the usual opset has what came with `since`.
  boolean has(int since) {
    return since <= usual();
  }

  /// Whether what came with `since` may be used where there is no other way.
  boolean mayUse(int since) {
    return asked == 0 || since <= asked;
  }
}
