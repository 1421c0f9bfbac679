package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.TensorflowReadLoop.Source;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// A body of a loop, read once for types of what it carries.
///
/// @param inside what stands in the body for each thing that the loop carries
/// @param parameters of values from outside, by these
/// @param left what the body leaves for the next turn
record LoopBody(
    Graph graph,
    GraphBuilder builder,
    List<Held> inside,
    Map<Value, Value> parameters,
    List<Held> left) {

  /// Reads the body.
  ///
  /// @param carried the types of values that are carried, by their place; other things come in as
  ///   they are outside
  static LoopBody read(
      String name, Source source, List<Held> initial, List<Optional<TensorType>> carried) {
    var graph = new Graph(name);
    var builder = new GraphBuilder(graph);
    builder.input("iteration", TensorType.of(DataType.INT64));
    builder.input("condition", TensorType.of(DataType.BOOL));
    var first = new HashMap<Integer, Held>();
    for (int i = 0; i < initial.size(); i++) {
      var type = carried.get(i);
      if (type.isPresent()) first.put(i, parameter(builder, i, type.get(), initial.get(i)));
    }
    var parameters = new IdentityHashMap<Value, Value>();
    var inside = new ArrayList<Held>();
    for (int i = 0; i < initial.size(); i++) {
      var given = first.get(i);
      inside.add(given != null ? given : kept(builder, initial.get(i), i, parameters));
    }
    return new LoopBody(graph, builder, inside, parameters, source.body(builder, inside));
  }

  private static Held parameter(GraphBuilder builder, int i, TensorType type, Held outside) {
    var name = "carried" + i;
    var value = builder.input(name, type.with(renamed(name, type.shape())));
    return outside instanceof Held.TensorList ? Held.TensorList.of(value) : new Held.Tensor(value);
  }

  /// Dims that were invented outside get names of their own.
  private static Shape renamed(String name, Shape shape) {
    if (!shape.isRanked()) return shape;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < shape.rank(); i++) {
      boolean isInvented = shape.dim(i).toString().contains("?");
      dims.add(isInvented ? Dim.named("?" + name + "." + i) : shape.dim(i));
    }
    return Shape.of(dims);
  }

  /// What stays the same in all turns: constants as they are, values as parameters.
  static Held kept(GraphBuilder builder, Held outside, int i, Map<Value, Value> parameters) {
    return switch (outside) {
      case Held.Tensor(Value value) -> new Held.Tensor(captured(builder, value, parameters));
      case Held.Complex(Value pairs) -> new Held.Complex(captured(builder, pairs, parameters));
      case Held.TensorList list when list.elements().isPresent() && list.set().isEmpty() ->
          Held.TensorList.of(captured(builder, list.elements(), parameters));
      case Held.TensorList list ->
          new Held.TensorList(Value.ABSENT, Value.ABSENT, list.type(), i, Optional.empty());
      default -> outside;
    };
  }

  private static Value captured(GraphBuilder builder, Value value, Map<Value, Value> parameters) {
    if (value.isConstant()) return builder.constant(value.name(), value.constant().orElseThrow());
    return parameters.computeIfAbsent(
        value,
        each -> {
          var shape = renamed(each.name(), each.shape());
          return builder.input(each.name(), each.type().with(shape));
        });
  }
}
