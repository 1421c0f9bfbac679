package watari.api;

import java.util.ArrayDeque;
import java.util.Optional;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorData;

/// How far a tensor may be off by the rounding of the one node that computes it.
///
/// A quantized tensor: a step. One in float32: a little of its range. Where float tensors meet
/// quantized weights, TFLite rounds the tensor to 8 bits meanwhile.
final class NodeRounding {
  private static final double FLOAT32 = 1e-4;
  private static final double HYBRID = 1e-2;

  /// Numbers with many small ones among them lose more of their range to 8 bits, but little power.
  private static final double MOST_OF_HYBRID = 5e-2;

  private static final double HYBRID_DECIBELS = 30;

  /// Functions with values up to 1 are computed to so much, however small their values are.
  private static final double OF_ONE = 1e-6;

  /// So many nodes may stand for one operator of the source.
  private static final int MOST_VISITED = 16;

  private final Tolerance whole;

  /// @param whole what is let pass of the models' outputs
  NodeRounding(Tolerance whole) {
    this.whole = whole;
  }

  /// The error of a tensor that is off by more than one rounding.
  ///
  /// Numbers that the source could not store are compared as the nearest that it can.
  Optional<OutputError> beyond(Pair pair, TensorData a, TensorData b) {
    var compared = new Compared(pair, a, limited(pair, b), new Tolerance(scaled(pair), false));
    if (compared.verdict() != Verdict.DIFFERENT) return Optional.empty();
    boolean isOfOne = isUpToOne(pair.valueA()) || isUpToOne(pair.valueB());
    if (isOfOne && compared.error().maxAbsolute() <= OF_ONE) return Optional.empty();
    return isHybridNoise(pair, compared.error()) ? Optional.empty() : Optional.of(compared.error());
  }

  private static boolean isHybridNoise(Pair pair, OutputError error) {
    return isHybrid(pair.valueA())
        && error.scaled() <= MOST_OF_HYBRID
        && error.sqnr() >= HYBRID_DECIBELS;
  }

  private double scaled(Pair pair) {
    boolean isHalf = isHalf(pair.valueA()) || isHalf(pair.valueB());
    double least = isHalf || whole.scaled() > Tolerance.ROUNDING ? Tolerance.ROUNDING_FLOAT16 : 0;
    return Math.max(least, isHybrid(pair.valueA()) ? HYBRID : FLOAT32);
  }

  private static boolean isHalf(Value value) {
    return value.dtype().isFloat() && value.dtype().bits() < 32;
  }

  private static boolean isHybrid(Value value) {
    if (!value.dtype().isFloat() || value.producer().isEmpty()) return false;
    var last = value.producer().get();
    var waiting = new ArrayDeque<Node>();
    waiting.add(last);
    for (int visited = 0; !waiting.isEmpty() && visited < MOST_VISITED; visited++) {
      var node = waiting.poll();
      if (mixes(node)) return true;
      for (var input : node.inputs()) {
        input.producer().filter(n -> n.origin().equals(last.origin())).ifPresent(waiting::add);
      }
    }
    return false;
  }

  private static boolean mixes(Node node) {
    if (node.op() instanceof Convert || node.inputs().isEmpty()) return false;
    boolean isFloat = !node.input(0).type().isQuantized() && node.input(0).dtype().isFloat();
    return isFloat && node.inputs().stream().anyMatch(input -> input.type().isQuantized());
  }

  private static boolean isUpToOne(Value value) {
    return value.producer().filter(node -> isUpToOne(node.op())).isPresent();
  }

  private static boolean isUpToOne(Op op) {
    return op instanceof Softmax
        || op instanceof Unary(var kind)
            && (kind == Unary.Kind.SIGMOID
                || kind == Unary.Kind.TANH
                || kind == Unary.Kind.ERF
                || kind == Unary.Kind.SIN
                || kind == Unary.Kind.COS);
  }

  private static TensorData limited(Pair pair, TensorData b) {
    var type = pair.valueA().type();
    boolean isOpen = pair.valueB().type().isQuantized() || !b.dtype().isFloat();
    if (isOpen || !(type.quantization() instanceof PerTensor(float scale, long zeroPoint))) {
      return b;
    }
    double low = (type.dtype().min() - zeroPoint) * (double) scale;
    double high = (type.dtype().max() - zeroPoint) * (double) scale;
    var limited = new double[Math.toIntExact(b.size())];
    for (int i = 0; i < limited.length; i++) limited[i] = Math.clamp(b.doubleAt(i), low, high);
    return TensorData.ofDoubles(b.dtype(), b.shape(), limited);
  }
}
