package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.pass.replace.Windows;

/// What rules of sliding windows over channels-last tensors share.
final class Spatial {
  private Spatial() {}

  /// The padding in elements; empty where a spatial dim is not fixed.
  static Optional<Explicit> explicit(Window window, Value x) {
    boolean isKnown = window.padding() instanceof Explicit || Windows.isFixed(x);
    return isKnown ? Windows.explicit(window, x) : Optional.empty();
  }

  /// The pads with which a window that rounds down gives as many outputs as this one; empty where
  /// dims are not fixed.
  static Optional<Explicit> roundedDown(Window window, Value x, Value y) {
    boolean isKnown = window.padding() instanceof Explicit || Windows.isFixed(x);
    return isKnown ? Windows.roundedDown(window, x, y) : Optional.empty();
  }

  /// Whether explicit pads are what TensorFlow's SAME adds.
  static boolean isSame(Window window, Explicit pads, Value x) {
    return Windows.isFixed(x) && Windows.isSame(window, pads, x);
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
}
