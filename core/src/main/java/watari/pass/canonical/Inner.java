package watari.pass.canonical;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.rewrite.Match;

/// The nodes of an idiom before its root: they go if the idiom is replaced, so that nothing else
/// may use what they compute, and none of it may be rounded into a quantized type.
final class Inner {
  private final Set<Node> nodes = new LinkedHashSet<>();

  /// The node that computes a value, if it is of that kind.
  <O extends Op> Optional<Node> producer(Value value, Class<O> kind) {
    var node = value.producer().filter(from -> kind.isInstance(from.op()));
    node.ifPresent(nodes::add);
    return node;
  }

  Optional<Node> unary(Value value, Unary.Kind kind) {
    return value.producer().filter(node -> node.op().equals(new Unary(kind))).map(this::add);
  }

  Optional<Node> binary(Value value, Binary.Kind kind) {
    return value.producer().filter(node -> node.op().equals(new Binary(kind))).map(this::add);
  }

  Node add(Node node) {
    nodes.add(node);
    return node;
  }

  void addAll(Iterable<Node> others) {
    others.forEach(nodes::add);
  }

  /// Whether only the root needs what the nodes compute; then they count as part of the match.
  boolean isClosed(Match<?> match) {
    nodes.remove(match.node());
    var graph = match.node().graph();
    for (var node : nodes) {
      for (var output : node.outputs()) {
        if (output.type().isQuantized() || graph.isOutput(output)) return false;
        boolean inside =
            output.uses().stream()
                .allMatch(use -> nodes.contains(use.node()) || use.node() == match.node());
        if (!inside) return false;
      }
    }
    nodes.forEach(match::absorb);
    return true;
  }

  /// The other operand of a commutative node, if one is that value.
  static Optional<Value> other(Node node, Value one) {
    if (node.input(0) == one) return Optional.of(node.input(1));
    return node.input(1) == one ? Optional.of(node.input(0)) : Optional.empty();
  }
}
