package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
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
  /// @param inputs what it was given
  /// @param outputs in the graph's order
  /// @param taps as [Session#taps] names them
  record Run(
      List<TensorData> inputs,
      List<TensorData> outputs,
      List<String> taps,
      List<TensorData> tapped) {
    Optional<TensorData> tapped(String name) {
      int at = taps.indexOf(name);
      return at < 0 ? Optional.empty() : Optional.of(tapped.get(at));
    }
  }

  /// Loads, runs once and closes.
  Run run(List<TensorData> inputs, List<String> taps) throws IOException, EngineException {
    return last(Calls.once(inputs), taps);
  }

  /// What the last of the calls gives.
  Run last(Calls calls, List<String> taps) throws IOException, EngineException {
    var runs = new ArrayList<Run>();
    each(
        calls,
        taps,
        run -> {
          runs.clear();
          runs.add(run);
        });
    return runs.get(0);
  }

  /// What each call gives.
  List<Run> runs(Calls calls, List<String> taps) throws IOException, EngineException {
    var runs = new ArrayList<Run>();
    each(calls, taps, runs::add);
    return runs;
  }

  private void each(Calls calls, List<String> taps, Consumer<Run> taker)
      throws IOException, EngineException {
    int count = graph.outputs().size();
    try (var session = loader.load(taps)) {
      List<TensorData> before = List.of();
      for (int call = 0; call < calls.count(); call++) {
        var inputs = calls.at(call, before);
        var all = session.run(feeds(inputs));
        if (all.size() != count + session.taps().size()) {
          throw new EngineException(
              "it gives " + all.size() + " tensors, but has " + count + " outputs");
        }
        before = all.subList(0, count);
        taker.accept(new Run(inputs, before, session.taps(), all.subList(count, all.size())));
      }
    }
  }

  private List<Feed> feeds(List<TensorData> inputs) {
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < inputs.size(); i++) {
      feeds.add(new Feed(graph.inputs().get(i).name(), inputs.get(i)));
    }
    return feeds;
  }

  /// Those of the names that tensors can be fetched by.
  List<String> tappable(List<String> names) throws IOException, EngineException {
    try (var session = loader.load(names)) {
      return session.taps();
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
