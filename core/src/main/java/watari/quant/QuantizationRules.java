package watari.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.ReduceOp.Reduce;

/// A target's table: how each operator works on stored integers. What is not in it computes on
/// floats.
public final class QuantizationRules {
  private final Map<Object, OperatorRule> rules = new HashMap<>();
  private final Predicate<Node> isFused;
  private boolean hasFloatBias;
  private boolean leavesFloats;
  private boolean isOfKernels;

  /// @param isFused whether the operator before a node computes it along with its own result, which
  ///   then is never stored
  public QuantizationRules(Predicate<Node> isFused) {
    this.isFused = isFused;
  }

  /// Biases of products stay floats.
  public QuantizationRules withFloatBias() {
    hasFloatBias = true;
    return this;
  }

  /// Operators give floats where nothing takes integers.
  public QuantizationRules leavingFloats() {
    leavesFloats = true;
    return this;
  }

  boolean leavesFloats() {
    return leavesFloats;
  }

  /// @param kinds classes of records, or constants of the kinds of `Unary`, `Binary` and `Reduce`
  public QuantizationRules on(OperatorRule rule, Object... kinds) {
    for (var kind : kinds) rules.put(kind, rule);
    return this;
  }

  public Optional<OperatorRule> of(Node node) {
    return Optional.ofNullable(rules.get(kind(node.op())));
  }

  /// Kernels take integers themselves, and only those that the target does not refuse.
  public QuantizationRules ofKernels() {
    isOfKernels = true;
    return this;
  }

  public boolean isOfKernels() {
    return isOfKernels;
  }

  /// Whether an operator is in the table, and does more than to move elements.
  public boolean computes(Node node) {
    return of(node)
        .filter(rule -> !(rule.result() instanceof OperatorRule.Result.Shared))
        .isPresent();
  }

  public boolean isFused(Node node) {
    return isFused.test(node);
  }

  boolean hasFloatBias() {
    return hasFloatBias;
  }

  private static Object kind(Op op) {
    return switch (op) {
      case Unary(var kind) -> kind;
      case Binary(var kind) -> kind;
      case Reduce(var kind, _) -> kind;
      default -> op.getClass();
    };
  }
}
