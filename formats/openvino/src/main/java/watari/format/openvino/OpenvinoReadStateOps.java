package watari.format.openvino;

import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ShapeOp.Expand;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What is kept from one call to the next.
final class OpenvinoReadStateOps {
  private OpenvinoReadStateOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("ReadValue", 3, OpenvinoReadStateOps::readValue)
        .on("Assign", 3, OpenvinoReadStateOps::assign);
  }

  private static String name(OpenvinoReadNode n) {
    if (!n.graph().isMain()) {
      throw OpenvinoRefusal.unsupported(
          "it keeps a state inside of a body", "make the state an input and an output of the body");
    }
    return n.text("variable_id");
  }

  /// The state's initial value is what the input is; without one it is 0.
  private static void readValue(OpenvinoReadNode n) {
    var name = name(n);
    var graph = n.builder().graph();
    var known = graph.state(name);
    if (known.isEmpty()) graph.addState(new State(name, type(n), initial(n)));
    var type = graph.state(name).orElseThrow().type();
    n.give(new ReadState(name, type));
  }

  private static TensorData initial(OpenvinoReadNode n) {
    var type = type(n);
    if (!type.shape().isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "its state has the shape '" + type.shape() + "', and Watari keeps states of fixed shapes",
          "fix the shapes of the model's inputs and states");
    }
    if (!n.has(0)) {
      return TensorData.filled(TensorData.scalar(type.dtype(), 0), type.shape());
    }
    return folded(n.in(0))
        .map(data -> data.cast(type.dtype()).expanded(type.shape()))
        .orElseThrow(() ->
            OpenvinoRefusal.unsupported(
                "the initial value of its state is computed from the model's inputs",
                "initialize the state with a constant"));
  }

  /// The elements of a constant, or of one that is repeated or converted.
  private static Optional<TensorData> folded(Value value) {
    if (value.isConstant()) return value.constant();
    var node = value.producer();
    if (node.isEmpty() || !node.get().input(0).isConstant()) return Optional.empty();
    var data = node.get().input(0).constant().orElseThrow();
    return switch (node.get().op()) {
      case Cast(var to, _) -> Optional.of(data.cast(to));
      case Expand _ when value.shape().isFixed() -> Optional.of(data.expanded(value.shape()));
      default -> Optional.empty();
    };
  }

  private static TensorType type(OpenvinoReadNode n) {
    if (n.hasAttribute("variable_shape") && n.hasAttribute("variable_type")) {
      var shape = OpenvinoReadSourceOps.shape(n.text("variable_shape"), n.text("variable_id"));
      if (shape.isFixed() || !n.has(0)) {
        return new TensorType(n.element("variable_type", DataType.FLOAT32), shape);
      }
    }
    if (n.has(0)) return n.in(0).type().withoutQuantization();
    return OpenvinoReadGraph.declared(n.layer()).get(0);
  }

  private static void assign(OpenvinoReadNode n) {
    var name = name(n);
    var state = n.builder().graph().state(name);
    if (state.isEmpty()) {
      var type = n.in(0).type().withoutQuantization();
      if (!type.shape().isFixed())
        throw OpenvinoRefusal.broken("no layer reads state '" + name + "'");
      var zero = TensorData.filled(TensorData.scalar(type.dtype(), 0), type.shape());
      n.builder().graph().addState(new State(name, type, zero));
    }
    n.builder().add(new WriteState(name), List.of(n.in(0)), List.of(), List.of());
    n.give(0, new Identity(), n.in(0));
  }
}
