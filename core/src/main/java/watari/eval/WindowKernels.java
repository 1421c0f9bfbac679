package watari.eval;

import java.util.List;
import java.util.Optional;
import watari.op.Padding;
import watari.op.PoolOp;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.Window;
import watari.tensor.Layout;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Pooling, straight from its definition.
final class WindowKernels {
  private WindowKernels() {}

  static Optional<TensorData> run(PoolOp op, Operands in, TensorType out) {
    var x = in.get(0);
    return switch (op) {
      case MaxPool(var window, var layout, _) ->
          in.outputCount() > 1
              ? Optional.empty()
              : Optional.of(pool(window, layout, x, out, new Largest()));
      case AveragePool(var window, var layout, boolean countPadding) ->
          Optional.of(pool(window, layout, x, out, new Mean(countPadding)));
      case LpPool(var window, var layout, int p) ->
          Optional.of(pool(window, layout, x, out, new Norm(p)));
      case MaxUnpool _, RoiAlign _, MaxRoiPool _ -> Optional.empty();
    };
  }

  /// How much is padded before each spatial axis.
  static long[] begins(
      Padding padding, long[] dims, long[] kernel, List<Integer> strides, List<Integer> dilations) {
    var begins = new long[dims.length];
    for (int d = 0; d < dims.length; d++) {
      begins[d] =
          switch (padding) {
            case Padding.Explicit(var b, _) -> b.get(d);
            case Padding.Same(boolean atEnd) -> {
              long total =
                  Padding.sameTotal(dims[d], (int) kernel[d], strides.get(d), dilations.get(d));
              yield atEnd ? total / 2 : total - total / 2;
            }
          };
    }
    return begins;
  }

  /// What is made of the elements under a window.
  private sealed interface Fold {
    /// @param values the elements inside the tensor
    /// @param padded how many cells of the window lie in explicit padding
    double of(List<Double> values, long padded);
  }

  private record Largest() implements Fold {
    @Override
    public double of(List<Double> values, long padded) {
      double found = Double.NEGATIVE_INFINITY;
      for (double v : values) found = Math.max(found, v);
      return found;
    }
  }

  private record Mean(boolean countPadding) implements Fold {
    @Override
    public double of(List<Double> values, long padded) {
      double sum = 0;
      for (double v : values) sum += v;
      return sum / (values.size() + (countPadding ? padded : 0));
    }
  }

  private record Norm(int p) implements Fold {
    @Override
    public double of(List<Double> values, long padded) {
      double sum = 0;
      for (double v : values) sum += Math.pow(Math.abs(v), p);
      return Math.pow(sum, 1.0 / p);
    }
  }

  private static TensorData pool(
      Window window, Layout layout, TensorData x, TensorType out, Fold fold) {
    var from = Grid.of(x.shape());
    var to = Grid.of(out.shape());
    int first = layout.firstSpatialAxis();
    int axes = window.kernel().size();
    var kernel = Grid.of(window.kernel().stream().mapToLong(Integer::longValue).toArray());
    var dims = java.util.Arrays.copyOfRange(from.dims, first, first + axes);
    var begins = begins(window.padding(), dims, kernel.dims, window.strides(), window.dilations());
    var result = new double[Math.toIntExact(to.size())];
    for (int i = 0; i < result.length; i++) {
      var place = to.coordinates(i);
      var corner = place.clone();
      var values = new java.util.ArrayList<Double>();
      long padded = 0;
      for (long cell = 0; cell < kernel.size(); cell++) {
        var offset = kernel.coordinates(cell);
        boolean inPadding = true;
        for (int d = 0; d < axes; d++) {
          place[first + d] =
              corner[first + d] * window.strides().get(d)
                  - begins[d]
                  + offset[d] * window.dilations().get(d);
          inPadding &= place[first + d] < dims[d] + end(window.padding(), d);
        }
        if (from.contains(place)) values.add(x.doubleAt(from.index(place)));
        else if (inPadding) padded++;
      }
      result[i] = fold.of(values, padded);
    }
    return out.dtype().isFloat()
        ? TensorData.ofDoubles(out.dtype(), out.shape(), result)
        : Operands.wholes(out.dtype(), out.shape(), i -> (long) result[(int) i]);
  }

  private static long end(Padding padding, int d) {
    return switch (padding) {
      case Padding.Explicit(_, var ends) -> ends.get(d);
      // What SAME adds counts nowhere.
      case Padding.Same _ -> Long.MIN_VALUE / 2;
    };
  }
}
