package watari.format.tensorflow;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.NodeDef;
import watari.format.tensorflow.schema.VersionDef;

/// Turns steps into the nodes of a graph.
final class TensorflowGraph {
  /// Stands for what a function is given; no node becomes of it.
  static final String GIVEN = "_Given";

  /// Of TensorFlow 2.0's last graphs: whoever reads version 2 SavedModels reads these.
  private static final int PRODUCER = 2129;

  private static final int MIN_CONSUMER = 12;

  private TensorflowGraph() {}

  static VersionDef version() {
    return VersionDef.newBuilder().setProducer(PRODUCER).setMinConsumer(MIN_CONSUMER).build();
  }

  /// The steps that ports depend on, in the order in which they were written; placeholders stay.
  static List<TensorflowStep> needed(TensorflowScope scope, List<Port> ends) {
    Set<TensorflowStep> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    var queue = new ArrayDeque<TensorflowStep>();
    ends.forEach(port -> queue.add(port.step()));
    while (!queue.isEmpty()) {
      var step = queue.poll();
      if (!seen.add(step)) continue;
      step.inputs().forEach(port -> queue.add(port.step()));
      queue.addAll(step.controls());
    }
    var all = new ArrayList<TensorflowStep>();
    for (var step : scope.steps()) {
      if (seen.contains(step) || step.op().equals("Placeholder")) all.add(step);
    }
    return all;
  }

  /// @param first steps that get the names they want
  static GraphDef.Builder graph(
      List<TensorflowStep> steps, List<TensorflowStep> first, Map<TensorflowStep, String> names) {
    var own = new TensorflowNames();
    for (var step : first) names.put(step, own.unique(step.hint()));
    for (var step : steps) names.computeIfAbsent(step, s -> own.unique(s.hint()));
    var graph = GraphDef.newBuilder().setVersions(version());
    for (var step : steps) {
      var node = node(step, Optional.ofNullable(names.get(step)).orElseThrow());
      for (var input : step.inputs()) node.addInput(reference(input, names));
      for (var control : step.controls()) node.addInput("^" + names.get(control));
      graph.addNode(node);
    }
    return graph;
  }

  static String reference(Port port, Map<TensorflowStep, String> names) {
    var name = Optional.ofNullable(names.get(port.step())).orElseThrow();
    return port.index() == 0 ? name : name + ":" + port.index();
  }

  static NodeDef.Builder node(TensorflowStep step, String name) {
    return NodeDef.newBuilder().setName(name).setOp(step.op()).putAllAttr(step.attributes());
  }

  static watari.format.tensorflow.schema.DataType type(Port port) {
    if (port.dtype().isPresent()) return TensorflowWriteTypes.proto(port.type());
    return isVariant(port)
        ? watari.format.tensorflow.schema.DataType.DT_VARIANT
        : watari.format.tensorflow.schema.DataType.DT_RESOURCE;
  }

  /// Lists are variants; of what else has no element type there are only variables.
  private static boolean isVariant(Port port) {
    return port.step().op().startsWith("TensorList")
        || port.step().op().equals("EmptyTensorList")
        || port.step().hint().startsWith("list");
  }
}
