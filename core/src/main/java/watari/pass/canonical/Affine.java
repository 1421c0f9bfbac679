package watari.pass.canonical;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;

/// A value as `factor · source + offset`, by the sums and products with numbers that make it and
/// that nothing else uses.
record Affine(Value source, double factor, double offset, List<Node> nodes) {
  private static final int MOST_STEPS = 4;

  static Affine of(Value value) {
    var affine = new Affine(value, 1, 0, List.of());
    for (int i = 0; i < MOST_STEPS; i++) {
      var next = affine.step();
      if (next == affine) break;
      affine = next;
    }
    return affine;
  }

  private Affine step() {
    var from = source.producer();
    if (from.isEmpty()) return this;
    var node = from.get();
    boolean open =
        source.uses().size() == 1 && !source.type().isQuantized() && !node.graph().isOutput(source);
    if (!open) return this;
    return switch (node.op()) {
      case Binary(var kind) -> binary(kind, node);
      case Unary(var kind) when kind == Unary.Kind.NEG -> to(node, 0, -factor, offset);
      default -> this;
    };
  }

  private Affine binary(Binary.Kind kind, Node node) {
    var right = Constants.scalar(node.input(1));
    var left = Constants.scalar(node.input(0));
    if (right.isPresent()) {
      double c = right.getAsDouble();
      return switch (kind) {
        case ADD -> to(node, 0, factor, offset + factor * c);
        case SUB -> to(node, 0, factor, offset - factor * c);
        case MUL -> to(node, 0, factor * c, offset);
        case DIV -> c == 0 ? this : to(node, 0, factor / c, offset);
        default -> this;
      };
    }
    if (left.isEmpty()) return this;
    double c = left.getAsDouble();
    return switch (kind) {
      case ADD -> to(node, 1, factor, offset + factor * c);
      case SUB -> to(node, 1, -factor, offset + factor * c);
      case MUL -> to(node, 1, factor * c, offset);
      default -> this;
    };
  }

  private Affine to(Node node, int input, double newFactor, double newOffset) {
    var from = node.input(input);
    if (!from.dtype().isFloat() || from.type().isQuantized()) return this;
    if (!node.output().shape().equals(from.shape())) return this;
    var all = new ArrayList<>(nodes);
    all.add(node);
    return new Affine(from, newFactor, newOffset, List.copyOf(all));
  }

  boolean is(double wantedFactor, double wantedOffset) {
    return Constants.isNear(factor, wantedFactor, source.dtype())
        && (wantedOffset == 0
            ? offset == 0
            : Constants.isNear(offset, wantedOffset, source.dtype()));
  }
}
