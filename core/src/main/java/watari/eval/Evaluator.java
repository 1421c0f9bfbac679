package watari.eval;

import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.TensorData;

/// Runs a graph: the rule harness, calibration and `run` see engines through this.
public interface Evaluator {
  /// Runs the graph once.
  ///
  /// @param inputs a tensor for each graph input
  /// @return the outputs' tensors, in order; of quantized outputs the stored integers
  List<TensorData> run(Graph graph, Map<Value, TensorData> inputs);
}
