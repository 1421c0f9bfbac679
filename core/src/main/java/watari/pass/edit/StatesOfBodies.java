package watari.pass.edit;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import watari.graph.Graph;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;

/// The states that the bodies of a graph's nodes read or write.
final class StatesOfBodies {
  private StatesOfBodies() {}

  static Set<String> of(Graph graph) {
    var names = new HashSet<String>();
    var bodies = new ArrayDeque<Graph>();
    for (var node : graph) bodies.addAll(node.bodies());
    while (!bodies.isEmpty()) {
      for (var node : bodies.poll()) {
        if (node.op() instanceof ReadState(var name, _)) names.add(name);
        if (node.op() instanceof WriteState(var name)) names.add(name);
        bodies.addAll(node.bodies());
      }
    }
    return names;
  }
}
