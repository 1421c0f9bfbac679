package watari.api;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.GraphLoader;
import watari.engine.Session;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Graph;

/// Finds who runs a model.
final class Sides {
  private static final Path BESIDE = Path.of("");

  private static final int MOST_ERRORS = 3;

  private final Engines engines;
  private final Formats formats;
  private final GraphLoader onnx = GraphLoader.onnx();

  Sides() {
    this(new Engines(), new Formats());
  }

  Sides(Engines engines, Formats formats) {
    this.engines = engines;
    this.formats = formats;
  }

  /// The file on its format's own runtime.
  ///
  /// @throws EngineException if there is none
  Side official(OpenModel model) throws EngineException {
    var format = model.model().format();
    return official(model.file(), model.weightsFile(), format, model.model().main());
  }

  /// A result on its format's own runtime.
  ///
  /// @param graph what was written
  /// @throws EngineException if there is none
  Side official(Path file, String format, Graph graph) throws EngineException {
    return official(file, BESIDE, format, graph);
  }

  private Side official(Path file, Path weights, String format, Graph graph)
      throws EngineException {
    var engine = engines.of(format);
    if (engine.isEmpty()) throw new EngineException("no engine here runs " + format);
    var name = engine.get().name();
    return new Side(graph, name, false, taps -> engine.get().load(file, weights, taps));
  }

  /// What we read, on ONNX Runtime.
  ///
  /// @throws EngineException if parts of the model could not be read: something else stands for
  ///   them
  Side ownReading(OpenModel model) throws EngineException {
    requireWhole(model);
    var graph = model.model().main();
    return new Side(graph, onnx.name(), true, taps -> onnx.load(graph, taps));
  }

  private static void requireWhole(OpenModel model) throws EngineException {
    var errors = model.findings().stream().filter(Finding::isError).limit(MOST_ERRORS).toList();
    if (errors.isEmpty()) return;
    throw new EngineException(
        errors.stream()
            .map(Finding::toString)
            .collect(joining("; ", "watari cannot read all of it: ", "")));
  }

  /// What we read of a result, on ONNX Runtime.
  ///
  /// @param graph what was written
  /// @throws EngineException if the format is one that we do not read
  Side ownReading(Path file, String format, Graph graph) throws EngineException {
    if (!formats.readable().contains(format)) {
      throw new EngineException("watari does not read " + format);
    }
    return new Side(graph, onnx.name(), true, taps -> readBack(file, format, graph, taps));
  }

  private Session readBack(Path file, String format, Graph graph, List<String> taps)
      throws IOException, EngineException {
    try (var model = Watari.read(file, new ReadSettings(format, BESIDE), formats)) {
      requireWhole(model);
      var read = model.model().main();
      return new InOrder(onnx.load(read, taps), read, graph);
    } catch (ModelException e) {
      throw new EngineException("watari does not read its result: " + e.getMessage(), e);
    }
  }

  /// A part of a model, on the runtime of a format.
  ///
  /// @param isLegal whether it can be written as it is
  static Side part(Graph graph, String format, boolean isLegal) throws EngineException {
    var loader = GraphLoader.of(format, isLegal);
    return new Side(graph, loader.name(), true, taps -> loader.load(graph, taps));
  }
}
