package watari.format.tensorflow;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import watari.eval.Kernels;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.TensorData;

/// What small values are known to be while a graph is read: graphs compute shapes, counts of loops
/// and conditions from constants, and reading depends on them.
final class TensorflowFolding {
  private static final long MOST_ELEMENTS = 1024;
  private static final int DEEPEST = 32;

  private final GraphBuilder builder;
  private final Map<Value, Optional<TensorData>> known = new IdentityHashMap<>();

  TensorflowFolding(GraphBuilder builder) {
    this.builder = builder;
  }

  Optional<TensorData> of(Value value) {
    return of(value, 0);
  }

  /// The elements of an integer vector or scalar as far as they are known by name.
  Optional<java.util.List<Dim>> dims(Value value) {
    return builder.inference().integers(value);
  }

  private Optional<TensorData> of(Value value, int depth) {
    if (value.isConstant()) return value.constant();
    if (value.producer().isEmpty() || !isSmall(value) || depth > DEEPEST) return Optional.empty();
    var found = known.get(value);
    if (found != null) return found;
    var made = integers(value).or(() -> computed(value, value.producer().get(), depth));
    known.put(value, made);
    return made;
  }

  private static boolean isSmall(Value value) {
    return value.shape().isFixed() && value.shape().elements().fixed() <= MOST_ELEMENTS;
  }

  private Optional<TensorData> integers(Value value) {
    boolean isCounted = value.dtype() == DataType.INT32 || value.dtype() == DataType.INT64;
    if (!isCounted || value.shape().rank() > 1) return Optional.empty();
    return builder
        .inference()
        .integers(value)
        .filter(all -> all.size() == value.shape().elements().fixed())
        .filter(all -> all.stream().allMatch(Dim::isFixed))
        .map(all -> all.stream().mapToLong(Dim::fixed).toArray())
        .map(all -> TensorData.ofLongs(value.dtype(), value.shape(), all));
  }

  private Optional<TensorData> computed(Value value, Node node, int depth) {
    if (!node.op().isPure() || !node.bodies().isEmpty()) return Optional.empty();
    for (var input : node.inputs()) {
      if (!input.isPresent()) continue;
      if (!isSmall(input) || of(input, depth + 1).isEmpty()) return Optional.empty();
    }
    return Kernels.evaluate(node, input -> of(input, depth + 1))
        .map(all -> all.get(node.outputs().indexOf(value)).copied());
  }
}
