package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.Window;
import watari.pass.replace.Formula;

/// What rules of sliding windows over channels-last tensors share.
final class Spatial {
  private Spatial() {}

  static int axes(Value x) {
    return x.shape().rank() - 2;
  }

  /// Whether the spatial dims are fixed.
  static boolean isFixed(Value x) {
    return IntStream.rangeClosed(1, axes(x)).allMatch(i -> x.shape().dim(i).isFixed());
  }

  private static long dim(Value x, int i) {
    return x.shape().dim(i + 1).fixed();
  }

  /// The padding in elements; empty where it hangs on unknown dims.
  static Optional<Explicit> explicit(Window window, Value x) {
    if (window.padding() instanceof Explicit pads) return Optional.of(pads);
    if (!isFixed(x)) return Optional.empty();
    boolean atEnd = ((Same) window.padding()).atEnd();
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < axes(x); i++) {
      int total = Math.toIntExact(sameTotal(window, x, i));
      int less = total / 2;
      begins.add(atEnd ? less : total - less);
      ends.add(atEnd ? total - less : less);
    }
    return Optional.of(new Explicit(begins, ends));
  }

  private static long sameTotal(Window window, Value x, int i) {
    return Padding.sameTotal(
        dim(x, i), window.kernel().get(i), window.strides().get(i), window.dilations().get(i));
  }

  /// Whether explicit pads are what TensorFlow's SAME adds.
  static boolean isSame(Window window, Explicit pads, Value x) {
    if (!isFixed(x)) return false;
    for (int i = 0; i < axes(x); i++) {
      long total = sameTotal(window, x, i);
      int begin = pads.begins().get(i);
      if (begin != total / 2 || pads.ends().get(i) != total - begin) return false;
    }
    return true;
  }

  /// Pads the spatial axes, in the root's place.
  static Value padded(Value x, Explicit pads, Value value, Formula f) {
    int rank = x.shape().rank();
    var all = new long[2 * rank];
    for (int i = 0; i < rank - 2; i++) {
      all[i + 1] = pads.begins().get(i);
      all[rank + i + 1] = pads.ends().get(i);
    }
    var result =
        value.isPresent()
            ? f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(all), value)
            : f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(all));
    if (x.type().isQuantized()) result.setType(x.type().with(result.shape()));
    return result;
  }

  /// A shape with a dim of 1 before the one spatial axis.
  static Value withHeight(Value x, Formula f) {
    var result = f.op(new Unsqueeze(), x, f.vector(1));
    if (x.type().isQuantized()) {
      var quantization = x.type().quantization();
      result.setType(x.type().with(result.shape()).with(quantization));
    }
    return result;
  }

  static List<Integer> withHeight(List<Integer> values, int first) {
    var all = new ArrayList<>(values);
    all.add(0, first);
    return all;
  }

  static Padding withHeight(Padding padding) {
    return padding instanceof Explicit(var begins, var ends)
        ? new Explicit(withHeight(begins, 0), withHeight(ends, 0))
        : padding;
  }

  static List<Integer> ones(int count) {
    return Collections.nCopies(count, 1);
  }
}
