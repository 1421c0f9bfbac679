package watari.quant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Optional;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Scales of weights: symmetric, so that the largest magnitude is stored as 127 and 0 as 0.
///
/// Source: LiteRT's 8-bit quantization specification.
final class WeightScales {
  static final int LARGEST = 127;

  /// No axis: one scale for the whole tensor.
  static final int WHOLE = -1;

  private WeightScales() {}

  /// The index of a node's operand that is weights; -1 where it has none.
  static int operand(Node node) {
    return switch (node.op()) {
      case Conv _, ConvTranspose _, FullyConnected _, MatMul _ -> 1;
      case Gather _ -> 0;
      default -> -1;
    };
  }

  /// The axis of a node's weights along which each index goes to an output of its own; `WHOLE`
  /// where there is none.
  static int outputAxis(Node node) {
    var shape = node.input(operand(node)).shape();
    return switch (node.op()) {
      case Conv _, FullyConnected _ -> 0;
      case ConvTranspose conv -> conv.groups() == 1 ? conv.layout().channelAxis(shape.rank()) : 0;
      case MatMul(_, boolean transposeB) ->
          shape.rank() < 2 ? WHOLE : shape.rank() - (transposeB ? 2 : 1);
      case Gather(int axis, _) -> axis;
      default -> WHOLE;
    };
  }

  /// Empty where a weight is not finite.
  ///
  /// @param axis `WHOLE` for one scale
  static Optional<Quantization> of(TensorData weights, int axis) {
    var largest = magnitudes(weights, axis);
    for (double each : largest) if (!Double.isFinite(each)) return Optional.empty();
    if (largest.length == 1) return Optional.of(new PerTensor(scale(largest[0]), 0));
    var scales = new ArrayList<Float>();
    for (double each : largest) scales.add(scale(each));
    return Optional.of(new PerAxis(axis, scales, Collections.nCopies(scales.size(), 0L)));
  }

  /// What is all 0 is so with any scale.
  private static float scale(double largest) {
    float scale = (float) (largest / LARGEST);
    return scale >= Float.MIN_NORMAL ? scale : 1;
  }

  /// The largest magnitude of each index along an axis.
  private static double[] magnitudes(TensorData weights, int axis) {
    long inner = axis == WHOLE ? weights.size() : 1;
    int count = axis == WHOLE ? 1 : Math.toIntExact(weights.shape().dim(axis).fixed());
    for (int i = axis + 1; axis != WHOLE && i < weights.shape().rank(); i++) {
      inner *= weights.shape().dim(i).fixed();
    }
    var largest = new double[count];
    for (long i = 0; i < weights.size(); i++) {
      int at = (int) (i / inner % count);
      largest[at] = Math.max(largest[at], Math.abs(weights.doubleAt(i)));
    }
    return largest;
  }

  /// Whether weights are worth to be stored small.
  static boolean isLarge(Shape shape, long least) {
    return shape.isFixed() && shape.elements().fixed() >= least;
  }
}
