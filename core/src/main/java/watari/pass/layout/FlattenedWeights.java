package watari.pass.layout;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp;
import watari.op.MatMulOp;
import watari.op.QuantizeOp;
import watari.tensor.Quantization;
import watari.tensor.Shape;

/// `FullyConnected(Flatten(x), w)`: `x` may be in either layout if the columns of `w` are permuted
/// alike.
final class FlattenedWeights {
  private FlattenedWeights() {}

  /// The products behind a reshape, if it flattens all axes but the first and nothing else sees the
  /// order.
  static Optional<List<Node>> products(Node reshape) {
    var from = reshape.input(0).shape();
    var to = reshape.output(0).shape();
    if (!from.isRanked() || !to.hasRank(2) || from.rank() < 3) return Optional.empty();
    var features = from.product(1, from.rank());
    if (!features.isFixed() || !to.dim(1).equals(features)) return Optional.empty();
    var found = new ArrayList<Node>();
    var pending = new ArrayDeque<Value>();
    pending.add(reshape.output(0));
    while (!pending.isEmpty()) {
      var value = pending.poll();
      if (value.uses().isEmpty() || reshape.graph().isOutput(value)) return Optional.empty();
      for (var use : value.uses()) {
        if (isProduct(use)) found.add(use.node());
        else if (passes(use)) pending.add(use.node().output());
        else return Optional.empty();
      }
    }
    return Optional.of(found);
  }

  private static boolean isProduct(Value.Use use) {
    return use.index() == 0
        && use.node().op() instanceof MatMulOp.FullyConnected
        && Constants.isPermutable(use.node().input(1));
  }

  private static boolean passes(Value.Use use) {
    boolean unary =
        use.node().op() instanceof ElementwiseOp
                && !(use.node().op() instanceof ElementwiseOp.Bitcast)
            || use.node().op() instanceof QuantizeOp.Convert;
    return unary
        && use.index() == 0
        && use.node().outputs().size() == 1
        && !(use.node().output().type().quantization() instanceof Quantization.PerAxis);
  }

  /// Permutes the columns of the weights for an input that is now transposed by `perm`.
  static void permute(Graph graph, List<Node> products, Shape source, List<Integer> perm) {
    for (var node : products) {
      var rows = node.input(1).shape().dim(0);
      var apart = Shape.of(rows).concat(source.slice(1, source.rank()));
      var permuted = Constants.permuted(graph, node, node.input(1), apart, perm);
      graph.setInput(node, 1, permuted);
    }
  }
}
