package watari.format.openvino;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Cast;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorType;

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
    for (var state : List.copyOf(graph.states())) {
      if (isNarrow(state.type().dtype())) widen(state, graph);
    }
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

  /// The CPU plugin keeps no variables of 16 bits.
  private static boolean isNarrow(DataType dtype) {
    return dtype == DataType.INT16 || dtype == DataType.UINT16;
  }

  private static void widen(State state, Graph graph) {
    var type = new TensorType(DataType.INT32, state.type().shape());
    graph.addState(new State(state.name(), type, state.initial().cast(DataType.INT32)));
    var inference = new Inference(graph);
    for (var node : graph.nodes()) {
      if (node.op() instanceof WriteState(var name) && name.equals(state.name())) {
        var wide = GraphBuilder.before(node, inference).add(new Cast(type.dtype()), node.input(0));
        graph.setInput(node, 0, wide);
      }
      if (node.op() instanceof ReadState(var name, _) && name.equals(state.name())) {
        narrow(node, state.type(), type, inference);
      }
    }
  }

  private static void narrow(Node read, TensorType narrow, TensorType wide, Inference inference) {
    var graph = read.graph();
    var output = read.output();
    var uses = List.copyOf(output.uses());
    graph.setOp(read, new ReadState(((ReadState) read.op()).state(), wide));
    output.setType(wide);
    var cast =
        GraphBuilder.at(graph, read.nextNode(), inference).add(new Cast(narrow.dtype()), output);
    cast.setType(narrow);
    for (var use : uses) graph.setInput(use.node(), use.index(), cast);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == output) graph.setOutput(i, cast);
    }
  }

  private static void replace(Value read, Value written, Graph graph) {
    graph.replaceUses(read, written);
  }
}
