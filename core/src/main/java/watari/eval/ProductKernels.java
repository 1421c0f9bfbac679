package watari.eval;

import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ConvOp.DeformConv;
import watari.op.MatMulOp;
import watari.op.MatMulOp.Det;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.Padding;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Matrix products and convolutions, straight from their definitions.
final class ProductKernels {
  private ProductKernels() {}

  static Optional<TensorData> run(MatMulOp op, Operands in, TensorType out) {
    return switch (op) {
      case MatMul(boolean a, boolean b) ->
          Optional.of(matMul(rows(in.get(0), a), columns(in.get(1), b), out));
      case FullyConnected _ -> Optional.of(fullyConnected(in, out));
      case MatMulInteger _, Einsum _, Det _ -> Optional.empty();
    };
  }

  private static TensorData rows(TensorData a, boolean swapped) {
    if (a.shape().rank() == 1) return a.reshaped(Shape.of(1, a.size()));
    return swapped ? swapLast(a) : a;
  }

  private static TensorData columns(TensorData b, boolean swapped) {
    if (b.shape().rank() == 1) return b.reshaped(Shape.of(b.size(), 1));
    return swapped ? swapLast(b) : b;
  }

  private static TensorData swapLast(TensorData x) {
    int rank = x.shape().rank();
    var perm = new java.util.ArrayList<Integer>();
    for (int i = 0; i < rank - 2; i++) perm.add(i);
    perm.add(rank - 1);
    perm.add(rank - 2);
    return x.transposed(perm);
  }

  private static TensorData matMul(TensorData a, TensorData b, TensorType out) {
    long m = a.shape().dim(-2).fixed();
    long k = a.shape().dim(-1).fixed();
    long n = b.shape().dim(-1).fixed();
    long batches = m * n == 0 ? 0 : out.shape().elements().fixed() / (m * n);
    var outer = outer(a.shape(), b.shape());
    var left = a.expanded(outer.concat(Shape.of(m, k)));
    var right = b.expanded(outer.concat(Shape.of(k, n)));
    var grid = Grid.of(batches, m, n);
    return sums(
        out,
        i -> {
          var place = grid.coordinates(i);
          double sum = 0;
          for (long x = 0; x < k; x++) {
            sum +=
                left.doubleAt((place[0] * m + place[1]) * k + x)
                    * right.doubleAt((place[0] * k + x) * n + place[2]);
          }
          return sum;
        });
  }

  private static Shape outer(Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank()) - 2;
    var dims = new Dim[rank];
    for (int i = 0; i < rank; i++) {
      int inA = i - rank + a.rank() - 2;
      int inB = i - rank + b.rank() - 2;
      dims[i] = inA >= 0 && !a.dim(inA).is(1) || inB < 0 ? a.dim(inA) : b.dim(inB);
    }
    return Shape.of(dims);
  }

  private static TensorData fullyConnected(Operands in, TensorType out) {
    var x = in.get(0);
    var weights = in.get(1);
    long inputs = weights.shape().dim(1).fixed();
    long outputs = weights.shape().dim(0).fixed();
    return sums(
        out,
        i -> {
          long row = i / outputs;
          long o = i % outputs;
          double sum = in.has(2) ? in.get(2).doubleAt(o) : 0;
          for (long k = 0; k < inputs; k++) {
            sum += x.doubleAt(row * inputs + k) * weights.doubleAt(o * inputs + k);
          }
          return sum;
        });
  }

  /// Elements that are sums of products; of integers they are exact up to 2^53.
  private static TensorData sums(TensorType out, LongToDoubleFunction at) {
    return out.dtype().isFloat()
        ? Operands.reals(out.dtype(), out.shape(), at)
        : Operands.wholes(out.dtype(), out.shape(), i -> (long) at.applyAsDouble(i));
  }

  static Optional<TensorData> run(ConvOp op, Operands in, TensorType out) {
    return switch (op) {
      case Conv conv -> Optional.of(conv(conv, in, out));
      case ConvTranspose conv -> Optional.of(convTranspose(conv, in, out));
      case ConvInteger _, DeformConv _ -> Optional.empty();
    };
  }

  /// Shapes of a convolution with the channels moved behind the batch axis.
  private static TensorData channelsFirst(TensorData x, Layout layout) {
    return x.transposed(layout.permutationTo(Layout.CHANNELS_FIRST, x.shape().rank()));
  }

  private static TensorData backTo(Layout layout, TensorData result) {
    return result.transposed(Layout.CHANNELS_FIRST.permutationTo(layout, result.shape().rank()));
  }

  private static Shape channelsFirst(Shape shape, Layout layout) {
    return shape.transposed(layout.permutationTo(Layout.CHANNELS_FIRST, shape.rank()));
  }

  private static TensorData conv(Conv op, Operands in, TensorType out) {
    var x = channelsFirst(in.get(0), op.layout()).copied();
    var filter = channelsFirst(in.get(1), op.layout()).copied();
    var from = Grid.of(x.shape());
    var weights = Grid.of(filter.shape());
    var to = Grid.of(channelsFirst(out.shape(), op.layout()));
    var kernel = Grid.of(filter.shape().slice(2, filter.shape().rank()).fixedDims());
    var begins = begins(op.padding(), from, kernel, op);
    long perGroup = weights.dims[0] / op.groups();
    var result =
        Operands.reals(
            out.dtype(),
            channelsFirst(out.shape(), op.layout()),
            i -> {
              var place = to.coordinates(i);
              long o = place[1];
              double sum = in.has(2) ? in.get(2).doubleAt(o) : 0;
              var source = new long[from.rank()];
              source[0] = place[0];
              for (long cell = 0; cell < kernel.size(); cell++) {
                var offset = kernel.coordinates(cell);
                for (int d = 0; d < offset.length; d++) {
                  source[d + 2] =
                      place[d + 2] * op.strides().get(d)
                          - begins[d]
                          + offset[d] * op.dilations().get(d);
                }
                if (!from.contains(withChannel(source, 0))) continue;
                for (long c = 0; c < weights.dims[1]; c++) {
                  source[1] = o / perGroup * weights.dims[1] + c;
                  long w = o * weights.strides[0] + c * weights.strides[1] + cell;
                  sum += x.doubleAt(from.index(source)) * filter.doubleAt(w);
                }
              }
              return sum;
            });
    return backTo(op.layout(), result);
  }

  private static long[] withChannel(long[] place, long channel) {
    place[1] = channel;
    return place;
  }

  private static long[] begins(Padding padding, Grid from, Grid kernel, ConvOp op) {
    return WindowKernels.begins(
        padding,
        java.util.Arrays.copyOfRange(from.dims, 2, from.rank()),
        kernel.dims,
        op.strides(),
        op.dilations());
  }

  private static TensorData convTranspose(ConvTranspose op, Operands in, TensorType out) {
    var x = channelsFirst(in.get(0), op.layout()).copied();
    var filter = channelsFirst(in.get(1), op.layout()).copied();
    var from = Grid.of(x.shape());
    var weights = Grid.of(filter.shape());
    var shape = channelsFirst(out.shape(), op.layout());
    var to = Grid.of(shape);
    var kernel = Grid.of(filter.shape().slice(2, filter.shape().rank()).fixedDims());
    var begins = transposedBegins(op, from, to, kernel);
    var sums = new double[Math.toIntExact(to.size())];
    for (int i = 0; in.has(2) && i < sums.length; i++) {
      sums[i] = in.get(2).doubleAt(i / to.strides[1] % to.dims[1]);
    }
    long inPerGroup = from.dims[1] / op.groups();
    var target = new long[to.rank()];
    for (long i = 0; i < from.size(); i++) {
      var place = from.coordinates(i);
      target[0] = place[0];
      for (long cell = 0; cell < kernel.size(); cell++) {
        var offset = kernel.coordinates(cell);
        for (int d = 0; d < offset.length; d++) {
          target[d + 2] =
              place[d + 2] * op.strides().get(d) - begins[d] + offset[d] * op.dilations().get(d);
        }
        if (!to.contains(withChannel(target, 0))) continue;
        for (long o = 0; o < weights.dims[1]; o++) {
          target[1] = place[1] / inPerGroup * weights.dims[1] + o;
          long w = place[1] * weights.strides[0] + o * weights.strides[1] + cell;
          sums[(int) to.index(target)] += x.doubleAt(i) * filter.doubleAt(w);
        }
      }
    }
    return backTo(op.layout(), TensorData.ofDoubles(out.dtype(), shape, sums));
  }

  private static long[] transposedBegins(ConvTranspose op, Grid from, Grid to, Grid kernel) {
    var begins = new long[kernel.rank()];
    for (int d = 0; d < begins.length; d++) {
      begins[d] =
          switch (op.padding()) {
            case Padding.Explicit(var b, _) -> b.get(d);
            case Padding.Same(boolean atEnd) -> {
              long span = (kernel.dims[d] - 1) * op.dilations().get(d) + 1;
              long whole = (from.dims[d + 2] - 1) * op.strides().get(d) + span;
              long total = Math.max(whole - to.dims[d + 2], 0);
              yield atEnd ? total / 2 : total - total / 2;
            }
          };
    }
    return begins;
  }
}
