package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Control flow and state.
final class TfliteControlOps {
  private TfliteControlOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(If.class, TfliteControlOps::branch)
        .on(Loop.class, TfliteLoop::write)
        .on(ReadState.class, TfliteControlOps::readState)
        .on(WriteState.class, TfliteControlOps::writeState);
  }

  private static void branch(If op, Node node, TfliteSubgraph out) {
    int then = out.body(node.bodies().get(0));
    int otherwise = out.body(node.bodies().get(1));
    out.add(
        IF,
        TfliteOptions.ifElse(then, otherwise),
        node.inputs().stream().map(out::tensor).toList(),
        node.outputs().stream().map(v -> result(v, out)).toList());
  }

  static int result(Value value, TfliteSubgraph out) {
    return value.isPresent() ? out.tensor(value) : out.temporary(value.type());
  }

  private static void requireVariable(TensorType type) {
    if (type.dtype() == DataType.STRING) {
      throw Refusal.dtype("a state of strings", "use numbers");
    }
  }

  private static int handle(String state, TfliteSubgraph out) {
    int handle = out.resource(state);
    out.add(VAR_HANDLE, TfliteOptions.varHandle(state), List.of(), List.of(handle));
    return handle;
  }

  private static void readState(ReadState op, Node node, TfliteSubgraph out) {
    requireVariable(op.type());
    if (out.variableStates().has(op.state())) {
      out.alias(node.output(), out.variable(op.state(), op.type()));
      return;
    }
    int handle = handle(op.state(), out);
    out.add(READ_VARIABLE, TfliteOptions.NONE, List.of(handle), List.of(out.tensor(node.output())));
  }

  /// A variable tensor has been written by the operator that computes the value.
  private static void writeState(WriteState op, Node node, TfliteSubgraph out) {
    if (out.variableStates().has(op.state())) return;
    int handle = handle(op.state(), out);
    out.add(
        ASSIGN_VARIABLE, TfliteOptions.NONE, List.of(handle, out.tensor(node.input(0))), List.of());
  }

  /// Gives a state its first value.
  static void assignInitial(State state, TfliteSubgraph out) {
    int handle = handle(state.name(), out);
    int value = out.constant(state.initial(), state.type().quantization());
    out.add(ASSIGN_VARIABLE, TfliteOptions.NONE, List.of(handle, value), List.of());
  }

  static void callOnce(int subgraph, TfliteSubgraph out) {
    out.add(CALL_ONCE, TfliteOptions.callOnce(subgraph), List.of(), List.of());
  }
}
