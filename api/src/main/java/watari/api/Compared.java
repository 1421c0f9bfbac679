package watari.api;

import java.util.Optional;
import java.util.OptionalDouble;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.finding.Finding;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.QuantizeOp.Convert;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// One pair of tensors, compared as the real numbers that they denote.
final class Compared {
  /// Quantized tensors may be off by more than a step in so many elements.
  private static final double MOST_BEYOND_A_STEP = 1e-3;

  /// A step is compared with a little slack for the rounding of its own computation.
  private static final double STEP_SLACK = 1.01;

  private final Pair pair;
  private final OutputError error;
  private final Verdict verdict;
  private final Optional<Finding> finding;

  Compared(Pair pair, TensorData a, TensorData b, Tolerance tolerance) {
    this.pair = pair;
    var realsA = Side.reals(a, pair.valueA().type());
    var realsB = Side.reals(b, pair.valueB().type());
    if (!pair.permutation().isEmpty() && pair.permutation().size() == realsA.shape().rank()) {
      realsA = realsA.transposed(pair.permutation());
    }
    if (!realsA.shape().equals(realsB.shape())) {
      error = new OutputError(pair.b(), Double.NaN, Double.NaN, Double.POSITIVE_INFINITY, 0, 0);
      verdict = Verdict.DIFFERENT;
      finding =
          Optional.of(
              Finding.error(
                  "SHAPE_DIFFERS",
                  "tensor '"
                      + pair.b()
                      + "' is "
                      + realsB.shape()
                      + ", but the source's is "
                      + realsA.shape()));
      return;
    }
    finding = Optional.empty();
    error = Comparison.of(pair.b(), realsA, realsB);
    verdict = judge(realsA, realsB, tolerance);
  }

  private Verdict judge(TensorData a, TensorData b, Tolerance tolerance) {
    boolean isWithin = error.scaled() <= tolerance.scaled();
    if (tolerance.isGiven() && !isWithin) return Verdict.DIFFERENT;
    if (error.scaled() <= Tolerance.EQUAL) return Verdict.EQUAL;
    if (isWithin) return Verdict.ROUNDING;
    if (isOfUnitScale(pair.valueA()) && error.maxAbsolute() <= Tolerance.EQUAL) {
      return Verdict.ROUNDING;
    }
    var step = step(pair.valueA()).isPresent() ? step(pair.valueA()) : step(pair.valueB());
    if (step.isEmpty()) return Verdict.DIFFERENT;
    return isWithin(step.getAsDouble(), a, b) ? Verdict.ROUNDING : Verdict.DIFFERENT;
  }

  /// Whether a function gave the value that is computed at the scale of 1: where all that it gives
  /// is tiny, float32 knows no better than that scale's precision.
  private static boolean isOfUnitScale(Value value) {
    return value
        .producer()
        .filter(node ->
            node.op() instanceof Softmax
                || node.op() instanceof Unary(Unary.Kind kind) && kind == Unary.Kind.SIGMOID)
        .isPresent();
  }

  private static boolean isWithin(double distance, TensorData a, TensorData b) {
    return Comparison.shareBeyond(distance * STEP_SLACK, a, b) <= MOST_BEYOND_A_STEP;
  }

  /// The step of a value that is quantized, or was just before.
  private static OptionalDouble step(Value value) {
    var own = step(value.type());
    if (own.isPresent()) return own;
    var producer = value.producer().filter(node -> node.op() instanceof Convert);
    return producer.isPresent() ? step(producer.get().input(0).type()) : OptionalDouble.empty();
  }

  private static OptionalDouble step(TensorType type) {
    return type.quantization() instanceof PerTensor(float scale, _)
        ? OptionalDouble.of(scale)
        : OptionalDouble.empty();
  }

  Pair pair() {
    return pair;
  }

  OutputError error() {
    return error;
  }

  Verdict verdict() {
    return verdict;
  }

  Optional<Finding> finding() {
    return finding;
  }
}
