package watari.eval;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.TensorData;

/// Runs small graphs with [Kernels], node by node.
public final class PlainEvaluator implements Evaluator {
  /// @throws UnsupportedOperationException if there is no kernel for a node
  @Override
  public List<TensorData> run(Graph graph, Map<Value, TensorData> inputs) {
    var known = new HashMap<>(inputs);
    for (var node : graph) {
      var results =
          Kernels.evaluate(
              node, value -> value.constant().or(() -> Optional.ofNullable(known.get(value))));
      if (results.isEmpty()) {
        throw new UnsupportedOperationException("there is no kernel for " + node.op());
      }
      for (int i = 0; i < node.outputs().size(); i++) {
        known.put(node.output(i), results.get().get(i).copied());
      }
    }
    return graph.outputs().stream()
        .map(value -> value.constant().orElseGet(() -> known.get(value)))
        .toList();
  }
}
