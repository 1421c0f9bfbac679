package watari.pass.layout;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Permutes operands that are constants without cost, also behind a node that only decodes them.
final class Constants {
  private Constants() {}

  /// Whether a value is a constant, a decoded one, or one number everywhere.
  static boolean isPermutable(Value value) {
    return value.isConstant() || decoder(value).isPresent() || filler(value).isPresent();
  }

  /// The node that repeats one number over a fixed shape.
  private static Optional<Node> filler(Value value) {
    return value
        .producer()
        .filter(n -> n.op() instanceof ShapeOp.Expand && value.shape().isFixed())
        .filter(n -> n.input(0).constant().filter(data -> data.size() == 1).isPresent())
        .filter(n -> n.input(1).isConstant());
  }

  private static Optional<Node> decoder(Value value) {
    return value
        .producer()
        .filter(n -> n.op() instanceof Cast || n.op() instanceof Convert)
        .filter(n -> n.input(0).isConstant());
  }

  /// The operand with its axes permuted: a new constant, or a Transpose before `user`.
  static Value permuted(Graph graph, Node user, Value value, List<Integer> perm) {
    return permuted(graph, user, value, value.shape(), perm);
  }

  /// The same, of the operand seen in the shape `apart`; the result has the operand's own rank if
  /// that differs.
  static Value permuted(Graph graph, Node user, Value value, Shape apart, List<Integer> perm) {
    if (value.isConstant()) return constant(graph, value, apart, perm);
    var filler = filler(value);
    if (filler.isPresent()) return filled(graph, user, value, filler.get(), apart, perm);
    var decoder = decoder(value);
    if (decoder.isEmpty()) return transpose(graph, user, value, perm);
    var node = decoder.get();
    var source = constant(graph, node.input(0), apart, perm);
    boolean sameRank = apart.rank() == value.shape().rank();
    var quantization = value.type().quantization();
    var type =
        new TensorType(
            value.dtype(), source.shape(), sameRank ? quantization.transposed(perm) : quantization);
    return graph
        .insert(
            Optional.of(user),
            node.op(),
            List.of(source),
            List.of(value.name()),
            List.of(type),
            List.of(),
            node.origins())
        .output();
  }

  /// The same number over the permuted shape.
  private static Value filled(
      Graph graph, Node user, Value value, Node filler, Shape apart, List<Integer> perm) {
    if (apart.rank() != value.shape().rank()) return value;
    var shape = value.shape().transposed(perm);
    var dims = new ArrayList<Long>();
    for (long dim : shape.fixedDims()) dims.add(dim);
    var inputs = List.of(filler.input(0), vector(graph, value.name() + "/shape", dims));
    return insert(graph, user, filler.op(), inputs, value.type().with(shape), value.name());
  }

  private static Value constant(Graph graph, Value value, Shape apart, List<Integer> perm) {
    var data = value.constant().orElseThrow();
    if (data.size() == 1 && apart.equals(value.shape())) {
      return graph.addConstant(
          value.name(),
          value.type().with(value.shape().transposed(perm)),
          data.reshaped(value.shape().transposed(perm)));
    }
    var moved = data.reshaped(apart).transposed(perm);
    boolean sameRank = apart.rank() == value.shape().rank();
    var stored = sameRank ? moved : moved.reshaped(value.shape());
    var quantization = value.type().quantization();
    var kept = sameRank ? quantization.transposed(perm) : quantization;
    return graph.addConstant(value.name(), stored.type().with(kept), stored);
  }

  private static Value transpose(Graph graph, Node user, Value value, List<Integer> perm) {
    return insert(
        graph, user, new ShapeOp.Transpose(perm), List.of(value), transposed(value, perm), "");
  }

  static TensorType transposed(Value value, List<Integer> perm) {
    var type = value.type();
    return new TensorType(
        type.dtype(), type.shape().transposed(perm), type.quantization().transposed(perm));
  }

  /// A vector constant of integers.
  static Value vector(Graph graph, String hint, List<? extends Number> values) {
    return graph.addConstant(hint, TensorData.vector(values));
  }

  /// Inserts a node of one output before `user`.
  static Value insert(
      Graph graph, Node user, watari.op.Op op, List<Value> inputs, TensorType type, String hint) {
    var name = hint.isEmpty() ? inputs.get(0).name() : hint;
    return graph
        .insert(
            Optional.of(user), op, inputs, List.of(name), List.of(type), List.of(), user.origins())
        .output();
  }

  /// The operand of a broadcasting operator whose output has `rank` axes, permuted to fit.
  static Value fitted(Graph graph, Node user, Value value, int rank, List<Integer> perm) {
    int own = value.shape().rank();
    if (own == 0) return value;
    if (own == rank) return permuted(graph, user, value, perm);
    var ones = new long[rank - own];
    java.util.Arrays.fill(ones, 1);
    var full = Shape.of(ones).concat(value.shape());
    var quantization = shifted(value.type().quantization(), rank - own);
    if (value.isConstant()) {
      var data = value.constant().orElseThrow().reshaped(full).transposed(perm);
      return graph.addConstant(value.name(), data.type().with(quantization.transposed(perm)), data);
    }
    var decoder = decoder(value);
    if (decoder.isPresent()) {
      var source = fitted(graph, user, decoder.get().input(0), rank, perm);
      var type = new TensorType(value.dtype(), source.shape(), quantization.transposed(perm));
      return insert(graph, user, decoder.get().op(), List.of(source), type, value.name());
    }
    var axes = new ArrayList<Long>();
    for (long i = 0; i < rank - own; i++) axes.add(i);
    var widened =
        insert(
            graph,
            user,
            new ShapeOp.Unsqueeze(),
            List.of(value, vector(graph, "axes", axes)),
            new TensorType(value.dtype(), full, quantization),
            "");
    return transpose(graph, user, widened, perm);
  }

  private static Quantization shifted(Quantization quantization, int by) {
    return quantization instanceof Quantization.PerAxis(int axis, var scales, var zeroPoints)
        ? new Quantization.PerAxis(axis + by, scales, zeroPoints)
        : quantization;
  }
}
