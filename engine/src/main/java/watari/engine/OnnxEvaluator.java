package watari.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.eval.Evaluator;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.TensorData;

/// Evaluates graphs on ONNX Runtime.
public final class OnnxEvaluator implements Evaluator {
  private final GraphLoader loader = GraphLoader.onnx();

  /// @throws IllegalStateException with the reason, if the graph cannot be run this way
  @Override
  public List<TensorData> run(Graph graph, Map<Value, TensorData> inputs) {
    var feeds = new ArrayList<Feed>();
    for (var input : graph.inputs()) {
      var data = inputs.get(input);
      if (data == null) throw new IllegalArgumentException("no tensor for " + input);
      feeds.add(new Feed(input.name(), data));
    }
    try (var session = loader.load(graph, List.of())) {
      return session.run(feeds);
    } catch (IOException | EngineException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
