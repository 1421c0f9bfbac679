package watari.faults;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A mistake that a converter could make at one node, made in the graph that is then written;
/// shapes stay as they were.
///
/// @param what the mistake, in words
/// @param model the source, below `cli/src/test/resources/models` or `samples`
/// @param tensor what the node gives
/// @param named the tensor that must be named: the node's, or the next one that the source has, too
record GraphFault(
    String what, String model, String tensor, String named, BiConsumer<Graph, Node> mistake) {

  @Override
  public String toString() {
    return what + " (" + model + ")";
  }

  void inject(Graph graph) {
    for (var node : graph) {
      for (var output : node.outputs()) {
        if (!output.name().equals(tensor)) continue;
        mistake.accept(graph, node);
        return;
      }
    }
    throw new IllegalStateException("the result has no tensor " + tensor);
  }

  // ---- mistakes

  /// Another operator, or the same with other attributes.
  static BiConsumer<Graph, Node> op(Op other) {
    return (graph, node) -> graph.setOp(node, other);
  }

  static BiConsumer<Graph, Node> swappedInputs() {
    return (graph, node) -> {
      var first = node.input(0);
      graph.setInput(node, 0, node.input(1));
      graph.setInput(node, 1, first);
    };
  }

  /// Integers of its own in the place of an input.
  static BiConsumer<Graph, Node> indices(int input, long... values) {
    return constant(input, old -> TensorData.ofLongs(old.dtype(), Shape.of(values.length), values));
  }

  static BiConsumer<Graph, Node> index(int input, long value) {
    return constant(input, old -> TensorData.ofLongs(old.dtype(), Shape.SCALAR, value));
  }

  /// Other elements in the place of an input.
  static BiConsumer<Graph, Node> constant(int input, UnaryOperator<TensorData> change) {
    return (graph, node) -> {
      var old = node.input(input);
      var data = change.apply(old.constant().orElseThrow());
      var type = data.type().with(old.type().quantization());
      graph.setInput(node, input, graph.addConstant(old.name() + "/wrong", type, data));
    };
  }

  /// The same elements with another meaning.
  static BiConsumer<Graph, Node> meaning(int input, UnaryOperator<Quantization> change) {
    return (graph, node) -> {
      var old = node.input(input);
      var type = old.type().with(change.apply(old.type().quantization()));
      var data = old.constant().orElseThrow();
      graph.setInput(node, input, graph.addConstant(old.name() + "/wrong", type, data));
    };
  }

  static UnaryOperator<TensorData> times(double factor) {
    return data -> {
      var values = new double[Math.toIntExact(data.size())];
      for (int i = 0; i < values.length; i++) values[i] = data.doubleAt(i) * factor;
      return data.dtype() == DataType.FLOAT32
          ? TensorData.ofDoubles(data.dtype(), data.shape(), values)
          : TensorData.ofLongs(
              data.dtype(),
              data.shape(),
              java.util.Arrays.stream(values).mapToLong(Math::round).toArray());
    };
  }

  static UnaryOperator<TensorData> reversed() {
    return data -> {
      int size = Math.toIntExact(data.size());
      var values = new double[size];
      for (int i = 0; i < size; i++) values[i] = data.doubleAt(size - 1 - i);
      return TensorData.ofDoubles(data.dtype(), data.shape(), values);
    };
  }

  static UnaryOperator<TensorData> transposed(Integer... permutation) {
    return data -> data.transposed(List.of(permutation));
  }

  static UnaryOperator<Quantization> scaled(float factor) {
    return old ->
        switch (old) {
          case Quantization.PerTensor(float scale, long zeroPoint) ->
              new Quantization.PerTensor(scale * factor, zeroPoint);
          case Quantization.PerAxis(int axis, var scales, var zeroPoints) ->
              new Quantization.PerAxis(
                  axis, scales.stream().map(scale -> scale * factor).toList(), zeroPoints);
          default -> throw new IllegalStateException("no scale in " + old);
        };
  }
}
