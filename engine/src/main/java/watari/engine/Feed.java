package watari.engine;

import watari.tensor.TensorData;

/// A tensor for an input.
///
/// @param name of the input in the file
public record Feed(String name, TensorData data) {}
