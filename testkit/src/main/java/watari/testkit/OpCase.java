package watari.testkit;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// One operator on given inputs, and what it gives: written once, run by every backend.
///
/// @param name family and fact, such as `clip/relu6`
/// @param constants the positions of inputs that are constants of the graph
public record OpCase(
    String name,
    List<TensorData> inputs,
    List<Integer> constants,
    Op op,
    List<TensorData> outputs) {
  public OpCase {
    inputs = List.copyOf(inputs);
    constants = List.copyOf(constants);
    outputs = List.copyOf(outputs);
  }

  /// A graph of this one node, with an input for each that is not constant.
  public Graph graph() {
    var graph = new Graph(name);
    var builder = new GraphBuilder(graph);
    var values = new ArrayList<Value>();
    for (int i = 0; i < inputs.size(); i++) {
      var data = inputs.get(i);
      values.add(
          constants.contains(i) ? builder.constant(data) : builder.input("x" + i, data.type()));
    }
    var node = builder.add(op, values, outputs.size(), List.of());
    node.outputs().forEach(graph::addOutput);
    return graph;
  }

  @Override
  public String toString() {
    return name;
  }

  /// Starts a case.
  public static Draft opCase(String name) {
    return new Draft(name, List.of(), List.of());
  }

  /// A case without its operator.
  public record Draft(String name, List<TensorData> inputs, List<Integer> constants) {
    /// A vector of floats.
    public Draft input(double... values) {
      return input(floats(Shape.of(values.length), values));
    }

    public Draft input(TensorData data) {
      var all = new ArrayList<>(inputs);
      all.add(data);
      return new Draft(name, all, constants);
    }

    /// A vector of int64 that is a constant: axes, pads, a shape.
    public Draft constant(long... values) {
      return constant(TensorData.vector(values));
    }

    public Draft constant(TensorData data) {
      var positions = new ArrayList<>(constants);
      positions.add(inputs.size());
      return new Draft(name, input(data).inputs(), positions);
    }

    public WithOp op(Op op) {
      return new WithOp(this, op);
    }
  }

  /// A case without what it gives.
  public record WithOp(Draft draft, Op op) {
    /// A vector of floats.
    public OpCase gives(double... values) {
      return gives(floats(Shape.of(values.length), values));
    }

    public OpCase gives(TensorData... outputs) {
      return new OpCase(draft.name(), draft.inputs(), draft.constants(), op, List.of(outputs));
    }
  }

  /// Floats of a shape, given as doubles.
  public static TensorData floats(Shape shape, double... values) {
    return TensorData.ofDoubles(DataType.FLOAT32, shape, values);
  }
}
