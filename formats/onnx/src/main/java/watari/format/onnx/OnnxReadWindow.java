package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.op.Padding;
import watari.op.Window;
import watari.tensor.Shape;

/// The attributes that say how a window slides: of convolutions and pools.
final class OnnxReadWindow {
  private final OnnxReadNode node;
  private final int axes;

  /// @param axes number of spatial axes
  OnnxReadWindow(OnnxReadNode node, int axes) {
    this.node = node;
    this.axes = axes;
    if (axes < 1) throw OnnxRefusal.broken("it has no spatial axis");
  }

  /// Of a pool, which names its kernel.
  static Window pool(OnnxReadNode node) {
    var kernel = node.integers("kernel_shape");
    var window = new OnnxReadWindow(node, kernel.size());
    return new Window(
        kernel,
        window.perAxis("strides", 1),
        window.perAxis("dilations", 1),
        window.padding(),
        node.flag("ceil_mode", false));
  }

  List<Integer> perAxis(String name, int otherwise) {
    var given = node.integers(name);
    if (given.isEmpty()) return OnnxReadNode.repeat(axes, otherwise);
    if (given.size() != axes) {
      throw OnnxRefusal.broken(
          "attribute '%s' has %d numbers, expected %d".formatted(name, given.size(), axes));
    }
    return given;
  }

  String autoPad() {
    var mode = node.text("auto_pad", "NOTSET");
    return mode.isEmpty() ? "NOTSET" : mode;
  }

  Padding padding() {
    return switch (autoPad()) {
      case "NOTSET" -> pads();
      case "VALID" -> Padding.none(axes);
      case "SAME_UPPER" -> new Padding.Same(true);
      case "SAME_LOWER" -> new Padding.Same(false);
      default ->
          throw OnnxRefusal.broken(
              "attribute 'auto_pad' is '"
                  + autoPad()
                  + "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    };
  }

  private Padding.Explicit pads() {
    var pads = node.integers("pads");
    if (pads.isEmpty()) return Padding.none(axes);
    if (pads.size() != 2 * axes) {
      throw OnnxRefusal.broken(
          "attribute 'pads' has %d numbers, expected %d".formatted(pads.size(), 2 * axes));
    }
    return new Padding.Explicit(pads.subList(0, axes), pads.subList(axes, 2 * axes));
  }

  /// Pads that say what [Padding.Same] means for an input of known dims.
  static Padding explicit(Window window, Shape input) {
    if (!(window.padding() instanceof Padding.Same(boolean atEnd))) return window.padding();
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var dim = input.dim(i + 2);
      if (!dim.isFixed()) {
        throw OnnxRefusal.unsupported(
            "its padding depends on dim '" + dim + "', which is not known",
            "fix the input's shape, or export with explicit pads");
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
