package watari.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.testkit.Properties.forAll;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import watari.testkit.Gen;

class ViewsTest {
  private static final List<DataType> DTYPES =
      List.of(
          DataType.INT8, DataType.FLOAT16, DataType.FLOAT32, DataType.INT64, DataType.COMPLEX128);

  /// A view and the numbers that it must hold, moved one by one as the definition says.
  private record Seen(TensorData view, List<Double> expected, Random random) {
    Seen transposed() {
      var perm = new ArrayList<>(IntStream.range(0, view.shape().rank()).boxed().toList());
      Collections.shuffle(perm, random);
      var from = view.shape().fixedDims();
      var to = view.shape().transposed(perm).fixedDims();
      var moved = new ArrayList<Double>();
      for (int i = 0; i < expected.size(); i++) {
        var index = index(i, to);
        var source = new long[from.length];
        for (int axis = 0; axis < to.length; axis++) source[perm.get(axis)] = index[axis];
        moved.add(expected.get((int) offset(source, from)));
      }
      return new Seen(view.transposed(perm), moved, random);
    }

    /// Repeats along a new outer axis, and along each axis of 1.
    Seen expanded() {
      var from = view.shape().fixedDims();
      var to = new long[from.length + 1];
      to[0] = 1L + random.nextInt(3);
      for (int i = 0; i < from.length; i++)
        to[i + 1] = from[i] == 1 ? 1L + random.nextInt(3) : from[i];
      var shape = Shape.of(to);
      var repeated = new ArrayList<Double>();
      for (int i = 0; i < shape.elements().fixed(); i++) {
        var index = index(i, to);
        var source = new long[from.length];
        for (int axis = 0; axis < from.length; axis++) {
          source[axis] = from[axis] == 1 ? 0 : index[axis + 1];
        }
        repeated.add(expected.get((int) offset(source, from)));
      }
      return new Seen(view.expanded(shape), repeated, random);
    }

    private static long[] index(long flat, long[] dims) {
      var index = new long[dims.length];
      for (int i = dims.length - 1; i >= 0; i--) {
        index[i] = flat % dims[i];
        flat /= dims[i];
      }
      return index;
    }

    private static long offset(long[] index, long[] dims) {
      long flat = 0;
      for (int i = 0; i < dims.length; i++) flat = flat * dims[i] + index[i];
      return flat;
    }

    @Override
    public String toString() {
      return view.toString();
    }
  }

  private static Seen packed(Random random) {
    var dims = new long[random.nextInt(5)];
    for (int i = 0; i < dims.length; i++) dims[i] = 1L + random.nextInt(5);
    if (dims.length > 0) dims[random.nextInt(dims.length)] = 1L + random.nextInt(80);
    var shape = Shape.of(dims);
    var values = random.ints(shape.elements().fixed(), -100, 100).asDoubleStream().toArray();
    var dtype = DTYPES.get(random.nextInt(DTYPES.size()));
    return new Seen(TensorData.ofDoubles(dtype, shape, values), listed(values), random);
  }

  private static List<Double> listed(double[] numbers) {
    return DoubleStream.of(numbers).boxed().toList();
  }

  private static Seen viewed(Random random) {
    var seen = packed(random);
    for (int i = random.nextInt(4); i >= 0; i--) {
      seen =
          random.nextInt(4) == 0 && seen.view.shape().rank() < 6
              ? seen.expanded()
              : seen.transposed();
    }
    return seen;
  }

  @Test
  void movedElementsAreWhereTheDefinitionSays() {
    forAll(
        ViewsTest::viewed,
        500,
        seen -> assertThat(listed(seen.view.doubles())).isEqualTo(seen.expected));
  }

  @Test
  void anyPartOfAMovedTensorIsCopied() {
    forAll(
        ViewsTest::viewed,
        500,
        seen -> {
          long first = seen.random.nextLong(seen.view.size());
          long count = 1 + seen.random.nextLong(seen.view.size() - first);
          assertThat(copied(seen.view, first, count))
              .isEqualTo(seen.expected.subList((int) first, (int) (first + count)));
        });
  }

  private static List<Double> copied(TensorData data, long first, long count) {
    var bytes = MemorySegment.ofArray(new byte[(int) data.dtype().sizeBytes(count)]);
    data.copyTo(first, count, bytes);
    return listed(TensorData.of(data.dtype(), Shape.of(count), bytes).doubles());
  }

  @Test
  void whatIsTurnedThereAndBackIsTheMemoryItself() {
    try (var arena = Arena.ofConfined()) {
      var memory = arena.allocate(24);
      var data = TensorData.of(DataType.FLOAT32, Shape.of(2, 3), memory);

      var back = data.transposed(List.of(1, 0)).transposed(List.of(1, 0));

      assertThat(back.contiguous())
          .hasValueSatisfying(bytes -> assertThat(bytes.address()).isEqualTo(memory.address()));
    }
  }

  @Test
  void aTurnOfThreeAxesIsUndoneByTwoMore() {
    var data = TensorData.ofFloats(Shape.of(2, 1, 3), 1, 2, 3, 4, 5, 6);
    var turn = List.of(1, 2, 0);

    assertThat(data.transposed(turn).contiguous()).isEmpty();
    assertThat(data.transposed(turn).transposed(turn).transposed(turn).contiguous()).isPresent();
  }

  @Test
  void floatsAreStoredAsTheNearestHalves() {
    Gen<TensorData> floats =
        random -> {
          int rows = 1 + random.nextInt(40);
          var values = new float[rows * 3];
          for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(random.nextInt());
          }
          return TensorData.ofFloats(Shape.of(rows, 3), values);
        };
    forAll(
        floats,
        200,
        data -> {
          for (var view : List.of(data, data.transposed(List.of(1, 0)))) {
            var halves = MemorySegment.ofArray(new short[(int) view.size() - 1]);
            view.cast(DataType.FLOAT16).copyTo(1, view.size() - 1, halves);
            for (int i = 1; i < view.size(); i++) {
              short half = halves.getAtIndex(ValueLayout.JAVA_SHORT, i - 1L);
              assertThat(half).isEqualTo(Float.floatToFloat16((float) view.doubleAt(i)));
            }
          }
        });
  }

  @Test
  void onlyAFiniteNumberIsBeyondALimit() {
    float infinity = Float.NEGATIVE_INFINITY;

    assertThat(TensorData.ofFloats(Shape.of(3), 2, infinity, Float.NaN).hasBeyond(2)).isFalse();
    assertThat(TensorData.ofFloats(Shape.of(2), 1, -2.5f).hasBeyond(2)).isTrue();
  }
}
