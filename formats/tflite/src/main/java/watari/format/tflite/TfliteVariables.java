package watari.format.tflite;

/// What a file keeps between calls.
final class TfliteVariables {
  /// Whether a tensor is a handle of a resource, not a value.
  boolean isHandle(TfliteScope scope, int tensor) {
    return scope.tensors().dtype(tensor).isEmpty();
  }
}
