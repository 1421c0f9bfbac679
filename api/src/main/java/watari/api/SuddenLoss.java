package watari.api;

import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Predicate;
import watari.graph.Value;
import watari.op.DetectionOp;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.TopK;

/// Tells a fault in a quantized model from rounding.
///
/// Two runtimes round each quantized tensor a little differently, and what is off adds up from node
/// to node: the signal-to-noise ratio falls slowly. Where a node is wrong it falls at once. Indices
/// and truth values jump with the smallest cause and say nothing.
final class SuddenLoss {
  /// Above this ratio, in dB, nothing is wrong with a tensor.
  private static final double GOOD = 20;

  /// From here on what a node gets is the same on both sides: it may be off by a few steps.
  private static final double EXACT = 80;

  /// A node loses so many dB at most by rounding, where what it gets is clean.
  private static final double CLEAN = 28;

  private static final double MOST_LOST = 12;

  /// The same where it is not: functions such as a sigmoid's tail show small errors large.
  private static final double MOST_LOST_OF_NOISE = 20;

  private static final int MOST_VISITED = 64;

  private final Map<Value, Double> ratios = new IdentityHashMap<>();

  /// Whether the node of a tensor is wrong; tensors are asked for in the graph's order.
  boolean isAt(Compared compared) {
    var value = compared.pair().valueB();
    double ratio = compared.error().sqnr();
    boolean isNear = compared.verdict() != Verdict.DIFFERENT || compared.isWithinFewSteps();
    if (isNear) ratio = Math.max(ratio, GOOD);
    ratios.put(value, ratio);
    if (compared.verdict() != Verdict.DIFFERENT || is(compared, SuddenLoss::jumps)) return false;
    double before = before(value);
    if (before >= EXACT && compared.isBeyondFewSteps()) return true;
    boolean isClean = before >= CLEAN && !is(compared, SuddenLoss::isSteep);
    return ratio < GOOD && ratio < before - (isClean ? MOST_LOST : MOST_LOST_OF_NOISE);
  }

  /// Whether the value in the source or the one in the result is such.
  private static boolean is(Compared compared, Predicate<Value> such) {
    return such.test(compared.pair().valueA()) || such.test(compared.pair().valueB());
  }

  private static boolean jumps(Value value) {
    boolean isDiscrete = !value.dtype().isFloat() && !value.type().isQuantized();
    return isDiscrete
        || isBy(
            value,
            op -> op instanceof ArgReduce || op instanceof TopK || op instanceof DetectionOp);
  }

  /// Whether small numbers that differ little become small numbers that differ much.
  private static boolean isSteep(Value value) {
    return isBy(
        value,
        op ->
            op instanceof Softmax
                || op instanceof Unary(var kind)
                    && (kind == Unary.Kind.SIGMOID || kind == Unary.Kind.EXP));
  }

  private static boolean isBy(Value value, Predicate<Op> such) {
    return value.producer().filter(node -> such.test(node.op())).isPresent();
  }

  /// The lowest ratio of the nearest tensors before a value that were compared.
  private double before(Value value) {
    double lowest = Double.POSITIVE_INFINITY;
    var queue = new ArrayDeque<Value>(value.producer().orElseThrow().inputs());
    for (int visited = 0; !queue.isEmpty() && visited < MOST_VISITED; visited++) {
      var input = queue.poll();
      var known = ratios.get(input);
      if (known != null) lowest = Math.min(lowest, known);
      else input.producer().ifPresent(node -> queue.addAll(node.inputs()));
    }
    return lowest;
  }
}
