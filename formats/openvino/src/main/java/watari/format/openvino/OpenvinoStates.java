package watari.format.openvino;

import java.util.HashMap;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// `WriteState(s, x); y = ReadState(s)` → `y = x`, and of several writes the last one.
///
/// OpenVINO reads variables when a call begins and assigns them when it ends.
final class OpenvinoStates implements Pass {
  @Override
  public String name() {
    return "openvino-states";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    Map<String, Node> writes = new HashMap<>();
    for (var node : graph) {
      switch (node.op()) {
        case ReadState(var state, _) -> {
          var write = writes.get(state);
          if (write == null) continue;
          replace(node.output(), write.input(0), graph);
          graph.remove(node);
          log.fired(name());
        }
        case WriteState(var state) -> {
          var before = writes.put(state, node);
          if (before == null) continue;
          graph.remove(before);
          log.fired(name());
        }
        default -> {}
      }
    }
  }

  private static void replace(Value read, Value written, Graph graph) {
    graph.replaceUses(read, written);
  }
}
