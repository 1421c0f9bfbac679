package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.GraphLoader;
import watari.engine.Session;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Graph;
import watari.graph.Value;
import watari.quant.ChannelStatistics;
import watari.quant.Histogram;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Runs a float graph on samples and gathers what its tensors hold, sample by sample.
final class Calibration {
  private final Graph graph;
  private final String format;
  private final CalibrationSettings settings;
  private final List<FittedInput> inputs;

  /// @param graph that the format can write
  Calibration(Graph graph, String format, CalibrationSettings settings, List<FittedInput> inputs) {
    this.graph = graph;
    this.format = format;
    this.settings = settings;
    this.inputs = inputs;
  }

  /// What the values hold, by their name; those that cannot be fetched are missing.
  ///
  /// @throws ModelException if the data does not fit the model
  Map<String, Histogram> run(
      Set<Value> asked, Map<String, ChannelStatistics> means, CalibrationLint lint)
      throws IOException, EngineException {
    var seen = new LinkedHashMap<String, Histogram>();
    for (var value : asked) seen.put(value.name(), new Histogram());
    var names = new LinkedHashSet<>(seen.keySet());
    names.addAll(means.keySet());
    for (var value : graph.inputs()) names.remove(value.name());
    for (var value : graph.outputs()) names.remove(value.name());
    var taps = List.copyOf(names);
    try (var source = open(settings, inputs);
        var session = load(taps)) {
      int count = 0;
      while (settings.samples() == 0 || count < settings.samples()) {
        var sample = source.next();
        if (sample.isEmpty()) break;
        lint.add(sample.get());
        add(sample.get(), session, seen, means);
        count++;
      }
    }
    lint.addLayouts(inputs);
    seen.values().removeIf(Histogram::isEmpty);
    return seen;
  }

  /// Samples for inputs.
  ///
  /// @throws ModelException if the data is none, or not for these inputs
  static SampleSource open(CalibrationSettings settings, List<FittedInput> inputs)
      throws IOException {
    var path = settings.data();
    if (!Files.exists(path)) throw new NoSuchFileException(path.toString());
    boolean isFolder = Files.isDirectory(path);
    boolean isRecords =
        isFolder ? !RecordSource.shards(path).isEmpty() : RecordSource.isRecords(path);
    if (isRecords) return RecordSource.open(path, inputs);
    return isFolder ? ImageSource.open(path, inputs) : ArraySource.open(path, inputs);
  }

  /// The graph as it is on its format's runtime, or by way of ONNX where that is not there.
  private Session load(List<String> taps) throws IOException, EngineException {
    return loader(format).load(graph, taps);
  }

  static GraphLoader loader(String format) {
    Optional<GraphLoader> own;
    try {
      var loader = GraphLoader.of(format, /* isLegal= */ true);
      own = loader.name().isEmpty() ? Optional.empty() : Optional.of(loader);
    } catch (EngineException _) {
      own = Optional.empty();
    }
    return own.orElseGet(GraphLoader::onnx);
  }

  private void add(
      List<TensorData> sample,
      Session session,
      Map<String, Histogram> seen,
      Map<String, ChannelStatistics> means)
      throws EngineException {
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < sample.size(); i++) {
      var name = graph.inputs().get(i).name();
      feeds.add(new Feed(name, sample.get(i)));
      count(name, sample.get(i), seen, means);
    }
    var results = session.run(feeds);
    int outputs = graph.outputs().size();
    if (results.size() != outputs + session.taps().size()) {
      throw new EngineException("it gives " + results.size() + " tensors");
    }
    for (int i = 0; i < results.size(); i++) {
      var name = i < outputs ? graph.outputs().get(i).name() : session.taps().get(i - outputs);
      count(name, results.get(i), seen, means);
    }
  }

  private static void count(
      String name,
      TensorData data,
      Map<String, Histogram> seen,
      Map<String, ChannelStatistics> means) {
    if (data.dtype() != DataType.FLOAT32) return;
    var histogram = seen.get(name);
    if (histogram != null) histogram.add(data);
    var channels = means.get(name);
    if (channels != null) channels.add(data);
  }

  static Finding missing(Precision precision) {
    return Finding.error(
            "CALIBRATION_MISSING",
            "precision '" + precision + "' needs samples of what the model is used with")
        .fix("give them with --calibration: an .npy, an .npz or a folder of images");
  }
}
