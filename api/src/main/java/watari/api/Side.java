package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.Session;
import watari.graph.Graph;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// One of the two models of a comparison, and how it is run.
///
/// @param graph what we know of its inputs, outputs and inner values
/// @param engine name of what runs it
/// @param isOwnReading whether that is our own reading of the file, not the file itself
record Side(Graph graph, String engine, boolean isOwnReading, Loader loader) {
  /// Loads the model with taps.
  interface Loader {
    Session load(List<String> taps) throws IOException, EngineException;
  }

  /// What a run gave.
  ///
  /// @param outputs in the graph's order
  /// @param taps as [Session#taps] names them
  record Run(List<TensorData> outputs, List<String> taps, List<TensorData> tapped) {}

  /// Loads, runs once and closes.
  Run run(List<TensorData> inputs, List<String> taps) throws IOException, EngineException {
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < inputs.size(); i++) {
      feeds.add(new Feed(graph.inputs().get(i).name(), inputs.get(i)));
    }
    try (var session = loader.load(taps)) {
      var all = session.run(feeds);
      int outputs = graph.outputs().size();
      if (all.size() != outputs + session.taps().size()) {
        throw new EngineException(
            "it gives " + all.size() + " tensors, but has " + outputs + " outputs");
      }
      return new Run(all.subList(0, outputs), session.taps(), all.subList(outputs, all.size()));
    }
  }

  /// The real numbers that a tensor of a type denotes.
  static TensorData reals(TensorData data, TensorType type) {
    if (!type.isQuantized() || data.dtype() != type.dtype()) return data;
    return data.dequantized(type.quantization(), watari.tensor.DataType.FLOAT32);
  }

  /// A tensor given in the type `from`, in the type `to`: integers that mean the same are the same.
  static TensorData as(TensorData data, TensorType from, TensorType to) {
    if (from.quantization().equals(to.quantization()) && data.dtype() == to.dtype()) return data;
    var reals = reals(data, from);
    return to.isQuantized()
        ? reals.quantized(to.quantization(), to.dtype())
        : reals.cast(to.dtype());
  }
}
