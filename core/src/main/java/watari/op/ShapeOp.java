package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Operators that move, repeat or drop elements without computing anything of them, and those that
/// speak of shapes. The output has the dtype of input 0 unless said otherwise.
public sealed interface ShapeOp extends Op {
  /// The same elements in another shape.
  ///
  /// Inputs: `x`, `shape` (integers): -1 (once) stands for what remains; 0 copies the dim of `x`
  /// unless `allowZero`. Source: ONNX Reshape-14.
  record Reshape(boolean allowZero) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), Reshaped.shape(in, allowZero)));
    }
  }

  /// `[d0…d(axis-1), d(axis)…]`: a matrix. Source: ONNX Flatten-13.
  record Flatten(int axis) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), in.unknownShape(2)));
      int at = axis < 0 ? axis + x.rank() : axis;
      var shape = Shape.of(x.product(0, at), x.product(at, x.rank()));
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }

  /// Axis `i` of the output is axis `perm[i]` of the input.
  record Transpose(List<Integer> perm) implements ShapeOp {
    public Transpose {
      perm = List.copyOf(perm);
      var sorted = perm.stream().sorted().toList();
      if (!sorted.equals(IntStream.range(0, perm.size()).boxed().toList())) {
        throw new IllegalArgumentException(perm + " is not a permutation");
      }
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      Shapes.requireRank(in.shape(0), perm.size(), "input");
      var shape = in.shape(0);
      var moved = shape.isRanked() ? shape.transposed(perm) : in.unknownShape(perm.size());
      return List.of(new TensorType(in.dtype(0), moved));
    }
  }

  /// The inputs one after the other along `axis`.
  record Concat(int axis) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = in.shape(0);
      for (int i = 1; i < in.inputCount(); i++) shape = Shapes.joined(shape, in.shape(i), axis);
      return List.of(new TensorType(in.dtype(0), shape));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var all = new ArrayList<Dim>();
      for (int i = 0; i < in.inputCount(); i++) {
        var part = in.integers(i);
        if (part.isEmpty()) return Optional.empty();
        all.addAll(part.get());
      }
      return Optional.of(all);
    }
  }

  /// As many outputs as the node has, one after the other along `axis`.
  ///
  /// Inputs: `x`, `sizes` (integers, one for each output, optional: equal parts, the last one
  /// smaller where they do not come out even). Source: ONNX Split-18.
  record Split(int axis) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = in.shape(0);
      var types = new ArrayList<TensorType>();
      if (!shape.isRanked()) {
        for (int i = 0; i < in.outputCount(); i++) types.add(in.type(0).withoutQuantization());
        return types;
      }
      int at = Shapes.axis(axis, shape.rank());
      for (var size : sizes(in, shape.dim(at))) {
        types.add(new TensorType(in.dtype(0), shape.with(at, size)));
      }
      return types;
    }

    private List<Dim> sizes(InferContext in, Dim dim) {
      int count = in.outputCount();
      if (in.has(1)) {
        var given = in.integers(1);
        if (given.isPresent() && given.get().size() != count) {
          throw new IllegalArgumentException(
              given.get().size() + " sizes are given for " + count + " outputs");
        }
        return given.orElseGet(() -> in.unknownShape(count).dims());
      }
      var part = dim.ceilDiv(count);
      var sizes = new ArrayList<Dim>();
      for (int i = 0; i < count - 1; i++) sizes.add(part);
      sizes.add(dim.minus(part.times(count - 1)));
      return sizes;
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var sizes = in.has(1) ? in.fixedIntegers(1) : Optional.<long[]>empty();
      var all = in.integers(0);
      if (sizes.isEmpty() || all.isEmpty() || !in.shape(0).hasRank(1)) return Optional.empty();
      return Optional.of(all.get().subList(0, (int) sizes.get()[0]));
    }
  }

  /// Every `step`-th element from `start` (inclusive) to `end` (exclusive) along the given axes;
  /// negative positions count from the end, then all are clamped.
  ///
  /// Inputs: `x`, `starts`, `ends`, `axes` (optional: the first ones), `steps` (optional: 1).
  /// Source: ONNX Slice-13.
  record Slice() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var starts = in.integers(1);
      var ends = in.integers(2);
      var steps = in.fixedIntegers(4);
      var axes = Slices.axes(in, x.rank());
      if (axes.isEmpty() || in.has(4) && steps.isEmpty()) {
        return List.of(new TensorType(in.dtype(0), in.unknownShape(x.rank())));
      }
      var shape = x;
      for (int i = 0; i < axes.get().size(); i++) {
        int axis = axes.get().get(i);
        if (starts.isEmpty() || ends.isEmpty()) {
          shape = shape.with(axis, in.unknown());
          continue;
        }
        long step = steps.isPresent() ? steps.get()[i] : 1;
        var dim = Slices.extent(x.dim(axis), starts.get().get(i), ends.get().get(i), step, in);
        shape = shape.with(axis, dim);
      }
      return List.of(new TensorType(in.dtype(0), shape));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var all = in.integers(0);
      var starts = in.fixedIntegers(1);
      var ends = in.fixedIntegers(2);
      var steps = in.fixedIntegers(4);
      if (all.isEmpty() || starts.isEmpty() || ends.isEmpty() || starts.get().length != 1) {
        return Optional.empty();
      }
      if (in.has(4) && steps.isEmpty() || !in.shape(0).hasRank(1)) return Optional.empty();
      long step = steps.map(s -> s[0]).orElse(1L);
      long from = Slices.clamp(starts.get()[0], all.get().size(), step);
      long to = Slices.clamp(ends.get()[0], all.get().size(), step);
      var result = new ArrayList<Dim>();
      for (long i = from; step > 0 ? i < to : i > to; i += step) result.add(all.get().get((int) i));
      return Optional.of(result);
    }
  }

  /// Drops axes of dim 1: those given, or all. Inputs: `x`, `axes` (optional).
  record Squeeze() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      var dims = new ArrayList<Dim>();
      if (!in.has(1)) {
        if (!x.isFixed()) return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
        x.dims().stream().filter(dim -> !dim.is(1)).forEach(dims::add);
        return List.of(new TensorType(in.dtype(0), Shape.of(dims)));
      }
      var given = in.fixedIntegers(1);
      if (given.isEmpty()) return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      var axes = Shapes.axes(given.get(), x.rank());
      for (int i = 0; i < x.rank(); i++) {
        if (!axes.contains(i)) dims.add(x.dim(i));
        else if (x.dim(i).isFixed() && !x.dim(i).is(1)) {
          throw new IllegalArgumentException("axis " + i + " of " + x + " is squeezed, but not 1");
        }
      }
      return List.of(new TensorType(in.dtype(0), Shape.of(dims)));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return in.integers(0);
    }
  }

  /// Adds axes of dim 1, which have the given positions in the output. Inputs: `x`, `axes`.
  record Unsqueeze() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var given = in.fixedIntegers(1);
      if (!x.isRanked() || given.isEmpty()) {
        return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      }
      int rank = x.rank() + given.get().length;
      var axes = Shapes.axes(given.get(), rank);
      var dims = new ArrayList<Dim>();
      int next = 0;
      for (int i = 0; i < rank; i++) dims.add(axes.contains(i) ? Dim.ONE : x.dim(next++));
      return List.of(new TensorType(in.dtype(0), Shape.of(dims)));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return in.shape(0).hasRank(0) ? in.integers(0) : Optional.empty();
    }
  }

  /// Broadcasts `x` against a shape, both ways. Inputs: `x`, `shape`. Source: ONNX Expand-13.
  record Expand() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var to = in.integers(1).map(Shape::of).orElseGet(() -> rankFrom(in, in.shape(1)));
      return List.of(new TensorType(in.dtype(0), Shapes.broadcast(in.shape(0), to, in)));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var value = in.integers(0).filter(all -> all.size() == 1);
      var shape = infer(in).get(0).shape();
      if (value.isEmpty() || !shape.isFixed() || shape.rank() != 1) return Optional.empty();
      int count = Math.toIntExact(shape.dim(0).fixed());
      return count > 64
          ? Optional.empty()
          : Optional.of(java.util.Collections.nCopies(count, value.get().get(0)));
    }
  }

  /// Repeats `x` as a whole along each axis. Inputs: `x`, `repeats` (one for each axis).
  record Tile() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var repeats = in.integers(1);
      var dims = new ArrayList<Dim>();
      for (int i = 0; i < x.rank(); i++) {
        dims.add(repeats.isEmpty() ? in.unknown() : x.dim(i).times(repeats.get().get(i)));
      }
      return List.of(new TensorType(in.dtype(0), Shape.of(dims)));
    }
  }

  /// Adds elements around `x`; negative pads crop.
  ///
  /// Inputs: `x`, `pads` (all begins, then all ends), `value` (scalar, optional: 0), `axes`
  /// (optional: all). Source: ONNX Pad-21.
  record Pad(Mode mode) implements ShapeOp {
    /// What is added.
    public enum Mode {
      CONSTANT,
      /// The nearest element of the edge.
      EDGE,
      /// Mirrored at the edge, without the edge's element.
      REFLECT,
      /// Mirrored at the edge, with the edge's element.
      SYMMETRIC,
      /// From the other side.
      WRAP
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var pads = in.integers(1);
      var axes =
          in.has(3)
              ? in.fixedIntegers(3).map(a -> Shapes.axes(a, x.rank()))
              : Optional.of(IntStream.range(0, x.rank()).boxed().toList());
      if (axes.isEmpty() || pads.isEmpty()) {
        return List.of(new TensorType(in.dtype(0), in.unknownShape(x.rank())));
      }
      int count = axes.get().size();
      if (pads.get().size() != 2 * count) {
        throw new IllegalArgumentException(
            pads.get().size() + " pads are given for " + count + " axes");
      }
      var shape = x;
      for (int i = 0; i < count; i++) {
        int axis = axes.get().get(i);
        var added = pads.get().get(i).plus(pads.get().get(i + count));
        shape = shape.with(axis, x.dim(axis).plus(added));
      }
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }

  /// The dims of `x` from axis `start` to `end` (exclusive), clamped; negative ones count from the
  /// end.
  ///
  /// Source: ONNX Shape-15.
  ///
  /// @param to INT64 or INT32
  record ShapeOf(int start, int end, DataType to) implements ShapeOp {
    /// All dims.
    public ShapeOf(DataType to) {
      this(0, Integer.MAX_VALUE, to);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var count = x.isRanked() ? Dim.of(part(x).rank()) : in.unknown();
      return List.of(new TensorType(to, Shape.of(count)));
    }

    private Shape part(Shape x) {
      int from = (int) Slices.clamp(start, x.rank(), 1);
      int until = (int) Slices.clamp(end, x.rank(), 1);
      return x.slice(from, Math.max(from, until));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      return in.shape(0).isRanked() ? Optional.of(part(in.shape(0)).dims()) : Optional.empty();
    }
  }

  /// The number of elements of `x`, a scalar.
  record Size(DataType to) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(to, Shape.SCALAR));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var x = in.shape(0);
      return x.isRanked() ? Optional.of(List.of(x.elements())) : Optional.empty();
    }
  }

  /// `start, start + delta, …` below (or above) `limit`. Inputs: three scalars.
  record Range() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), Shape.of(count(in))));
    }

    private static Dim count(InferContext in) {
      var start = in.constant(0);
      var limit = in.constant(1);
      var delta = in.constant(2);
      if (start.isPresent() && limit.isPresent() && delta.isPresent()) {
        double steps =
            (limit.get().doubleAt(0) - start.get().doubleAt(0)) / delta.get().doubleAt(0);
        return Dim.of((long) Math.max(0, Math.ceil(steps)));
      }
      var from = in.integers(0);
      var to = in.integers(1);
      var by = in.integers(2);
      if (from.isPresent() && to.isPresent() && by.isPresent() && by.get().get(0).is(1)) {
        return to.get().get(0).minus(from.get().get(0));
      }
      return in.unknown();
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var start = in.fixedIntegers(0);
      var delta = in.fixedIntegers(2);
      var count = count(in);
      if (start.isEmpty() || delta.isEmpty() || !count.isFixed() || count.fixed() > 64) {
        return Optional.empty();
      }
      var all = new ArrayList<Dim>();
      for (long i = 0; i < count.fixed(); i++) all.add(Dim.of(start.get()[0] + i * delta.get()[0]));
      return Optional.of(all);
    }
  }

  /// Reverses the first `lengths[b]` elements along the time axis of each batch entry.
  ///
  /// Inputs: `x`, `lengths` (`[batch]`). Source: ONNX ReverseSequence-10.
  record ReverseSequence(int batchAxis, int timeAxis) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  /// Rearranges blocks of channels into space.
  ///
  /// `x`: `[N, C, H, W]` or `[N, H, W, C]`, `C` divisible by `block²`; output `[N, C / block², H ·
  /// block, W · block]`. Channel `c` of block cell `(i, j)` comes from input channel `(i · block +
  /// j) · (C / block²) + c`; with `channelsOutermost` (ONNX mode CRD) from `c · block² + i · block
  /// + j`.
  ///
  /// Source: ONNX DepthToSpace-13, TFLite DEPTH_TO_SPACE.
  record DepthToSpace(int block, boolean channelsOutermost, Layout layout) implements ShapeOp {
    public DepthToSpace {
      if (block < 1) throw new IllegalArgumentException("block " + block + " is below 1");
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      long cells = (long) block * block;
      return Shapes.images(in, layout, c -> c.floorDiv(cells), d -> d.times(block));
    }
  }

  /// Rearranges blocks of space into channels: the inverse of [DepthToSpace] without
  /// `channelsOutermost`.
  record SpaceToDepth(int block, Layout layout) implements ShapeOp {
    public SpaceToDepth {
      if (block < 1) throw new IllegalArgumentException("block " + block + " is below 1");
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      long cells = (long) block * block;
      return Shapes.images(in, layout, c -> c.times(cells), d -> d.floorDiv(block));
    }
  }

  /// Pads the axes after the first with zeros, then moves blocks of them into the batch axis.
  ///
  /// Inputs: `x` (`[N, spatial…, rest…]`), `block` (`[M]`), `pads` (`[M, 2]`). Output batch index:
  /// block offsets outermost. Source: TFLite SPACE_TO_BATCH_ND.
  record SpaceToBatch() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), batchBlocks(in, true)));
    }
  }

  /// Moves blocks out of the batch axis, then crops. Inputs: `x`, `block` (`[M]`), `crops` (`[M,
  /// 2]`).
  ///
  /// Source: TFLite BATCH_TO_SPACE_ND.
  record BatchToSpace() implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), batchBlocks(in, false)));
    }
  }

  /// The upper (or lower) triangle of the last two axes, zeros elsewhere.
  ///
  /// Inputs: `x`, `k` (scalar, optional: 0): the diagonal that still belongs to it. Source: ONNX
  /// Trilu-14.
  record Trilu(boolean upper) implements ShapeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  private static Shape batchBlocks(InferContext in, boolean toBatch) {
    var x = in.shape(0);
    if (!x.isRanked()) return x;
    var block = in.fixedIntegers(1);
    var edges = in.constant(2);
    if (block.isEmpty()) return in.unknownShape(x.rank());
    long blocks = 1;
    var shape = x;
    for (int i = 0; i < block.get().length; i++) {
      long size = block.get()[i];
      blocks *= size;
      shape = shape.with(i + 1, in.unknown());
      if (edges.isEmpty()) continue;
      long edge = edges.get().longAt(2L * i) + edges.get().longAt(2L * i + 1);
      var dim = x.dim(i + 1);
      var changed = toBatch ? dim.plus(edge).floorDiv(size) : dim.times(size).minus(edge);
      shape = shape.with(i + 1, changed);
    }
    return shape.with(0, toBatch ? x.dim(0).times(blocks) : x.dim(0).floorDiv(blocks));
  }

  /// A shape of as many unknown dims as a vector of dims has elements.
  static Shape rankFrom(InferContext in, Shape vector) {
    return vector.isFixed() && vector.rank() == 1
        ? in.unknownShape(Math.toIntExact(vector.dim(0).fixed()))
        : Shape.UNKNOWN;
  }
}
