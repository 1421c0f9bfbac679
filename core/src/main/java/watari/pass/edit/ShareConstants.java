package watari.pass.edit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Lets constants of one type, shape and content be one.
public final class ShareConstants implements Pass {
  /// What equal constants have in common without looking at all of them.
  private record Kind(TensorType type, int digest) {}

  private static final int LOOKED_AT = 64;

  @Override
  public String name() {
    return "share-constants";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var known = new HashMap<Kind, List<Value>>();
    Map<Value, Value> shared = new IdentityHashMap<>();
    for (var node : graph) {
      for (int i = 0; i < node.inputs().size(); i++) {
        var input = node.input(i);
        var data = input.constant();
        if (data.isEmpty()) continue;
        var one = shared.computeIfAbsent(input, each -> first(known, each, data.get()));
        if (one == input) continue;
        graph.setInput(node, i, one);
        log.fired(name());
      }
      for (var body : node.bodies()) run(body, log);
    }
  }

  private static Value first(Map<Kind, List<Value>> known, Value value, TensorData data) {
    var alike = known.computeIfAbsent(new Kind(value.type(), digest(data)), _ -> new ArrayList<>());
    Optional<Value> equal =
        alike.stream()
            .filter(each -> each.constant().orElseThrow().contentEquals(data))
            .findFirst();
    if (equal.isEmpty()) alike.add(value);
    return equal.orElse(value);
  }

  /// Of some elements, spread evenly.
  private static int digest(TensorData data) {
    long step = Math.max(1, data.size() / LOOKED_AT);
    int digest = 1;
    boolean isText = data.dtype() == watari.tensor.DataType.STRING;
    for (long i = 0; i < data.size(); i += step) {
      int part =
          isText
              ? java.util.Arrays.hashCode(data.bytesAt(i))
              : data.dtype().isInteger()
                  ? Long.hashCode(data.longAt(i))
                  : Double.hashCode(data.doubleAt(i));
      digest = 31 * digest + part;
    }
    return digest;
  }
}
