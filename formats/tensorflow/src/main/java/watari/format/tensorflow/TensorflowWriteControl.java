package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowLibrary.Argument;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Branches and loops, whose bodies are functions.
final class TensorflowWriteControl {
  private TensorflowWriteControl() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table.on(If.class, TensorflowWriteControl::branch).on(Loop.class, TensorflowWriteControl::loop);
  }

  private static TensorflowScope scope(TensorflowScope around) {
    return new TensorflowScope(around.library(), (hint, data, scope) -> scope.constant(hint, data));
  }

  private static Port argument(String name, Optional<DataType> dtype, TensorflowScope scope) {
    return scope.add(new TensorflowStep(name, TensorflowGraph.GIVEN, List.of())).given(dtype);
  }

  private static List<Argument> arguments(List<Port> ports, String name) {
    return IntStream.range(0, ports.size())
        .mapToObj(i -> new Argument(name + i, ports.get(i)))
        .toList();
  }

  private static List<watari.format.tensorflow.schema.DataType> types(List<Port> ports) {
    return ports.stream().map(TensorflowGraph::type).toList();
  }

  // ---- branches

  private static void branch(If op, Node node, TensorflowScope out) {
    var condition = TensorflowWriteReduce.scalar(node, 0, out);
    var inputs = new ArrayList<Port>();
    inputs.add(condition);
    for (int i = 1; i < node.inputs().size(); i++) inputs.add(out.in(node, i));
    var captured = inputs.subList(1, inputs.size());
    var results = new ArrayList<Port>();
    for (var output : node.outputs()) {
      var dtype = TensorflowWriteTypes.carried(output.dtype());
      results.add(
          new TensorflowStep("x", TensorflowGraph.GIVEN, List.of()).given(Optional.of(dtype)));
    }
    var step =
        out.bare("StatelessIf", inputs.toArray(Port[]::new))
            .set("Tcond", condition.type())
            .setTypes("Tin", types(captured))
            .setTypes("Tout", types(results))
            .setFunction("then_branch", body(node.bodies().get(0), "then", captured, out))
            .setFunction("else_branch", body(node.bodies().get(1), "else", captured, out));
    for (int i = 0; i < results.size(); i++) {
      out.give(node, i, step.part(i, results.get(i).dtype()));
    }
  }

  private static String body(Graph body, String kind, List<Port> captured, TensorflowScope out) {
    var scope = scope(out);
    var given = new ArrayList<Port>();
    for (int i = 0; i < captured.size(); i++) {
      var port = argument("x" + i, captured.get(i).dtype(), scope);
      given.add(port);
      scope.give(body.inputs().get(i), port);
    }
    TensorflowGraphWriter.write(body, scope);
    var results = body.outputs().stream().map(scope::port).map(p -> copy(p, scope)).toList();
    return out.library().add(kind, scope, arguments(given, "x"), arguments(results, "y"));
  }

  /// A result that is not an argument itself.
  private static Port copy(Port port, TensorflowScope scope) {
    scope.setPrefix("result");
    var step = scope.bare("Identity", port);
    port.dtype().ifPresent(dtype -> step.set("T", dtype));
    return port.dtype().isPresent() ? step.port() : port;
  }

  // ---- loops

  /// What goes round: the iteration, the condition, carried values, lists of what is stacked, then
  /// the trips and what the body uses.
  private static void loop(Loop op, Node node, TensorflowScope out) {
    var body = node.bodies().get(0);
    var state = new ArrayList<Port>();
    state.add(out.constant(TensorData.scalar(0L)));
    state.add(
        out.has(node, 1)
            ? TensorflowWriteReduce.scalar(node, 1, out)
            : out.scalar(DataType.BOOL, 1));
    for (int i = 0; i < op.carried(); i++) state.add(out.in(node, 2 + i));
    for (int i = 0; i < op.scans(); i++) {
      state.add(list(body.outputs().get(1 + op.carried() + i), out));
    }
    state.add(
        out.has(node, 0)
            ? out.cast(TensorflowWriteReduce.scalar(node, 0, out), DataType.INT64)
            : out.constant(TensorData.scalar(Long.MAX_VALUE)));
    for (int i = 2 + op.carried(); i < node.inputs().size(); i++) state.add(out.in(node, i));
    var step =
        out.bare("StatelessWhile", state.toArray(Port[]::new))
            .setTypes("T", types(state))
            .setFunction("cond", condition(op, state, out))
            .setFunction("body", repeated(op, body, state, out));
    for (int i = 0; i < op.carried(); i++)
      out.give(node, i, step.part(2 + i, state.get(2 + i).dtype()));
    for (int i = 0; i < op.scans(); i++) {
      int at = op.carried() + i;
      out.give(node, at, stacked(step.part(2 + at, Optional.empty()), node, at, body, out));
    }
  }

  private static Port list(watari.graph.Value element, TensorflowScope out) {
    var dtype = TensorflowWriteTypes.carried(element.dtype());
    return out.bare("EmptyTensorList", shape(element, out), out.index(-1))
        .set("element_dtype", dtype)
        .set("shape_type", DataType.INT32)
        .port();
  }

  /// The shape of a list's elements; -1 for what is not known.
  private static Port shape(watari.graph.Value element, TensorflowScope out) {
    var shape = element.shape();
    if (!shape.isRanked()) return out.index(-1);
    return out.ints(shape.dims().stream().mapToLong(d -> d.value().orElse(-1)).toArray());
  }

  private static Port stacked(Port list, Node node, int at, Graph body, TensorflowScope out) {
    var element = body.outputs().get(1 + at);
    return out.bare("TensorListStack", list, shape(element, out))
        .set("element_dtype", TensorflowWriteTypes.carried(node.output(at).dtype()))
        .set("num_elements", -1L)
        .port();
  }

  private static List<Port> given(List<Port> state, TensorflowScope scope) {
    var given = new ArrayList<Port>();
    for (int i = 0; i < state.size(); i++) {
      boolean isList = state.get(i).dtype().isEmpty();
      given.add(argument((isList ? "list" : "x") + i, state.get(i).dtype(), scope));
    }
    return given;
  }

  private static int trips(Loop op) {
    return 2 + op.carried() + op.scans();
  }

  private static String condition(Loop op, List<Port> state, TensorflowScope out) {
    var scope = scope(out);
    scope.setPrefix("go");
    var given = given(state, scope);
    var isBelow = scope.op("Less", given.get(0), given.get(trips(op)));
    var goes = scope.op("LogicalAnd", isBelow, given.get(1));
    return out.library()
        .add("cond", scope, arguments(given, "x"), List.of(new Argument("y", goes)));
  }

  private static String repeated(Loop op, Graph body, List<Port> state, TensorflowScope out) {
    var scope = scope(out);
    var given = given(state, scope);
    for (int i = 0; i < 2 + op.carried(); i++) scope.give(body.inputs().get(i), given.get(i));
    for (int i = 2 + op.carried(); i < body.inputs().size(); i++) {
      scope.give(body.inputs().get(i), given.get(i + op.scans() + 1));
    }
    TensorflowGraphWriter.write(body, scope);
    scope.setPrefix("next");
    var results = new ArrayList<Port>();
    results.add(scope.op("AddV2", given.get(0), scope.constant(TensorData.scalar(1L))));
    results.add(copy(reshaped(scope.port(body.outputs().get(0)), body, scope), scope));
    for (int i = 0; i < op.carried(); i++) {
      results.add(copy(scope.port(body.outputs().get(1 + i)), scope));
    }
    for (int i = 0; i < op.scans(); i++) {
      int at = op.carried() + i;
      var element = scope.port(body.outputs().get(1 + at));
      results.add(
          scope
              .bare("TensorListPushBack", given.get(2 + at), element)
              .set("element_dtype", element.type())
              .port());
    }
    results.addAll(given.subList(trips(op), given.size()));
    return out.library().add("body", scope, arguments(given, "x"), arguments(results, "y"));
  }

  /// The condition as a scalar.
  private static Port reshaped(Port condition, Graph body, TensorflowScope scope) {
    return body.outputs().get(0).shape().hasRank(0)
        ? condition
        : scope.op("Reshape", condition, scope.ints());
  }
}
