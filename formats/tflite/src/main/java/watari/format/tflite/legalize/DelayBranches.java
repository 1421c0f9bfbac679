package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.If;
import watari.op.ElementwiseOp.Cast;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Squeeze;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Branches whose shapes do not fit all inputs are prepared only when they are taken.
///
/// LiteRT prepares both branches of an IF for the shapes that it is given, and fails where one of
/// them cannot be, even if it is not taken. A shape that hangs on the condition is not known before
/// the model runs, and what follows it is then prepared when it runs.
final class DelayBranches implements Pass {
  @Override
  public String name() {
    return "delay branches";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph.nodes()) {
      for (var body : node.bodies()) run(body, log);
      if (!(node.op() instanceof If) || node.bodies().stream().noneMatch(this::mayNotFit)) continue;
      delay(node);
      log.fired(name());
    }
  }

  /// Whether something in a body takes dims for granted that are not known.
  private boolean mayNotFit(Graph body) {
    for (var node : body) {
      boolean changesShape = node.op() instanceof Reshape || node.op() instanceof Squeeze;
      if (!changesShape) continue;
      var from = node.input(0).shape();
      var to = node.output().shape();
      if (!from.isRanked() || !to.isRanked()) return true;
      if (!from.elements().equals(to.elements())) return true;
    }
    return false;
  }

  private static void delay(Node node) {
    var graph = node.graph();
    var builder = GraphBuilder.before(node, new Inference(graph)).from(node.origins());
    var number = builder.add(new Cast(DataType.INT32), node.input(0));
    var half = new Binary(Binary.Kind.FLOOR_DIV);
    var zero = builder.add(half, number, builder.constant(integer(2)));
    for (var body : node.bodies()) {
      var parameters = List.copyOf(body.inputs());
      var inside = body.addInput("zero", zero.type());
      for (var parameter : parameters) delay(parameter, inside, body);
    }
    graph.setInputAt(node, node.inputs().size(), zero);
  }

  private static void delay(Value parameter, Value zero, Graph body) {
    var shape = parameter.shape();
    if (!shape.isRanked() || shape.isFixed() || parameter.uses().isEmpty()) return;
    var uses = new ArrayList<>(parameter.uses());
    var builder = GraphBuilder.at(body, body.firstNode(), new Inference(body));
    var dims = builder.add(new ShapeOf(DataType.INT32), parameter);
    var late =
        builder.add(new Expand(), parameter, builder.add(new Binary(Binary.Kind.ADD), dims, zero));
    late.setType(parameter.type());
    for (var use : uses) body.setInput(use.node(), use.index(), late);
  }

  private static TensorData integer(int value) {
    return TensorData.scalar(DataType.INT32, value);
  }
}
