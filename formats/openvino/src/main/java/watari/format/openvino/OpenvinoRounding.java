package watari.format.openvino;

import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.op.ControlOp;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp;
import watari.op.ShapeOp;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// `f(x)` in bfloat16 → `Cast(f(x))`: what is computed in float32 is rounded, since the eight bits
/// of bfloat16 show in every result.
final class OpenvinoRounding implements Pass {
  @Override
  public String name() {
    return "openvino-rounding";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph.nodes()) {
      for (var body : node.bodies()) run(body, log);
      if (!computes(node)) continue;
      round(node);
      log.fired(name());
    }
  }

  private static boolean computes(Node node) {
    boolean moves =
        node.op() instanceof Cast
            || node.op() instanceof ShapeOp
            || node.op() instanceof IndexOp
            || node.op() instanceof ControlOp;
    if (moves || node.outputs().size() != 1) return false;
    var type = node.output().type();
    return type.dtype() == DataType.BFLOAT16 && !type.isQuantized();
  }

  private static void round(Node node) {
    var graph = node.graph();
    var output = node.output();
    var uses = List.copyOf(output.uses());
    var rounded =
        GraphBuilder.at(graph, node.nextNode(), new Inference(graph))
            .from(node.origins())
            .add(new Cast(DataType.BFLOAT16), output);
    for (var use : uses) graph.setInput(use.node(), use.index(), rounded);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == output) graph.setOutput(i, rounded);
    }
  }
}
