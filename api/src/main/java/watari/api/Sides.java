package watari.api;

import java.nio.file.Path;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.OnnxLowering;
import watari.graph.Graph;

/// Finds who runs a model.
final class Sides {
  private final Engines engines = new Engines();
  private final OnnxLowering lowering = new OnnxLowering();

  /// The file on its format's own runtime.
  ///
  /// @throws EngineException if there is none
  Side official(Path file, String format, Graph graph) throws EngineException {
    var engine = engines.of(format);
    if (engine.isEmpty()) throw new EngineException("no engine here runs " + format);
    return new Side(graph, engine.get().name(), false, taps -> engine.get().load(file, taps));
  }

  /// What we read, on ONNX Runtime.
  Side ownReading(Graph graph) throws EngineException {
    return new Side(graph, lowering.name(), true, taps -> lowering.load(graph, taps));
  }
}
