package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Operators that walk along axes and bring many elements to one, or to a few.
public sealed interface ReduceOp extends Op {
  /// Reduces the axes of `x` given by input 1 (integers, may be negative). Without that input all
  /// axes are reduced; an empty one reduces none (each element is then reduced alone, so that `L1`
  /// is `ABS`).
  ///
  /// Inputs: `x`, `axes` (optional). Source: ONNX Reduce*-18.
  record Reduce(Kind kind, boolean keepDims) implements ReduceOp {
    /// What becomes of the elements.
    public enum Kind {
      /// Of bools: and.
      ALL,
      /// Of bools: or.
      ANY,
      L1,
      L2,
      LOG_SUM,
      LOG_SUM_EXP,
      MAX,
      MEAN,
      MIN,
      PROD,
      SUM,
      SUM_SQUARE
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), shape(in)));
    }

    private Shape shape(InferContext in) {
      var shape = in.shape(0);
      if (!shape.isRanked()) return in.has(1) || keepDims ? Shape.UNKNOWN : Shape.SCALAR;
      var dims = new ArrayList<Dim>();
      if (!in.has(1)) {
        for (int i = 0; keepDims && i < shape.rank(); i++) dims.add(Dim.ONE);
        return Shape.of(dims);
      }
      var axes = in.fixedIntegers(1);
      if (axes.isEmpty()) return keepDims ? in.unknownShape(shape.rank()) : Shape.UNKNOWN;
      var reduced = axesOnce(axes.get(), shape.rank());
      for (int i = 0; i < shape.rank(); i++) {
        if (!reduced.contains(i)) dims.add(shape.dim(i));
        else if (keepDims) dims.add(Dim.ONE);
      }
      return Shape.of(dims);
    }

    /// TFLite allows an axis to come twice, and reduces it once.
    private static List<Integer> axesOnce(long[] axes, int rank) {
      var result = new ArrayList<Integer>();
      for (long axis : axes) {
        int at = Shapes.axis(axis, rank);
        if (!result.contains(at)) result.add(at);
      }
      return result;
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      if (kind != Kind.PROD && kind != Kind.SUM) return Optional.empty();
      if (!in.dtype(0).isInteger() || !in.shape(0).hasRank(1)) return Optional.empty();
      var fold = kind == Kind.PROD ? Dim.ONE : Dim.ZERO;
      return in.integers(0)
          .map(all ->
              List.of(
                  all.stream().reduce(fold, (a, b) -> kind == Kind.PROD ? a.times(b) : a.plus(b))));
    }

    @Override
    public String name() {
      return "Reduce" + kind;
    }
  }

  /// The index of the largest (or smallest) element along `axis`; of equal ones the first, or the
  /// last.
  ///
  /// @param to INT64 or INT32 (or UINT32)
  record ArgReduce(boolean largest, int axis, boolean keepDims, boolean last, DataType to)
      implements ReduceOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = in.shape(0);
      if (!shape.isRanked()) return List.of(new TensorType(to, shape));
      int at = Shapes.axis(axis, shape.rank());
      var dims = new ArrayList<>(shape.dims());
      if (keepDims) dims.set(at, Dim.ONE);
      else dims.remove(at);
      return List.of(new TensorType(to, Shape.of(dims)));
    }
  }

  /// The sum (or product) of all elements up to each one, along the axis given by input 1.
  ///
  /// Inputs: `x`, `axis` (one integer). Source: ONNX CumSum-14.
  ///
  /// @param exclusive leave the element itself out
  /// @param reverse sum from the end
  record Cumulative(Kind kind, boolean exclusive, boolean reverse) implements ReduceOp {
    /// What is accumulated.
    public enum Kind {
      SUM,
      PROD
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  /// The `k` largest (or smallest) elements along `axis` and their indices; of equal ones the lower
  /// index comes first.
  ///
  /// Inputs: `x`, `k` (one integer). Outputs: values, indices. Source: ONNX TopK-11.
  ///
  /// @param sorted whether the order of the outputs matters
  /// @param indices dtype of the indices
  record TopK(int axis, boolean largest, boolean sorted, DataType indices) implements ReduceOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = in.shape(0);
      if (shape.isRanked()) {
        var k = in.integers(1).map(all -> all.get(0)).orElseGet(in::unknown);
        shape = shape.with(Shapes.axis(axis, shape.rank()), k);
      }
      return List.of(new TensorType(in.dtype(0), shape), new TensorType(indices, shape));
    }
  }
}
