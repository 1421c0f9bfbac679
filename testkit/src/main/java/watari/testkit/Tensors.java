package watari.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Random tensors, and tensors compared.
public final class Tensors {
  private Tensors() {}

  /// Elements that a value of this type may have: normal floats, small integers, all stored
  /// integers of quantized types.
  public static TensorData random(TensorType type, Random random) {
    int size = Math.toIntExact(type.shape().elements().fixed());
    if (type.dtype().isFloat()) {
      var values = new double[size];
      for (int i = 0; i < size; i++) values[i] = random.nextGaussian();
      return TensorData.ofDoubles(type.dtype(), type.shape(), values);
    }
    var values = new long[size];
    for (int i = 0; i < size; i++) values[i] = whole(type, random);
    return TensorData.ofLongs(type.dtype(), type.shape(), values).copied();
  }

  private static long whole(TensorType type, Random random) {
    if (type.dtype() == DataType.BOOL) return random.nextInt(2);
    if (!type.isQuantized() || type.dtype().bits() > 16) return random.nextInt(4);
    return random.nextLong(type.dtype().min(), type.dtype().max() + 1);
  }

  /// Asserts same type and shape, and elements that differ by no more than `tolerance` times the
  /// largest expected one (at least 1).
  public static void assertClose(TensorData actual, TensorData expected, double tolerance) {
    assertThat(actual.dtype()).isEqualTo(expected.dtype());
    assertThat(actual.shape()).isEqualTo(expected.shape());
    double largest = 1;
    for (long i = 0; i < expected.size(); i++) {
      double size = Math.abs(expected.doubleAt(i));
      if (Double.isFinite(size)) largest = Math.max(largest, size);
    }
    for (long i = 0; i < expected.size(); i++) {
      double wanted = expected.doubleAt(i);
      if (Double.isFinite(wanted)) {
        assertThat(actual.doubleAt(i))
            .as("element " + i)
            .isCloseTo(wanted, within(tolerance * largest));
      } else {
        assertThat(actual.doubleAt(i)).as("element " + i).isEqualTo(wanted);
      }
    }
  }
}
