package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Numbers and nested lists of them, as tensors.
public final class Literals {
  private Literals() {}

  /// @throws IllegalArgumentException with a sentence, if it is neither numbers nor an even nest of
  ///   lists of them, or if the type does not hold them
  public static TensorData tensor(Object value, DataType dtype) {
    var dims = new ArrayList<Dim>();
    for (var at = value; at instanceof List<?> list; at = list.isEmpty() ? 0 : list.get(0)) {
      dims.add(Dim.of(list.size()));
    }
    var numbers = new ArrayList<Number>();
    collect(value, dims, 0, numbers);
    return ofNumbers(numbers, Shape.of(dims), dtype);
  }

  private static TensorData ofNumbers(List<Number> numbers, Shape shape, DataType dtype) {
    if (dtype.isInteger()) {
      var longs = new long[numbers.size()];
      for (int i = 0; i < longs.length; i++) longs[i] = whole(numbers.get(i), dtype);
      return TensorData.ofLongs(dtype, shape, longs);
    }
    var doubles = numbers.stream().mapToDouble(Number::doubleValue).toArray();
    return TensorData.ofDoubles(dtype, shape, doubles);
  }

  private static long whole(Number number, DataType dtype) {
    boolean isWhole =
        number instanceof Long || number.doubleValue() == Math.rint(number.doubleValue());
    long value = number.longValue();
    boolean fits = dtype.bits() == 64 || value >= dtype.min() && value <= dtype.max();
    if (!isWhole || !fits) {
      throw new IllegalArgumentException("%s holds no %s".formatted(dtype, number));
    }
    return value;
  }

  private static void collect(Object value, List<Dim> dims, int depth, List<Number> numbers) {
    if (depth == dims.size()) {
      numbers.add(number(value));
      return;
    }
    if (!(value instanceof List<?> list) || !dims.get(depth).is(list.size())) {
      throw new IllegalArgumentException("the lists in it are not of one length");
    }
    for (var each : list) collect(each, dims, depth + 1, numbers);
  }

  private static Number number(Object value) {
    if (value instanceof Number number) return number;
    if (value instanceof Boolean isTrue) return isTrue ? 1 : 0;
    throw new IllegalArgumentException("'" + value + "' is no number");
  }

  /// Whether all numbers of it are whole and written so.
  static boolean isWhole(Object value) {
    if (value instanceof List<?> list) return list.stream().allMatch(Literals::isWhole);
    return value instanceof Long || value instanceof Integer;
  }
}
