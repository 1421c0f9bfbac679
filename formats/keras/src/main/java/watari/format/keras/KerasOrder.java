package watari.format.keras;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// The order in which Keras has the layers of a Functional model, whatever the order in its file:
/// weights are brought to layers by it.
///
/// The farthest from the outputs come first; of those that are equally far, what a walk from the
/// outputs against the arrows meets first. Source: `map_graph` of Keras 3, `_map_graph_network` of
/// Keras 2.
final class KerasOrder {
  private record Walk(KerasWrittenLayer layer, Iterator<KerasTensor> rest) {}

  private final Map<KerasWrittenLayer, Integer> met = new IdentityHashMap<>();
  private final List<KerasWrittenLayer> finished = new ArrayList<>();

  private KerasOrder() {}

  /// The layers that outputs hang on, and all inputs.
  static List<KerasWrittenLayer> of(List<KerasTensor> inputs, List<KerasTensor> outputs) {
    var order = new KerasOrder();
    outputs.forEach(output -> order.walk(output.layer()));
    var depths = order.depths();
    for (var input : inputs) {
      if (depths.putIfAbsent(input.layer(), 0) == null) order.met.put(input.layer(), -1);
    }
    var all = new ArrayList<KerasWrittenLayer>();
    for (var input : inputs) if (order.place(input.layer()) == -1) all.add(input.layer());
    all.addAll(order.finished);
    all.sort(
        Comparator.<KerasWrittenLayer>comparingInt(layer -> -depths.getOrDefault(layer, 0))
            .thenComparingInt(order::place));
    return all;
  }

  private int place(KerasWrittenLayer layer) {
    return met.getOrDefault(layer, -1);
  }

  private void walk(KerasWrittenLayer from) {
    var path = new ArrayDeque<Walk>();
    enter(from, path);
    while (!path.isEmpty()) {
      var at = path.getLast();
      if (at.rest().hasNext()) {
        enter(at.rest().next().layer(), path);
      } else {
        finished.add(at.layer());
        path.removeLast();
      }
    }
  }

  private void enter(KerasWrittenLayer layer, ArrayDeque<Walk> path) {
    if (met.putIfAbsent(layer, met.size()) != null) return;
    path.addLast(new Walk(layer, layer.inputs().iterator()));
  }

  /// The longest way from each layer to an output.
  private Map<KerasWrittenLayer, Integer> depths() {
    var depths = new IdentityHashMap<KerasWrittenLayer, Integer>();
    var backwards = new ArrayList<>(finished);
    Collections.reverse(backwards);
    for (var layer : backwards) {
      int depth = depths.computeIfAbsent(layer, _ -> 0);
      for (var input : layer.inputs()) depths.merge(input.layer(), depth + 1, Math::max);
    }
    return depths;
  }
}
