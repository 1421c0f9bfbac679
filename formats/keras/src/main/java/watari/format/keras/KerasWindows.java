package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.ShapeOp.Pad;
import watari.op.Window;
import watari.pass.replace.Formula;

/// Pads of windows over tensors with channels last.
final class KerasWindows {
  private KerasWindows() {}

  static int axes(Value x) {
    return x.shape().rank() - 2;
  }

  /// The spatial dim `i`; empty where it is not fixed.
  private static Optional<Long> dim(Value x, int i) {
    var dim = x.shape().dim(i + 1);
    return dim.isFixed() ? Optional.of(dim.fixed()) : Optional.empty();
  }

  /// What [Same] adds to an axis; with a stride of 1 that is the same for all dims.
  private static Optional<Long> sameTotal(Window window, int i, Value x) {
    int stride = window.strides().get(i);
    var dim = dim(x, i).or(() -> stride == 1 ? Optional.of(1L << 30) : Optional.empty());
    return dim.map(
        size -> Padding.sameTotal(size, window.kernel().get(i), stride, window.dilations().get(i)));
  }

  /// How much is added; empty where that depends on dims that are not fixed.
  static Optional<Explicit> explicit(Window window, Value x) {
    if (window.padding() instanceof Explicit pads) return Optional.of(pads);
    boolean atEnd = window.padding() instanceof Same(boolean end) && end;
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var total = sameTotal(window, i, x);
      if (total.isEmpty()) return Optional.empty();
      int half = (int) (total.get() / 2);
      int rest = (int) (total.get() - half);
      begins.add(atEnd ? half : rest);
      ends.add(atEnd ? rest : half);
    }
    return Optional.of(new Explicit(begins, ends));
  }

  /// The pads with which a window that rounds down gives as many outputs as this one; empty where
  /// dims are not fixed.
  static Optional<Explicit> roundedDown(Window window, Value x, Value y) {
    var pads = explicit(window, x);
    if (pads.isEmpty() || !window.ceil()) return pads;
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var from = dim(x, i);
      var to = dim(y, i);
      if (from.isEmpty() || to.isEmpty()) return Optional.empty();
      long reach =
          (to.get() - 1) * window.strides().get(i)
              + (long) (window.kernel().get(i) - 1) * window.dilations().get(i)
              + 1;
      ends.add(Math.toIntExact(reach - from.get() - pads.get().begins().get(i)));
    }
    return Optional.of(new Explicit(pads.get().begins(), ends));
  }

  /// Whether these pads are those of `same`.
  static boolean isSame(Window window, Explicit pads, Value x) {
    for (int i = 0; i < window.kernel().size(); i++) {
      var total = sameTotal(window, i, x);
      if (total.isEmpty()) return false;
      boolean fits =
          pads.begins().get(i) == total.get() / 2
              && pads.begins().get(i) + pads.ends().get(i) == total.get();
      if (!fits) return false;
    }
    return true;
  }

  static Window with(Window window, Padding padding) {
    return new Window(window.kernel(), window.strides(), window.dilations(), padding, false);
  }

  /// Whether Keras has the padding as it is.
  static boolean isSettled(Padding padding) {
    return switch (padding) {
      case Same(boolean atEnd) -> atEnd;
      case Explicit pads -> pads.isZero();
    };
  }

  /// Pads the spatial axes, or crops them.
  static Value padded(Value x, Explicit pads, Value value, Formula f) {
    if (pads.isZero()) return x;
    boolean adds = Stream.concat(pads.begins().stream(), pads.ends().stream()).anyMatch(n -> n > 0);
    var added = adds ? f.op(new Pad(Pad.Mode.CONSTANT), x, edges(x, pads, f), value) : x;
    for (int i = 0; i < axes(x); i++) {
      int begin = Math.max(0, -pads.begins().get(i));
      int end = Math.max(0, -pads.ends().get(i));
      if (begin == 0 && end == 0) continue;
      added = f.slice(added, i + 1, begin, end == 0 ? Long.MAX_VALUE : -end);
    }
    return added;
  }

  private static Value edges(Value x, Explicit pads, Formula f) {
    int rank = x.shape().rank();
    var all = new long[2 * rank];
    for (int i = 0; i < axes(x); i++) {
      all[i + 1] = Math.max(0, pads.begins().get(i));
      all[rank + i + 1] = Math.max(0, pads.ends().get(i));
    }
    return f.vector(all);
  }

  static List<Integer> ones(int count) {
    return Collections.nCopies(count, 1);
  }
}
