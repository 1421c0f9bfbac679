package watari.pass.canonical;

import java.util.Optional;
import java.util.OptionalDouble;
import watari.graph.Value;
import watari.rewrite.Match;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Constant operands as rules look at them.
final class Constants {
  private static final long MOST_UNIFORM = 1 << 16;

  private Constants() {}

  /// The number that a constant holds everywhere.
  static OptionalDouble scalar(Value value) {
    if (!value.isPresent() || !value.dtype().isFloat() && !value.type().isQuantized()) {
      return OptionalDouble.empty();
    }
    return Match.constantOf(value)
        .filter(data -> data.size() <= MOST_UNIFORM && data.isUniform())
        .map(data -> OptionalDouble.of(data.doubleAt(0)))
        .orElse(OptionalDouble.empty());
  }

  /// Whether a constant holds that number everywhere, as near as its type comes to it.
  static boolean isScalar(Value value, double number) {
    var found = scalar(value);
    return found.isPresent() && isNear(found.getAsDouble(), number, value.dtype());
  }

  /// Whether two numbers are the same but for rounding.
  static boolean isNear(double a, double b, DataType dtype) {
    double parts = dtype == DataType.FLOAT16 || dtype == DataType.BFLOAT16 ? 1e-3 : 1e-6;
    return Math.abs(a - b) <= parts * Math.max(Math.abs(b), 1e-12);
  }

  /// A constant that is the same for all elements of a channel, as a vector of all channels.
  ///
  /// @param shape what the constant broadcasts to, without growing it
  static Optional<TensorData> perChannel(Value value, Shape shape, int channelAxis) {
    if (!value.isConstant() || value.type().isQuantized()) return Optional.empty();
    var data = value.constant().orElseThrow();
    if (!shape.isRanked() || data.shape().rank() > shape.rank()) return Optional.empty();
    var channels = shape.dim(channelAxis);
    if (!channels.isFixed()) return Optional.empty();
    int skipped = shape.rank() - data.shape().rank();
    for (int i = 0; i < data.shape().rank(); i++) {
      var dim = data.shape().dim(i);
      if (!dim.is(1) && (i + skipped != channelAxis || !dim.equals(channels))) {
        return Optional.empty();
      }
    }
    var all = Shape.of(channels);
    return Optional.of(data.size() == 1 ? TensorData.filled(data, all) : data.reshaped(all));
  }

  /// Whether broadcasting a constant against a value leaves the value's shape.
  static boolean keepsShape(Value constant, Shape shape) {
    if (!shape.isRanked() || constant.shape().rank() > shape.rank()) return false;
    int skipped = shape.rank() - constant.shape().rank();
    for (int i = 0; i < constant.shape().rank(); i++) {
      Dim dim = constant.shape().dim(i);
      if (!dim.is(1) && !dim.equals(shape.dim(i + skipped))) return false;
    }
    return true;
  }
}
