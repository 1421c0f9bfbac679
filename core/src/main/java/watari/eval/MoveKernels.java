package watari.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.op.ShapeOp;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Trilu;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.Slices;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that move elements. All results are views.
final class MoveKernels {
  private MoveKernels() {}

  static List<TensorData> run(ShapeOp op, Operands in, List<TensorType> outs) {
    if (op instanceof Split(int axis)) return split(axis, in.get(0), outs);
    return one(op, in, outs.get(0)).map(List::of).orElse(List.of());
  }

  private static Optional<TensorData> one(ShapeOp op, Operands in, TensorType out) {
    return switch (op) {
      case Reshape _, Flatten _, Squeeze _, Unsqueeze _ ->
          Optional.of(in.get(0).reshaped(out.shape()));
      case Transpose(var perm) -> Optional.of(in.get(0).transposed(perm));
      case Expand _ -> Optional.of(in.get(0).expanded(out.shape()));
      case Concat(int axis) -> Optional.of(concat(axis, in.present(), out.shape()));
      case Slice _ -> Optional.of(slice(in, out.shape()));
      case Tile _ -> Optional.of(tile(in.get(0), out.shape()));
      case Pad(var mode) -> pad(mode, in, out.shape());
      case ShapeOf _, Size _ -> integers(op, in, out);
      case Range _ -> Optional.of(range(in, out));
      case ReverseSequence(int batch, int time) ->
          Optional.of(reverseSequence(batch, time, in, out.shape()));
      case DepthToSpace(int block, boolean outermost, Layout layout) ->
          Optional.of(depthToSpace(block, outermost, layout, in.get(0), out.shape()));
      case SpaceToDepth(int block, Layout layout) ->
          Optional.of(spaceToDepth(block, layout, in.get(0), out.shape()));
      case SpaceToBatch _ -> Optional.of(spaceToBatch(in, out.shape()));
      case BatchToSpace _ -> Optional.of(batchToSpace(in, out.shape()));
      case Trilu(boolean upper) -> Optional.of(trilu(upper, in));
      case Split _ -> throw new IllegalArgumentException("Split has several outputs");
    };
  }

  private static Optional<TensorData> integers(ShapeOp op, Operands in, TensorType out) {
    return op.inferIntegers(in)
        .map(dims ->
            TensorData.ofLongs(
                    out.dtype(),
                    out.shape(),
                    dims.stream().mapToLong(watari.tensor.Dim::fixed).toArray())
                .copied());
  }

  private static List<TensorData> split(int axis, TensorData x, List<TensorType> outs) {
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var from = Grid.of(x.shape());
    var parts = new ArrayList<TensorData>();
    long begin = 0;
    for (var out : outs) {
      var to = Grid.of(out.shape());
      long skipped = begin;
      parts.add(
          x.picked(
              out.shape(),
              i -> {
                var place = to.coordinates(i);
                place[at] += skipped;
                return from.index(place);
              }));
      begin += to.dims[at];
    }
    return parts;
  }

  private static TensorData concat(int axis, List<TensorData> parts, Shape out) {
    int at = watari.op.Shapes.axis(axis, out.rank());
    var to = Grid.of(out);
    var grids = parts.stream().map(part -> Grid.of(part.shape())).toList();
    var firsts = new long[parts.size()];
    for (int k = 1; k < firsts.length; k++) firsts[k] = firsts[k - 1] + parts.get(k - 1).size();
    return TensorData.joined(parts)
        .picked(
            out,
            i -> {
              var place = to.coordinates(i);
              int k = 0;
              for (; place[at] >= grids.get(k).dims[at]; k++) place[at] -= grids.get(k).dims[at];
              return firsts[k] + grids.get(k).index(place);
            });
  }

  private static TensorData slice(Operands in, Shape out) {
    var x = in.get(0);
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    var starts = in.get(1).longs();
    var axes =
        in.has(3) ? in.axes(3, from.rank()) : IntStream.range(0, starts.length).boxed().toList();
    var first = new long[from.rank()];
    var step = new long[from.rank()];
    Arrays.fill(step, 1);
    for (int k = 0; k < axes.size(); k++) {
      int axis = axes.get(k);
      step[axis] = in.has(4) ? in.get(4).longAt(k) : 1;
      first[axis] = Slices.clamp(starts[k], from.dims[axis], step[axis]);
    }
    return x.picked(
        out,
        i -> {
          var place = to.coordinates(i);
          for (int k = 0; k < place.length; k++) place[k] = first[k] + place[k] * step[k];
          return from.index(place);
        });
  }

  private static TensorData tile(TensorData x, Shape out) {
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    return x.picked(
        out,
        i -> {
          var place = to.coordinates(i);
          for (int k = 0; k < place.length; k++) place[k] %= from.dims[k];
          return from.index(place);
        });
  }

  private static Optional<TensorData> pad(Pad.Mode mode, Operands in, Shape out) {
    var x = in.get(0);
    if (x.dtype() == DataType.STRING) return Optional.empty();
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    var axes = in.axes(3, from.rank());
    var begins = new long[from.rank()];
    for (int k = 0; k < axes.size(); k++) begins[axes.get(k)] = in.get(1).longAt(k);
    var value = in.has(2) ? in.get(2).cast(x.dtype()) : zero(x.dtype());
    var all = TensorData.joined(List.of(x, value));
    return Optional.of(
        all.picked(
            out,
            i -> {
              var place = to.coordinates(i);
              for (int k = 0; k < place.length; k++) {
                place[k] = inside(mode, place[k] - begins[k], from.dims[k]);
              }
              return from.contains(place) ? from.index(place) : x.size();
            }));
  }

  private static TensorData zero(DataType dtype) {
    return TensorData.scalar(0).cast(dtype);
  }

  /// The position in `[0, dim)` whose element a position outside has, or that position itself.
  private static long inside(Pad.Mode mode, long position, long dim) {
    return switch (mode) {
      case CONSTANT -> position;
      case EDGE -> Math.clamp(position, 0, dim - 1);
      case WRAP -> Math.floorMod(position, dim);
      case REFLECT -> {
        if (dim == 1) yield 0;
        long turn = Math.floorMod(position, 2 * (dim - 1));
        yield turn < dim ? turn : 2 * (dim - 1) - turn;
      }
      case SYMMETRIC -> {
        long turn = Math.floorMod(position, 2 * dim);
        yield turn < dim ? turn : 2 * dim - 1 - turn;
      }
    };
  }

  private static TensorData range(Operands in, TensorType out) {
    var start = in.get(0);
    var delta = in.get(2);
    if (out.dtype().isFloat()) {
      return Operands.reals(
          out.dtype(), out.shape(), i -> start.doubleAt(0) + i * delta.doubleAt(0));
    }
    return Operands.wholes(out.dtype(), out.shape(), i -> start.longAt(0) + i * delta.longAt(0));
  }

  private static TensorData reverseSequence(int batch, int time, Operands in, Shape out) {
    var grid = Grid.of(out);
    var lengths = in.get(1);
    int b = watari.op.Shapes.axis(batch, out.rank());
    int t = watari.op.Shapes.axis(time, out.rank());
    return in.get(0)
        .picked(
            out,
            i -> {
              var place = grid.coordinates(i);
              long length = lengths.longAt(place[b]);
              if (place[t] < length) place[t] = length - 1 - place[t];
              return grid.index(place);
            });
  }

  private static TensorData depthToSpace(
      int block, boolean outermost, Layout layout, TensorData x, Shape out) {
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    int c = layout.channelAxis(4);
    int h = layout.firstSpatialAxis();
    return x.picked(
        out,
        i -> {
          var place = to.coordinates(i);
          long cell = place[h] % block * block + place[h + 1] % block;
          place[c] = outermost ? place[c] * block * block + cell : cell * to.dims[c] + place[c];
          place[h] /= block;
          place[h + 1] /= block;
          return from.index(place);
        });
  }

  private static TensorData spaceToDepth(int block, Layout layout, TensorData x, Shape out) {
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    int c = layout.channelAxis(4);
    int h = layout.firstSpatialAxis();
    return x.picked(
        out,
        i -> {
          var place = to.coordinates(i);
          long cell = place[c] / from.dims[c];
          place[c] %= from.dims[c];
          place[h] = place[h] * block + cell / block;
          place[h + 1] = place[h + 1] * block + cell % block;
          return from.index(place);
        });
  }

  private static TensorData spaceToBatch(Operands in, Shape out) {
    var x = in.get(0);
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    var block = in.get(1).longs();
    var pads = in.get(2);
    return TensorData.joined(List.of(x, zero(x.dtype())))
        .picked(
            out,
            i -> {
              var place = to.coordinates(i);
              long offset = place[0] / from.dims[0];
              place[0] %= from.dims[0];
              for (int k = block.length - 1; k >= 0; k--) {
                place[k + 1] = place[k + 1] * block[k] + offset % block[k] - pads.longAt(2L * k);
                offset /= block[k];
              }
              return from.contains(place) ? from.index(place) : x.size();
            });
  }

  private static TensorData batchToSpace(Operands in, Shape out) {
    var x = in.get(0);
    var from = Grid.of(x.shape());
    var to = Grid.of(out);
    var block = in.get(1).longs();
    var crops = in.get(2);
    return x.picked(
        out,
        i -> {
          var place = to.coordinates(i);
          long offset = 0;
          for (int k = 0; k < block.length; k++) {
            long position = place[k + 1] + crops.longAt(2L * k);
            offset = offset * block[k] + position % block[k];
            place[k + 1] = position / block[k];
          }
          place[0] += offset * to.dims[0];
          return from.index(place);
        });
  }

  private static TensorData trilu(boolean upper, Operands in) {
    var x = in.get(0);
    int rank = x.shape().rank();
    var grid = Grid.of(x.shape());
    long k = in.whole(1, 0);
    return TensorData.joined(List.of(x, zero(x.dtype())))
        .picked(
            x.shape(),
            i -> {
              var place = grid.coordinates(i);
              long diagonal = place[rank - 1] - place[rank - 2];
              boolean kept = upper ? diagonal >= k : diagonal <= k;
              return kept ? i : x.size();
            });
  }
}
