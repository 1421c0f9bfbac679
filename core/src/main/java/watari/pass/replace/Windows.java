package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.Window;

/// What rules of windows that slide over channels-last tensors share.
public final class Windows {
  private Windows() {}

  /// How many spatial axes there are.
  public static int axes(Value x) {
    return x.shape().rank() - 2;
  }

  /// Whether the spatial dims are fixed.
  public static boolean isFixed(Value x) {
    return IntStream.rangeClosed(1, axes(x)).allMatch(i -> x.shape().dim(i).isFixed());
  }

  public static boolean isDilated(Window window) {
    return window.dilations().stream().anyMatch(d -> d != 1);
  }

  /// Strides or dilations that do nothing.
  public static List<Integer> ones(int count) {
    return Collections.nCopies(count, 1);
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
  public static Optional<Explicit> explicit(Window window, Value x) {
    if (window.padding() instanceof Explicit pads) return Optional.of(pads);
    boolean atEnd = window.padding() instanceof Same(boolean end) && end;
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var total = sameTotal(window, i, x);
      if (total.isEmpty()) return Optional.empty();
      int half = Math.toIntExact(total.get() / 2);
      int rest = Math.toIntExact(total.get() - half);
      begins.add(atEnd ? half : rest);
      ends.add(atEnd ? rest : half);
    }
    return Optional.of(new Explicit(begins, ends));
  }

  /// The pads with which a window that rounds down gives as many outputs as this one; empty where
  /// dims are not fixed.
  public static Optional<Explicit> roundedDown(Window window, Value x, Value y) {
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

  /// Whether these pads are what TensorFlow's SAME adds.
  public static boolean isSame(Window window, Explicit pads, Value x) {
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

  /// The window with other padding, rounded down.
  public static Window settled(Window window, Padding padding) {
    return new Window(window.kernel(), window.strides(), window.dilations(), padding, false);
  }

  /// The elements at one place of the windows along spatial axis `i`, whose dim is fixed; nothing
  /// is padded.
  public static Value tap(Value x, Window window, int i, int tap, Formula f) {
    int axis = i + 1;
    long first = (long) tap * window.dilations().get(i);
    long reach = (long) (window.kernel().get(i) - 1) * window.dilations().get(i);
    long outputs = (x.shape().dim(axis).fixed() - reach - 1) / window.strides().get(i) + 1;
    long end = first + (outputs - 1) * window.strides().get(i) + 1;
    return f.slice(x, axis, first, end, window.strides().get(i));
  }
}
