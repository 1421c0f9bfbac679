package watari.graph;

import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A value that a graph keeps from one call to the next. `ReadState` and `WriteState` name it.
///
/// @param initial what it is before the first call; has the type's shape
public record State(String name, TensorType type, TensorData initial) {}
