package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Operators that pick elements by computed indices, put them there, or find them. Negative indices
/// count from the end.
public sealed interface IndexOp extends Op {
  /// Slices of `x` along `axis`: output `x.shape[:axis] + indices.shape[batchDims:] +
  /// x.shape[axis+1:]`.
  ///
  /// Inputs: `x`, `indices`; their first `batchDims` axes go together. Source: ONNX Gather-13,
  /// TFLite GATHER.
  record Gather(int axis, int batchDims) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var indices = in.shape(1);
      if (!x.isRanked() || !indices.isRanked()) {
        return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      }
      int at = Shapes.axis(axis, x.rank());
      var shape =
          x.slice(0, at)
              .concat(indices.slice(batchDims, indices.rank()))
              .concat(x.slice(at + 1, x.rank()));
      return List.of(new TensorType(in.dtype(0), shape));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var all = in.integers(0);
      var indices = in.fixedIntegers(1);
      if (all.isEmpty() || indices.isEmpty() || !in.shape(0).hasRank(1)) return Optional.empty();
      var picked = new ArrayList<Dim>();
      for (long index : indices.get()) {
        long at = index < 0 ? index + all.get().size() : index;
        if (at < 0 || at >= all.get().size()) return Optional.empty();
        picked.add(all.get().get((int) at));
      }
      return Optional.of(picked);
    }
  }

  /// One element of `x` for each index: that at the index's own place, but at the index along
  /// `axis`.
  ///
  /// Inputs: `x`, `indices`, of one rank. Source: ONNX GatherElements-13.
  record GatherElements(int axis) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), in.shape(1)));
    }
  }

  /// Slices of `x` at index tuples along the last axis of `indices`, behind `batchDims` common
  /// axes.
  ///
  /// Inputs: `x`, `indices`. Source: ONNX GatherND-13.
  record GatherNd(int batchDims) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var indices = in.shape(1);
      if (!x.isRanked() || !indices.isRanked() || !indices.dim(-1).isFixed()) {
        return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      }
      int tuple = Math.toIntExact(indices.dim(-1).fixed());
      var shape = indices.slice(0, indices.rank() - 1).concat(x.slice(batchDims + tuple, x.rank()));
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }

  /// How scattered elements meet what is there already.
  enum Reduction {
    REPLACE,
    ADD,
    MUL,
    MIN,
    MAX
  }

  /// `x` with `updates` put at their own place, but at the index along `axis`.
  ///
  /// Inputs: `x`, `indices`, `updates`. Source: ONNX ScatterElements-18.
  record ScatterElements(int axis, Reduction reduction) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  /// `x` with slices of `updates` put at the index tuples along the last axis of `indices`.
  ///
  /// Inputs: `x`, `indices`, `updates`. Source: ONNX ScatterND-18.
  record ScatterNd(Reduction reduction) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  /// `values[1]` at each index along the new axis `axis`, `values[0]` elsewhere. Indices in
  /// `[-depth, -1]` count from the end if `wrapsNegative` (ONNX), else they are out of range like
  /// all others, which give only `values[0]`.
  ///
  /// Inputs: `indices`, `depth` (one integer), `values` (`[off, on]`). Source: ONNX OneHot-11.
  record OneHot(int axis, boolean wrapsNegative) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var indices = in.shape(0);
      if (!indices.isRanked()) return List.of(new TensorType(in.dtype(2), Shape.UNKNOWN));
      int at = Shapes.axis(axis, indices.rank() + 1);
      var depth = in.integers(1).map(all -> all.get(0)).orElseGet(in::unknown);
      var dims = new ArrayList<>(indices.dims());
      dims.add(at, depth);
      return List.of(new TensorType(in.dtype(2), Shape.of(dims)));
    }
  }

  /// The indices of all elements that are not 0: `[rank, count]`, in row-major order (ONNX);
  /// TFLite's WHERE is its transpose.
  record NonZero() implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var rank = x.isRanked() ? Dim.of(x.rank()) : in.unknown();
      return List.of(new TensorType(DataType.INT64, Shape.of(rank, in.unknown())));
    }
  }

  /// The distinct elements of `x` flattened, or its distinct slices along `axis`.
  ///
  /// Outputs: values, then optionally (int64 vectors) the first index of each, the inverse map, the
  /// counts. Source: ONNX Unique-11.
  ///
  /// @param axis counted only where `flat` is false
  /// @param sorted ascending, else in order of first appearance
  /// @param indices dtype of the index outputs
  record Unique(boolean flat, int axis, boolean sorted, DataType indices) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var count = in.unknown();
      var types = new ArrayList<TensorType>();
      Shape values = Shape.of(count);
      Dim all = in.unknown();
      if (x.isRanked()) {
        values = flat ? values : x.with(axis, count);
        all = flat ? x.elements() : x.dim(axis);
      } else if (!flat) {
        values = Shape.UNKNOWN;
      }
      types.add(new TensorType(in.dtype(0), values));
      types.add(new TensorType(indices, Shape.of(count)));
      types.add(new TensorType(indices, Shape.of(all)));
      types.add(new TensorType(indices, Shape.of(count)));
      return types.subList(0, in.outputCount());
    }
  }

  /// The slices of `x` along `axis` (of `x` flattened, if `flat`) where the condition holds.
  ///
  /// Inputs: `x`, `condition` (vector of bool, may be shorter). Source: ONNX Compress-11.
  record Compress(boolean flat, int axis) implements IndexOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (flat) return List.of(new TensorType(in.dtype(0), Shape.of(in.unknown())));
      var shape = x.isRanked() ? x.with(axis, in.unknown()) : x;
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }
}
