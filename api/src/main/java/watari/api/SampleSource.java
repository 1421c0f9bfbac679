package watari.api;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import watari.tensor.TensorData;

/// Samples of a model's inputs, one after the other; only one is in memory.
interface SampleSource extends Closeable {
  /// Tensors for the inputs, in the graph's order; empty at the end.
  Optional<List<TensorData>> next() throws IOException;
}
