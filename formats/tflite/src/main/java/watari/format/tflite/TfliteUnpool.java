package watari.format.tflite;

import java.util.ArrayList;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ShapeOp.Pad;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Puts values back to their places within windows, 0 elsewhere: `[N, h, w, C]` becomes `[N, h ·
/// filterHeight, w · filterWidth, C]`.
///
/// Source: MediaPipe MaxUnpooling2D: a value goes to `y · stride - padding + index / filterWidth`,
/// and so along the width; of two at one place the later one stays.
final class TfliteUnpool {
  private final TfliteArgmaxPool pool;
  private final Value values;
  private final Value places;
  private final Formula f;
  private final long[] dims;

  private TfliteUnpool(TfliteArgmaxPool pool, Value values, Value indices, Formula f) {
    this.pool = pool;
    this.values = values;
    this.places = f.op(new Cast(DataType.INT32), indices);
    this.f = f;
    this.dims = values.shape().fixedDims();
  }

  static Value of(TfliteArgmaxPool pool, Value values, Value indices, Formula f) {
    var unpool = new TfliteUnpool(pool, values, indices, f);
    return pool.strides().equals(pool.filter()) ? unpool.tiled() : unpool.overlaid();
  }

  private Value isAt(int y, int x) {
    long place = (long) y * pool.filter().get(1) + x;
    return f.binary(
        Binary.Kind.EQUAL, places, f.constant(TensorData.scalar(DataType.INT32, place)));
  }

  private Value zero() {
    return f.scalar(values, 0);
  }

  /// Windows that lie side by side: their elements are stacked behind the columns, then behind the
  /// rows.
  private Value tiled() {
    int height = pool.filter().get(0);
    int width = pool.filter().get(1);
    var rows = new ArrayList<Value>();
    for (int y = 0; y < height; y++) {
      var columns = new ArrayList<Value>();
      for (int x = 0; x < width; x++) columns.add(f.select(isAt(y, x), values, zero()));
      rows.add(f.reshape(f.concat(3, columns), dims[0], dims[1], dims[2] * width, dims[3]));
    }
    return f.reshape(f.concat(2, rows), dims[0], dims[1] * height, dims[2] * width, dims[3]);
  }

  /// Windows that overlap, or leave gaps: a layer for each element of the window. The later of two
  /// windows has a common place earlier in itself, so first elements come last.
  private Value overlaid() {
    Value sum = Value.ABSENT;
    for (int y = pool.filter().get(0) - 1; y >= 0; y--) {
      for (int x = pool.filter().get(1) - 1; x >= 0; x--) {
        var isAt = isAt(y, x);
        var layer = spread(f.select(isAt, values, zero()), y, x);
        if (!sum.isPresent()) {
          sum = layer;
          continue;
        }
        var mask = spread(f.op(new Cast(DataType.FLOAT32), isAt), y, x);
        sum = f.select(f.binary(Binary.Kind.GREATER, mask, zero()), layer, sum);
      }
    }
    return sum;
  }

  /// The elements a stride apart, moved to an element of the window.
  private Value spread(Value x, int row, int column) {
    return along(along(x, 2, column), 1, row);
  }

  private Value along(Value x, int axis, int place) {
    int stride = pool.strides().get(axis - 1);
    int filter = pool.filter().get(axis - 1);
    long size = dims[axis];
    long reach = (size - 1) * stride + 1;
    long padding = Math.max(0, (size - 1) * stride + filter - size * filter) / 2;
    var apart = stride == 1 ? x : apart(x, axis, stride, reach);
    long begin = place - padding;
    long end = size * filter - begin - reach;
    if (begin < 0 || end < 0) {
      apart = f.slice(apart, axis, Math.max(0, -begin), reach - Math.max(0, -end));
    }
    return pad(apart, axis, Math.max(0, begin), Math.max(0, end));
  }

  /// Zeros go behind the elements of the axis after this one.
  private Value apart(Value x, int axis, int stride, long reach) {
    var shape = x.shape().fixedDims();
    var behind = pad(x, axis + 1, 0, shape[axis + 1] * (stride - 1));
    shape[axis] *= stride;
    return f.slice(f.reshape(behind, shape), axis, 0, reach);
  }

  private Value pad(Value x, int axis, long begin, long end) {
    if (begin == 0 && end == 0) return x;
    var pads = new long[8];
    pads[axis] = begin;
    pads[axis + 4] = end;
    return f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads), zero());
  }
}
