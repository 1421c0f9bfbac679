package watari.format.openvino;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import watari.op.Padding;
import watari.op.Window;
import watari.tensor.Shape;

/// The attributes that say how a window slides: of convolutions and pools.
final class OpenvinoReadWindow {
  private final OpenvinoReadNode node;
  private final int axes;

  /// @param axes number of spatial axes
  OpenvinoReadWindow(OpenvinoReadNode node, int axes) {
    this.node = node;
    this.axes = axes;
    if (axes < 1) throw OpenvinoRefusal.broken("it has no spatial axis");
  }

  List<Integer> perAxis(String name, int otherwise) {
    var given = node.integers(name);
    if (given.isEmpty()) return Collections.nCopies(axes, otherwise);
    if (given.size() != axes) {
      throw OpenvinoRefusal.broken(
          "attribute '%s' has %d numbers, expected %d".formatted(name, given.size(), axes));
    }
    return given;
  }

  String autoPad() {
    return node.text("auto_pad", "explicit").toLowerCase(Locale.ROOT);
  }

  Padding padding() {
    return switch (autoPad()) {
      case "explicit", "notset", "" ->
          new Padding.Explicit(perAxis("pads_begin", 0), perAxis("pads_end", 0));
      case "valid" -> Padding.none(axes);
      case "same_upper" -> new Padding.Same(true);
      case "same_lower" -> new Padding.Same(false);
      default -> throw node.unknown("auto_pad", "explicit, valid, same_upper or same_lower");
    };
  }

  /// Of a pool, which names its kernel.
  static Window pool(OpenvinoReadNode node) {
    var kernel = node.integers("kernel");
    var window = new OpenvinoReadWindow(node, kernel.size());
    boolean ceil =
        switch (node.text("rounding_type", "floor").toLowerCase(Locale.ROOT)) {
          case "floor" -> false;
          case "ceil", "ceil_torch" -> true;
          default -> throw node.unknown("rounding_type", "floor, ceil or ceil_torch");
        };
    return new Window(
        kernel,
        window.perAxis("strides", 1),
        window.perAxis("dilations", 1),
        window.padding(),
        ceil);
  }

  /// Whether the last windows of a pool that rounds up begin behind the input, which only
  /// `ceil_torch` forbids.
  static boolean beginsOutside(OpenvinoReadNode node, Window window, Shape input) {
    boolean isPlain = node.text("rounding_type", "floor").equalsIgnoreCase("ceil");
    if (!isPlain || !(window.padding() instanceof Padding.Explicit(var begins, var ends))) {
      return false;
    }
    for (int i = 0; i < begins.size(); i++) {
      var dim = input.dim(i + 2).value();
      if (dim.isEmpty()) continue;
      long extent = (window.kernel().get(i) - 1L) * window.dilations().get(i) + 1;
      long free = dim.getAsLong() + begins.get(i) + ends.get(i) - extent;
      long last = Math.ceilDiv(free, window.strides().get(i)) * window.strides().get(i);
      if (last >= dim.getAsLong() + begins.get(i)) return true;
    }
    return false;
  }

  /// Pads that say what [Padding.Same] means for an input of known dims.
  static Padding.Explicit explicit(Window window, Shape input) {
    if (window.padding() instanceof Padding.Explicit explicit) return explicit;
    boolean atEnd = ((Padding.Same) window.padding()).atEnd();
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var dim = input.dim(i + 2);
      if (!dim.isFixed()) {
        throw OpenvinoRefusal.unsupported(
            "its padding depends on dim '" + dim + "', which is not known",
            "fix the input's shape, or write the IR with explicit pads");
      }
      int total =
          (int)
              Padding.sameTotal(
                  dim.fixed(),
                  window.kernel().get(i),
                  window.strides().get(i),
                  window.dilations().get(i));
      begins.add(atEnd ? total / 2 : total - total / 2);
      ends.add(atEnd ? total - total / 2 : total / 2);
    }
    return new Padding.Explicit(begins, ends);
  }
}
