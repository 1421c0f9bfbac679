package watari.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.op.IndexOp;
import watari.op.IndexOp.Compress;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that pick elements by computed indices, or put them there.
final class IndexKernels {
  private IndexKernels() {}

  static Optional<TensorData> run(IndexOp op, Operands in, TensorType out) {
    return switch (op) {
      case Gather(int axis, int batchDims) -> gather(axis, batchDims, in, out.shape());
      case GatherElements(int axis) -> gatherElements(axis, in.get(0), in.get(1));
      case GatherNd(int batchDims) -> gatherNd(batchDims, in.get(0), in.get(1), out.shape());
      case ScatterElements(int axis, var reduction) -> scatterElements(axis, reduction, in);
      case ScatterNd(var reduction) -> scatterNd(reduction, in);
      case OneHot(int axis, boolean wraps) -> Optional.of(oneHot(axis, wraps, in, out.shape()));
      case NonZero _ -> Optional.of(nonZero(in.get(0)));
      case Unique _ -> Optional.empty();
      case Compress(boolean flat, int axis) -> Optional.of(compress(flat, axis, in));
    };
  }

  /// An index counted from 0; -1 if it is outside.
  private static long counted(long index, long dim) {
    long at = index < 0 ? index + dim : index;
    return at >= 0 && at < dim ? at : -1;
  }

  private static boolean allInside(TensorData indices, long dim) {
    for (long i = 0; i < indices.size(); i++) {
      if (counted(indices.longAt(i), dim) < 0) return false;
    }
    return true;
  }

  private static Optional<TensorData> gather(int axis, int batchDims, Operands in, Shape out) {
    var x = in.get(0);
    var indices = in.get(1);
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    var places = Grid.of(indices.shape());
    if (!allInside(indices, from.dims[at])) return Optional.empty();
    int picked = places.rank() - batchDims;
    return Optional.of(
        x.picked(
            out,
            i -> {
              var place = to.coordinates(i);
              var which = new long[places.rank()];
              System.arraycopy(place, 0, which, 0, batchDims);
              System.arraycopy(place, at, which, batchDims, picked);
              var source = new long[from.rank()];
              System.arraycopy(place, 0, source, 0, at);
              source[at] = counted(indices.longAt(places.index(which)), from.dims[at]);
              System.arraycopy(place, at + picked, source, at + 1, from.rank() - at - 1);
              return from.index(source);
            }));
  }

  private static Optional<TensorData> gatherElements(int axis, TensorData x, TensorData indices) {
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var from = Grid.of(x.shape());
    var to = Grid.of(indices.shape());
    if (!allInside(indices, from.dims[at])) return Optional.empty();
    return Optional.of(
        x.picked(
            indices.shape(),
            i -> {
              var place = to.coordinates(i);
              place[at] = counted(indices.longAt(i), from.dims[at]);
              return from.index(place);
            }));
  }

  private static Optional<TensorData> gatherNd(
      int batchDims, TensorData x, TensorData indices, Shape out) {
    var starts = starts(batchDims, x.shape(), indices);
    if (starts.isEmpty()) return Optional.empty();
    int tuple = (int) indices.shape().dim(-1).fixed();
    long run = x.shape().product(batchDims + tuple, x.shape().rank()).fixed();
    return Optional.of(x.picked(out, i -> starts.get()[(int) (i / run)] + i % run));
  }

  /// The flat index in a tensor of that shape where the slice of each index tuple begins.
  private static Optional<long[]> starts(int batchDims, Shape shape, TensorData indices) {
    var grid = Grid.of(shape);
    int tuple = (int) indices.shape().dim(-1).fixed();
    long tuples = indices.shape().product(0, indices.shape().rank() - 1).fixed();
    long perBatch = indices.shape().product(batchDims, indices.shape().rank() - 1).fixed();
    long batch = shape.product(batchDims, shape.rank()).fixed();
    var starts = new long[Math.toIntExact(tuples)];
    for (int t = 0; t < tuples; t++) {
      long at = t / Math.max(perBatch, 1) * (batchDims == 0 ? 0 : batch);
      for (int k = 0; k < tuple; k++) {
        int axis = batchDims + k;
        long index = counted(indices.longAt((long) t * tuple + k), grid.dims[axis]);
        if (index < 0) return Optional.empty();
        at += index * grid.strides[axis];
      }
      starts[t] = at;
    }
    return Optional.of(starts);
  }

  private static Optional<TensorData> scatterElements(int axis, Reduction reduction, Operands in) {
    var x = in.get(0);
    var indices = in.get(1);
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var grid = Grid.of(x.shape());
    var places = Grid.of(indices.shape());
    if (!allInside(indices, grid.dims[at])) return Optional.empty();
    var targets = new long[Math.toIntExact(indices.size())];
    for (int i = 0; i < targets.length; i++) {
      var place = places.coordinates(i);
      place[at] = counted(indices.longAt(i), grid.dims[at]);
      targets[i] = grid.index(place);
    }
    return scatter(x, in.get(2), targets, reduction);
  }

  private static Optional<TensorData> scatterNd(Reduction reduction, Operands in) {
    var x = in.get(0);
    var starts = starts(0, x.shape(), in.get(1));
    if (starts.isEmpty()) return Optional.empty();
    int tuple = (int) in.get(1).shape().dim(-1).fixed();
    long run = x.shape().product(tuple, x.shape().rank()).fixed();
    var targets = new long[Math.toIntExact(starts.get().length * run)];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = starts.get()[(int) (i / run)] + i % run;
    }
    return scatter(x, in.get(2), targets, reduction);
  }

  private static Optional<TensorData> scatter(
      TensorData x, TensorData updates, long[] targets, Reduction reduction) {
    if (reduction == Reduction.REPLACE) {
      var last = new long[Math.toIntExact(x.size())];
      for (int i = 0; i < last.length; i++) last[i] = i;
      for (int i = 0; i < targets.length; i++) last[(int) targets[i]] = x.size() + i;
      var both = TensorData.joined(List.of(x, updates));
      return Optional.of(both.picked(x.shape(), i -> last[(int) i]).copied());
    }
    if (x.dtype().isFloat()) {
      var all = x.doubles();
      for (int i = 0; i < targets.length; i++) {
        int at = (int) targets[i];
        all[at] = combine(reduction, all[at], updates.doubleAt(i));
      }
      return Optional.of(TensorData.ofDoubles(x.dtype(), x.shape(), all));
    }
    if (!x.dtype().isInteger()) return Optional.empty();
    var all = x.longs();
    for (int i = 0; i < targets.length; i++) {
      int at = (int) targets[i];
      all[at] = combine(reduction, all[at], updates.longAt(i));
    }
    return Optional.of(TensorData.ofLongs(x.dtype(), x.shape(), all));
  }

  private static double combine(Reduction reduction, double a, double b) {
    return switch (reduction) {
      case REPLACE -> b;
      case ADD -> a + b;
      case MUL -> a * b;
      case MIN -> Math.min(a, b);
      case MAX -> Math.max(a, b);
    };
  }

  private static long combine(Reduction reduction, long a, long b) {
    return switch (reduction) {
      case REPLACE -> b;
      case ADD -> a + b;
      case MUL -> a * b;
      case MIN -> Math.min(a, b);
      case MAX -> Math.max(a, b);
    };
  }

  private static TensorData oneHot(int axis, boolean wraps, Operands in, Shape out) {
    var indices = in.get(0);
    int at = watari.op.Shapes.axis(axis, out.rank());
    var to = Grid.of(out);
    var from = Grid.of(indices.shape());
    return in.get(2)
        .picked(
            out,
            i -> {
              var place = to.coordinates(i);
              var which = new long[from.rank()];
              System.arraycopy(place, 0, which, 0, at);
              System.arraycopy(place, at + 1, which, at, from.rank() - at);
              long index = (long) indices.doubleAt(from.index(which));
              if (wraps && index < 0) index += to.dims[at];
              return index == place[at] ? 1 : 0;
            });
  }

  private static TensorData nonZero(TensorData x) {
    var grid = Grid.of(x.shape());
    var found = new ArrayList<long[]>();
    for (long i = 0; i < x.size(); i++) {
      if (x.doubleAt(i) != 0) found.add(grid.coordinates(i));
    }
    int count = found.size();
    var shape = Shape.of(grid.rank(), count);
    return Operands.wholes(
        DataType.INT64, shape, i -> found.get((int) (i % count))[(int) (i / count)]);
  }

  private static TensorData compress(boolean flat, int axis, Operands in) {
    var x = flat ? in.get(0).reshaped(Shape.of(in.get(0).size())) : in.get(0);
    var condition = in.get(1);
    int at = flat ? 0 : watari.op.Shapes.axis(axis, x.shape().rank());
    var kept = new ArrayList<Long>();
    for (long i = 0; i < condition.size(); i++) if (condition.longAt(i) != 0) kept.add(i);
    var from = Grid.of(x.shape());
    var shape = x.shape().with(at, watari.tensor.Dim.of(kept.size()));
    var to = Grid.of(shape);
    return x.picked(
        shape,
        i -> {
          var place = to.coordinates(i);
          place[at] = kept.get((int) place[at]);
          return from.index(place);
        });
  }
}
