package watari.format.openvino;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// Weights that are stored as integers: `(Convert(constant) - zero) · scale`.
final class OpenvinoReadCompressed {
  private static final Set<DataType> STORED =
      EnumSet.of(
          DataType.INT8,
          DataType.UINT8,
          DataType.INT4,
          DataType.UINT4,
          DataType.UINT2,
          DataType.INT16,
          DataType.UINT16);

  private OpenvinoReadCompressed() {}

  /// A product; of decompressed weights a quantized constant that is dequantized.
  static void multiply(OpenvinoReadNode n) {
    var weights = quantized(n);
    if (weights.isPresent()) n.give(new Convert(n.dtype(0)), weights.get());
    else OpenvinoReadBinaryOps.binary(Binary.Kind.MUL).read(n);
  }

  private static Optional<Value> quantized(OpenvinoReadNode n) {
    if (n.constant(0).isPresent() || n.dtype(0) != DataType.FLOAT32) return Optional.empty();
    var scale = number(n.in(1));
    if (scale.isEmpty()) return Optional.empty();
    var from = n.in(0);
    var zero = Optional.<TensorData>empty();
    var subtraction = from.producer().filter(OpenvinoReadCompressed::isSubtraction);
    if (subtraction.isPresent()) {
      zero = number(subtraction.get().input(1));
      if (zero.isEmpty()) return Optional.empty();
      from = subtraction.get().input(0);
    }
    var stored = stored(from);
    if (stored.isEmpty()) return Optional.empty();
    var zeros = zero;
    return quantization(stored.get().constant().orElseThrow(), scale.get(), zeros)
        .map(meaning ->
            n.builder()
                .constant(stored.get().name(), stored.get().constant().orElseThrow(), meaning));
  }

  private static boolean isSubtraction(Node node) {
    return node.op() instanceof Binary(var kind) && kind == Binary.Kind.SUB;
  }

  /// The constant of integers that a value is a conversion of.
  private static Optional<Value> stored(Value value) {
    return value
        .producer()
        .filter(node -> node.op() instanceof Cast)
        .map(node -> node.input(0))
        .filter(each -> each.isConstant() && STORED.contains(each.dtype()));
  }

  /// The numbers of a constant, or of a constant that is converted.
  private static Optional<TensorData> number(Value value) {
    if (value.isConstant()) return value.constant();
    return value
        .producer()
        .filter(node -> node.op() instanceof Cast)
        .flatMap(node -> node.input(0).constant());
  }

  /// What scales and zero points of one element, or of one for each index of an axis, say.
  private static Optional<Quantization> quantization(
      TensorData stored, TensorData scale, Optional<TensorData> zero) {
    if (!isPositive(scale) || zero.isPresent() && !isWhole(zero.get())) return Optional.empty();
    long count = Math.max(scale.size(), zero.map(TensorData::size).orElse(1L));
    if (count == 1) {
      long point = zero.map(data -> (long) data.doubleAt(0)).orElse(0L);
      return Optional.of(new Quantization.PerTensor((float) scale.doubleAt(0), point));
    }
    var axis = axis(stored, scale.size() == count ? scale : zero.orElseThrow());
    boolean fits = scale.size() == 1 || axis(stored, scale).equals(axis);
    boolean zeroFits =
        zero.isEmpty() || zero.get().size() == 1 || axis(stored, zero.get()).equals(axis);
    if (axis.isEmpty() || !fits || !zeroFits) return Optional.empty();
    var scales = new ArrayList<Float>();
    var zeros = new ArrayList<Long>();
    for (long i = 0; i < count; i++) {
      scales.add((float) scale.doubleAt(scale.size() == 1 ? 0 : i));
      long at = i;
      zeros.add(zero.map(data -> (long) data.doubleAt(data.size() == 1 ? 0 : at)).orElse(0L));
    }
    return Optional.of(new Quantization.PerAxis(axis.get(), scales, zeros));
  }

  /// The only axis along which numbers that broadcast to a tensor differ.
  private static Optional<Integer> axis(TensorData stored, TensorData numbers) {
    int behind = stored.shape().rank() - numbers.shape().rank();
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < numbers.shape().rank(); i++) {
      if (!numbers.shape().dim(i).is(1)) axes.add(i + behind);
    }
    if (axes.size() != 1 || axes.get(0) < 0) return Optional.empty();
    boolean fits = stored.shape().dim(axes.get(0)).is(numbers.size());
    return fits ? Optional.of(axes.get(0)) : Optional.empty();
  }

  private static boolean isPositive(TensorData scale) {
    for (long i = 0; i < scale.size(); i++) {
      double each = scale.doubleAt(i);
      if (!(each > 0) || Double.isInfinite(each)) return false;
    }
    return scale.size() > 0;
  }

  private static boolean isWhole(TensorData zero) {
    for (long i = 0; i < zero.size(); i++) {
      if (zero.doubleAt(i) != Math.rint(zero.doubleAt(i))) return false;
    }
    return zero.size() > 0;
  }
}
