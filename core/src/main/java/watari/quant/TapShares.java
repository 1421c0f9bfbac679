package watari.quant;

import java.util.Arrays;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// For each element of a convolution's kernel the share of outputs where it lies on the input, not
/// on padding.
final class TapShares {
  private TapShares() {}

  /// Row by row over the spatial axes; dims that are not known count as endless.
  static double[] of(Conv conv, Shape x, Shape filter) {
    var shares = new double[] {1};
    int first = conv.layout().firstSpatialAxis();
    for (int i = 0; i < filter.rank() - 2; i++) {
      int kernel = Math.toIntExact(filter.dim(first + i).fixed());
      shares = product(shares, axis(conv, i, x.dim(first + i), kernel));
    }
    return shares;
  }

  private static double[] product(double[] outer, double... inner) {
    var all = new double[outer.length * inner.length];
    for (int i = 0; i < all.length; i++) all[i] = outer[i / inner.length] * inner[i % inner.length];
    return all;
  }

  private static double[] axis(Conv conv, int i, Dim dim, int kernel) {
    int stride = conv.strides().get(i);
    int dilation = conv.dilations().get(i);
    var shares = new double[kernel];
    var outputs = conv.padding().outputDim(dim, i, kernel, stride, dilation, false);
    if (!dim.isFixed() || !outputs.isFixed() || outputs.fixed() < 1) {
      Arrays.fill(shares, 1);
      return shares;
    }
    long begin = begin(conv.padding(), i, dim.fixed(), kernel, stride, dilation);
    for (int tap = 0; tap < kernel; tap++) {
      long inside = 0;
      for (long at = 0; at < outputs.fixed(); at++) {
        long place = at * stride + (long) tap * dilation - begin;
        if (place >= 0 && place < dim.fixed()) inside++;
      }
      shares[tap] = (double) inside / outputs.fixed();
    }
    return shares;
  }

  private static long begin(
      Padding padding, int i, long dim, int kernel, int stride, int dilation) {
    return switch (padding) {
      case Padding.Explicit(var begins, _) -> begins.get(i);
      case Padding.Same(boolean atEnd) -> {
        long total = Padding.sameTotal(dim, kernel, stride, dilation);
        yield atEnd ? total / 2 : total - total / 2;
      }
    };
  }
}
