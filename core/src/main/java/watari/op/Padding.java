package watari.op;

import java.util.Collections;
import java.util.List;
import watari.tensor.Dim;

/// How much is added around the spatial axes before a window slides over them.
public sealed interface Padding {
  /// As many elements at the begin and end of each spatial axis as given; negative ones crop.
  record Explicit(List<Integer> begins, List<Integer> ends) implements Padding {
    public Explicit {
      begins = List.copyOf(begins);
      ends = List.copyOf(ends);
      if (begins.size() != ends.size()) {
        throw new IllegalArgumentException(
            begins.size() + " pads at the begin, but " + ends.size() + " at the end");
      }
    }

    public boolean isZero() {
      return begins.stream().allMatch(x -> x == 0) && ends.stream().allMatch(x -> x == 0);
    }
  }

  /// So much that the output's dim is `ceil(dim / stride)`; an odd element goes to the end
  /// (`atEnd`, TensorFlow's SAME) or to the begin.
  record Same(boolean atEnd) implements Padding {}

  static Explicit none(int spatialAxes) {
    var zeros = Collections.nCopies(spatialAxes, 0);
    return new Explicit(zeros, zeros);
  }

  /// Total padding that `Same` adds to an axis: `max((ceil(dim / stride) - 1) · stride + (kernel -
  /// 1) · dilation + 1 - dim, 0)`.
  static long sameTotal(long dim, int kernel, int stride, int dilation) {
    long outputs = Math.ceilDiv(dim, stride);
    return Math.max((outputs - 1) * stride + (long) (kernel - 1) * dilation + 1 - dim, 0);
  }

  /// The dim of a sliding window's output along spatial axis `i`.
  ///
  /// With `ceil` the last window may reach over the end padding, but must begin inside the input or
  /// the begin padding (as in PyTorch, and ONNX since opset 19's clarification).
  default Dim outputDim(Dim dim, int i, int kernel, int stride, int dilation, boolean ceil) {
    return switch (this) {
      case Same _ -> dim.ceilDiv(stride);
      case Explicit(var begins, var ends) -> {
        long window = (long) (kernel - 1) * dilation + 1;
        var free = dim.plus((long) begins.get(i) + ends.get(i) - window);
        if (free.isFixed() && free.fixed() < 0) {
          if (ceil && -free.fixed() < stride) yield Dim.ONE;
          yield Dim.ZERO;
        }
        if (!ceil) yield free.floorDiv(stride).plus(1);
        var outputs = free.ceilDiv(stride).plus(1);
        boolean beginsOutside =
            outputs.isFixed()
                && dim.isFixed()
                && (outputs.fixed() - 1) * stride >= dim.fixed() + begins.get(i);
        yield beginsOutside ? outputs.minus(1) : outputs;
      }
    };
  }
}
