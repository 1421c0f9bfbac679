package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The windows of a pool that says where each maximum was, and of its reverse; images are `[N, H,
/// W, C]` of fixed dims.
///
/// @param isSame padded so that windows cover the image, else only whole windows count
/// @param strides along height and width
/// @param filter height and width of the window
/// @param activation a constant of `ActivationFunctionType`
record TfliteArgmaxPool(
    boolean isSame, List<Integer> strides, List<Integer> filter, int activation) {
  TfliteArgmaxPool {
    if (strides.stream().anyMatch(s -> s < 1) || filter.stream().anyMatch(k -> k < 1)) {
      throw Unreadable.broken("its window is %s, its strides are %s".formatted(filter, strides));
    }
  }

  Value largest(Value x, Formula f) {
    return f.op(new MaxPool(window(), Layout.CHANNELS_LAST), x);
  }

  private Window window() {
    var padding = isSame ? new Padding.Same(true) : Padding.none(2);
    return new Window(filter, strides, List.of(1, 1), padding, false);
  }

  /// The place of each first maximum within its window, rows first, and 0.1: `[N, h, w, C]`.
  Value places(Value x, Formula f) {
    var out = window().output(x.shape(), Layout.CHANNELS_LAST).fixedDims();
    var padded = padded(x, out, f);
    var elements = new ArrayList<Value>();
    for (long y = 0; y < filter.get(0); y++) {
      for (long column = 0; column < filter.get(1); column++) {
        elements.add(
            f.op(
                new Slice(),
                padded,
                f.vector(y, column),
                f.vector(y + reach(out, 0) + 1, column + reach(out, 1) + 1),
                f.vector(1, 2),
                f.vector(strides.get(0), strides.get(1))));
      }
    }
    var first = new ArgReduce(true, 4, false, false, DataType.INT64);
    var place = f.op(first, f.stack(4, elements));
    return f.add(f.op(new Cast(DataType.FLOAT32), place), 0.1f);
  }

  /// How far the last window's begin is from the first one's.
  private long reach(long[] out, int axis) {
    return (out[axis + 1] - 1) * strides.get(axis);
  }

  /// The image with all that windows meet; what is added never is the first maximum.
  private Value padded(Value x, long[] out, Formula f) {
    var pads = new long[8];
    boolean isPadded = false;
    for (int i = 0; i < 2; i++) {
      long dim = x.shape().dim(i + 1).fixed();
      long total = isSame ? Padding.sameTotal(dim, filter.get(i), strides.get(i), 1) : 0;
      pads[i + 1] = total / 2;
      pads[i + 5] = Math.max(0, reach(out, i) + filter.get(i) - dim - total / 2);
      isPadded |= total > 0;
    }
    if (!isPadded) return x;
    var lowest = f.scalar(x, -Float.MAX_VALUE);
    return f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads), lowest);
  }

  /// Each value at its place in the flat image, of two at one place the later one, 0 elsewhere.
  ///
  /// @param indices `(y · W + x) · C + c` in the image of the batch, int32
  Value scattered(Value values, Value indices, Formula f) {
    var in = values.shape().fixedDims();
    long batch = scatteredDim(in, 0) * scatteredDim(in, 1) * in[3];
    long count = values.shape().elements().fixed();
    var at = f.cast(f.reshape(indices, in[0], -1), DataType.INT64);
    if (in[0] > 1) {
      at = f.add(at, f.reshape(f.mul(f.range(f.vector(in[0])), batch), -1, 1));
    }
    int size = Math.toIntExact(in[0] * batch);
    var none = f.constant(TensorData.ofInts(Shape.of(size), new int[size]));
    var numbers = f.cast(f.add(f.range(f.vector(count)), 1), DataType.INT32);
    var last = f.op(new ScatterNd(Reduction.MAX), none, f.reshape(at, -1, 1), numbers);
    var zero = f.constant(TensorData.ofFloats(Shape.of(1), 0));
    var all = f.concat(0, zero, f.reshape(values, -1));
    var put = f.gather(all, last, 0);
    return f.reshape(put, in[0], scatteredDim(in, 0), scatteredDim(in, 1), in[3]);
  }

  private long scatteredDim(long[] in, int axis) {
    return isSame
        ? in[axis + 1] * strides.get(axis)
        : (in[axis + 1] - 1) * strides.get(axis) + filter.get(axis);
  }
}
