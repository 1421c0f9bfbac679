package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.Op;
import watari.op.ShapeOp.Transpose;
import watari.op.Shapes;
import watari.tensor.TensorData;

/// The order in which converters to TensorFlow, whose users wrote files of overrides, have the axes
/// of a tensor: of four axes the channels last, of others as the source has them.
///
/// An operator in that order stands between two Transposes, which layout assignment takes away.
final class ConvertedOrder {
  private static final List<Integer> TO = List.of(0, 2, 3, 1);
  private static final List<Integer> FROM = List.of(0, 3, 1, 2);

  private final Graph graph;
  private final boolean moves;

  /// @param moves whether the source has its channels first
  ConvertedOrder(Graph graph, boolean moves) {
    this.graph = graph;
    this.moves = moves;
  }

  private boolean moves(int rank) {
    return moves && rank == 4;
  }

  /// The axis of the source that is an axis in converted order.
  int sourceAxis(int axis, int rank) {
    int counted = Shapes.axis(axis, rank);
    return moves(rank) ? TO.get(counted) : counted;
  }

  /// One entry for each axis, in the source's order.
  <T> List<T> sourceEntries(List<T> entries) {
    if (!moves(entries.size())) return entries;
    var moved = new ArrayList<>(entries);
    for (int i = 0; i < entries.size(); i++) moved.set(TO.get(i), entries.get(i));
    return moved;
  }

  /// A constant in the source's order.
  TensorData source(TensorData converted) {
    return moves(converted.shape().rank()) ? converted.transposed(FROM) : converted;
  }

  GraphBuilder before(Node node) {
    return at(Optional.of(node), node);
  }

  GraphBuilder behind(Node node) {
    return at(node.nextNode(), node);
  }

  private GraphBuilder at(Optional<Node> place, Node from) {
    var known = new Inference(graph);
    for (var node : graph) known.remember(node);
    var origin = new Origin(from.origin().node() + "/override", -1, "");
    return GraphBuilder.at(graph, place, known).from(origin);
  }

  Value to(Value value, GraphBuilder build) {
    if (!value.shape().isRanked()) throw new IllegalArgumentException("its rank is not known");
    return moves(value.shape().rank()) ? build.add(new Transpose(TO), value) : value;
  }

  Value from(Value value, GraphBuilder build) {
    return moves(value.shape().rank()) ? build.add(new Transpose(FROM), value) : value;
  }

  /// An operator of a tensor in converted order, with constant further inputs.
  Value apply(Op op, Value x, List<TensorData> others, GraphBuilder build) {
    var inputs = new ArrayList<Value>();
    inputs.add(to(x, build));
    for (var other : others) inputs.add(build.constant(other));
    return from(build.add(op, inputs), build);
  }
}
