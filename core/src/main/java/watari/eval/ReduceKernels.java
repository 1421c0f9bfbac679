package watari.eval;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import watari.op.ReduceOp;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that walk along axes.
final class ReduceKernels {
  private ReduceKernels() {}

  static List<TensorData> run(ReduceOp op, Operands in, List<TensorType> outs) {
    return switch (op) {
      case Reduce(var kind, _) -> listed(reduce(kind, in, outs.get(0)));
      case ArgReduce arg -> listed(argReduce(arg, in.get(0), outs.get(0)));
      case Cumulative cumulative -> listed(cumulative(cumulative, in, outs.get(0)));
      case TopK top -> topK(top, in.get(0), outs);
    };
  }

  private static List<TensorData> listed(Optional<TensorData> result) {
    return result.map(List::of).orElse(List.of());
  }

  private static Optional<TensorData> reduce(Reduce.Kind kind, Operands in, TensorType out) {
    var x = in.get(0);
    int rank = x.shape().rank();
    var reduced = new boolean[rank];
    if (in.has(1)) {
      for (long axis : in.get(1).longs()) reduced[watari.op.Shapes.axis(axis, rank)] = true;
    } else {
      java.util.Arrays.fill(reduced, true);
    }
    var groups = new Groups(Grid.of(x.shape()), reduced);
    if (x.dtype().isFloat()) return Optional.of(real(kind, x, groups, out));
    if (x.dtype() == DataType.UINT64) return Optional.empty();
    return whole(kind, x, groups, out);
  }

  /// For each output element, the flat index of its first input element, and the offsets of the
  /// others from it.
  private static final class Groups {
    final long[] firsts;
    final long[] offsets;

    Groups(Grid grid, boolean[] reduced) {
      firsts = walk(grid, reduced, false);
      offsets = walk(grid, reduced, true);
    }
  }

  private static long[] walk(Grid grid, boolean[] reduced, boolean which) {
    long size = 1;
    for (int i = 0; i < reduced.length; i++) if (reduced[i] == which) size *= grid.dims[i];
    var all = new long[Math.toIntExact(size)];
    for (int n = 0; n < all.length; n++) {
      long rest = n;
      for (int i = reduced.length - 1; i >= 0; i--) {
        if (reduced[i] != which) continue;
        all[n] += rest % grid.dims[i] * grid.strides[i];
        rest /= grid.dims[i];
      }
    }
    return all;
  }

  private static TensorData real(Reduce.Kind kind, TensorData x, Groups groups, TensorType out) {
    return Operands.reals(
        out.dtype(),
        out.shape(),
        i -> {
          long first = groups.firsts[(int) i];
          var values = new double[groups.offsets.length];
          for (int k = 0; k < values.length; k++) {
            values[k] = x.doubleAt(first + groups.offsets[k]);
          }
          return real(kind, values);
        });
  }

  private static double real(Reduce.Kind kind, double[] values) {
    return switch (kind) {
      case SUM, ALL, ANY -> sum(values, v -> v);
      case MEAN -> sum(values, v -> v) / values.length;
      case L1 -> sum(values, Math::abs);
      case L2 -> Math.sqrt(sum(values, v -> v * v));
      case SUM_SQUARE -> sum(values, v -> v * v);
      case LOG_SUM -> Math.log(sum(values, v -> v));
      case LOG_SUM_EXP -> {
        double top = extreme(values, true);
        double shift = Double.isInfinite(top) ? 0 : top;
        yield shift + Math.log(sum(values, v -> Math.exp(v - shift)));
      }
      case MAX -> extreme(values, true);
      case MIN -> extreme(values, false);
      case PROD -> {
        double product = 1;
        for (double v : values) product *= v;
        yield product;
      }
    };
  }

  private static double sum(double[] values, DoubleUnaryOperator f) {
    double sum = 0;
    for (double v : values) sum += f.applyAsDouble(v);
    return sum;
  }

  private static double extreme(double[] values, boolean largest) {
    double found = largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    for (double v : values) found = largest ? Math.max(found, v) : Math.min(found, v);
    return found;
  }

  private static Optional<TensorData> whole(
      Reduce.Kind kind, TensorData x, Groups groups, TensorType out) {
    if (groups.offsets.length == 0) return Optional.empty();
    switch (kind) {
      case L2, LOG_SUM, LOG_SUM_EXP -> {
        return Optional.empty();
      }
      default -> {}
    }
    return Optional.of(
        Operands.wholes(
            out.dtype(),
            out.shape(),
            i -> {
              long first = groups.firsts[(int) i];
              var values = new long[groups.offsets.length];
              for (int k = 0; k < values.length; k++) {
                values[k] = x.longAt(first + groups.offsets[k]);
              }
              return whole(kind, values);
            }));
  }

  private static long whole(Reduce.Kind kind, long[] values) {
    long result = values[0];
    if (kind == Reduce.Kind.L1) result = Math.abs(result);
    if (kind == Reduce.Kind.SUM_SQUARE) result *= result;
    for (int k = 1; k < values.length; k++) {
      long v = values[k];
      result =
          switch (kind) {
            case ALL -> result & v;
            case ANY -> result | v;
            case L1 -> result + Math.abs(v);
            case SUM_SQUARE -> result + v * v;
            case SUM, MEAN -> result + v;
            case MAX -> Math.max(result, v);
            case MIN -> Math.min(result, v);
            case PROD -> result * v;
            case L2, LOG_SUM, LOG_SUM_EXP ->
                throw new IllegalArgumentException(kind + " of integers");
          };
    }
    return kind == Reduce.Kind.MEAN ? result / values.length : result;
  }

  private static Optional<TensorData> argReduce(ArgReduce op, TensorData x, TensorType out) {
    if (x.dtype() == DataType.UINT64) return Optional.empty();
    int axis = watari.op.Shapes.axis(op.axis(), x.shape().rank());
    var grid = Grid.of(x.shape());
    long inner = grid.strides[axis];
    long count = grid.dims[axis];
    if (count == 0) return Optional.empty();
    return Optional.of(
        Operands.wholes(
            out.dtype(),
            out.shape(),
            i -> {
              long first = i / inner * inner * count + i % inner;
              long best = 0;
              for (long k = 1; k < count; k++) {
                int order = compare(x, first + k * inner, first + best * inner);
                if (op.largest() ? order > 0 : order < 0) best = k;
                else if (order == 0 && op.last()) best = k;
              }
              return best;
            }));
  }

  private static int compare(TensorData x, long a, long b) {
    return x.dtype().isFloat()
        ? Double.compare(x.doubleAt(a) + 0.0, x.doubleAt(b) + 0.0)
        : Long.compare(x.longAt(a), x.longAt(b));
  }

  private static Optional<TensorData> cumulative(Cumulative op, Operands in, TensorType out) {
    var x = in.get(0);
    if (!x.dtype().isFloat() && !x.dtype().isInteger()) return Optional.empty();
    int axis = watari.op.Shapes.axis(in.get(1).longAt(0), x.shape().rank());
    var grid = Grid.of(x.shape());
    long inner = grid.strides[axis];
    long count = grid.dims[axis];
    boolean product = op.kind() == Cumulative.Kind.PROD;
    var reals = new double[Math.toIntExact(x.size())];
    var wholes = new long[reals.length];
    for (long line = 0; line < x.size() / Math.max(count, 1); line++) {
      long first = line / inner * inner * count + line % inner;
      double real = product ? 1 : 0;
      long whole = product ? 1 : 0;
      for (long k = 0; k < count; k++) {
        int at = (int) (first + (op.reverse() ? count - 1 - k : k) * inner);
        if (op.exclusive()) {
          reals[at] = real;
          wholes[at] = whole;
        }
        if (x.dtype().isFloat()) real = product ? real * x.doubleAt(at) : real + x.doubleAt(at);
        else whole = product ? whole * x.longAt(at) : whole + x.longAt(at);
        if (!op.exclusive()) {
          reals[at] = real;
          wholes[at] = whole;
        }
      }
    }
    return Optional.of(
        x.dtype().isFloat()
            ? TensorData.ofDoubles(out.dtype(), out.shape(), reals)
            : TensorData.ofLongs(out.dtype(), out.shape(), wholes));
  }

  private static List<TensorData> topK(TopK op, TensorData x, List<TensorType> outs) {
    if (x.dtype() == DataType.UINT64) return List.of();
    int axis = watari.op.Shapes.axis(op.axis(), x.shape().rank());
    var grid = Grid.of(x.shape());
    var to = Grid.of(outs.get(0).shape());
    long inner = grid.strides[axis];
    long count = grid.dims[axis];
    int k = (int) to.dims[axis];
    if (k > count) return List.of();
    var chosen = new long[Math.toIntExact(to.size())];
    for (long line = 0; line < x.size() / Math.max(count, 1); line++) {
      long first = line / inner * inner * count + line % inner;
      long target = line / inner * inner * k + line % inner;
      var order = new ArrayList<Long>();
      for (long n = 0; n < count; n++) order.add(n);
      Comparator<Long> byValue = (a, b) -> compare(x, first + a * inner, first + b * inner);
      order.sort(op.largest() ? byValue.reversed() : byValue);
      for (int n = 0; n < k; n++) chosen[(int) (target + n * inner)] = order.get(n);
    }
    var values =
        x.picked(
                outs.get(0).shape(),
                i -> i / (inner * k) * inner * count + chosen[(int) i] * inner + i % inner)
            .copied();
    if (outs.size() < 2) return List.of(values);
    return List.of(
        values, Operands.wholes(outs.get(1).dtype(), outs.get(1).shape(), i -> chosen[(int) i]));
  }
}
