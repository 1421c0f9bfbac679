package watari.format.keras;

import java.util.stream.Stream;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.ShapeOp.Pad;
import watari.pass.replace.Formula;
import watari.pass.replace.Windows;

/// Pads of windows over tensors with channels last.
final class KerasWindows {
  private KerasWindows() {}

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
    for (int i = 0; i < Windows.axes(x); i++) {
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
    for (int i = 0; i < Windows.axes(x); i++) {
      all[i + 1] = Math.max(0, pads.begins().get(i));
      all[rank + i + 1] = Math.max(0, pads.ends().get(i));
    }
    return f.vector(all);
  }
}
