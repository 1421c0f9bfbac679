package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.pass.replace.Formula;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// `y = Loop(…)` → `y[:n]` of a loop that also counts its iterations, where there may be none: what
/// is stacked is then what OpenVINO stacked in the call before.
final class OpenvinoLoops implements Pass {
  @Override
  public String name() {
    return "openvino-loops";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph.nodes()) {
      for (var body : node.bodies()) run(body, log);
      if (!(node.op() instanceof Loop loop) || iterates(node) || isCut(node, loop)) continue;
      count(node, loop);
      log.fired(name());
    }
  }

  /// Whether there is an iteration at least.
  private static boolean iterates(Node loop) {
    return isAboveZero(loop.input(0)) && isAboveZero(loop.input(1));
  }

  /// Whether all that is stacked is cut already to a number that the loop gives.
  private static boolean isCut(Node loop, Loop op) {
    return loop.outputs().subList(op.carried(), op.carried() + op.scans()).stream()
        .allMatch(stack ->
            !loop.graph().isOutput(stack)
                && stack.uses().stream().allMatch(use -> cuts(use.node(), loop)));
  }

  private static boolean cuts(Node user, Node loop) {
    return user.op() instanceof Slice
        && user.producer(2, Reshape.class)
            .filter(count -> loop.outputs().contains(count.input(0)))
            .isPresent();
  }

  private static boolean isAboveZero(Value value) {
    return !value.isPresent()
        || value.constant().filter(data -> data.size() == 1 && data.longAt(0) > 0).isPresent();
  }

  private static void count(Node node, Loop loop) {
    var graph = node.graph();
    int at = loop.carried();
    var f =
        new Formula(
            GraphBuilder.at(graph, node.nextNode(), new Inference(graph)).from(node.origins()));
    var body = node.bodies().get(0);
    counting(body, loop);
    var inputs = with(node.inputs(), 2 + at, f.builder().scalar(0L));
    var names = with(node.outputs().stream().map(Value::name).toList(), at, "iterations");
    var types = node.outputs().stream().map(Value::type).toList();
    var counted = with(types, at, TensorType.of(DataType.INT64));
    var made =
        f.builder()
            .addDeclared(new Loop(at + 1, loop.scans()), inputs, names, counted, List.of(body));
    var end = f.reshape(made.output(at), 1);
    var outputs = new ArrayList<Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      outputs.add(i < at ? made.output(i) : upTo(end, made.output(i + 1), types.get(i), f));
      graph.replaceUses(node.output(i), outputs.get(i));
    }
    graph.remove(node);
    for (int i = 0; i < outputs.size(); i++) graph.takeName(outputs.get(i), node.output(i));
  }

  private static <T> List<T> with(List<T> list, int at, T added) {
    var all = new ArrayList<>(list);
    all.add(at, added);
    return all;
  }

  private static Value upTo(Value end, Value stack, TensorType type, Formula f) {
    var slice = f.op(new Slice(), stack, f.vector(0), end, f.vector(0), f.vector(1));
    slice.setType(type);
    return slice;
  }

  /// Lets a body carry the number of iterations behind what it carries already.
  private static void counting(Graph body, Loop loop) {
    var before = body.addInput(2 + loop.carried(), "iterations", TensorType.of(DataType.INT64));
    var f = new Formula(new GraphBuilder(body));
    var after = f.add(before, 1);
    var outputs = with(body.outputs(), 1 + loop.carried(), after);
    var names = with(body.outputNames(), 1 + loop.carried(), after.name());
    body.clearOutputs();
    for (int i = 0; i < names.size(); i++) body.addOutput(names.get(i), outputs.get(i));
  }
}
