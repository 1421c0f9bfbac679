package watari.format.tflite;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import watari.graph.Value;
import watari.op.BinaryOp;
import watari.op.ConvOp;
import watari.op.MatMulOp;
import watari.op.NormOp;
import watari.op.Op;
import watari.op.PoolOp;
import watari.tensor.TensorData;

/// Which values may hold infinities on purpose, as attention masks do: LiteRT's arithmetic limits
/// its results to finite numbers.
final class TfliteInfinities {
  private static final int MAX_VISITED = 64;
  private static final long MAX_ELEMENTS = 1 << 16;

  private TfliteInfinities() {}

  /// Whether a constant with this infinity goes into a value by movements, selections and sums.
  static boolean mayHold(Value value, float infinity) {
    var queue = new ArrayDeque<Value>();
    Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    queue.add(value);
    while (!queue.isEmpty() && seen.size() < MAX_VISITED) {
      var at = queue.poll();
      if (!at.isPresent() || !seen.add(at) || !at.dtype().isFloat()) continue;
      if (at.constant().filter(data -> holds(data, infinity)).isPresent()) return true;
      at.producer()
          .filter(node -> passes(node.op()))
          .ifPresent(node -> queue.addAll(node.inputs()));
    }
    return false;
  }

  private static boolean holds(TensorData data, float infinity) {
    if (data.size() > MAX_ELEMENTS) return false;
    for (long i = 0; i < data.size(); i++) if (data.doubleAt(i) == infinity) return true;
    return false;
  }

  private static boolean passes(Op op) {
    return switch (op) {
      case ConvOp _, MatMulOp _, NormOp _, PoolOp _ -> false;
      case BinaryOp.Binary(var kind) ->
          switch (kind) {
            case ADD, MAX, MIN -> true;
            default -> false;
          };
      default -> true;
    };
  }
}
