package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ConvOp.DeformConv;
import watari.op.Padding;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Convolutions.
final class OnnxReadConvOps {
  private static final Layout LAYOUT = Layout.CHANNELS_FIRST;

  private OnnxReadConvOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Conv", n -> n.give(conv(n, 1), n.inputs()))
        .on("ConvInteger", OnnxReadConvOps::convInteger)
        .on("ConvTranspose", OnnxReadConvOps::convTranspose)
        .on("DeformConv", OnnxReadConvOps::deformConv);
  }

  /// The convolution that a node's attributes say.
  ///
  /// @param filter which input the filter is
  static Conv conv(OnnxReadNode n, int filter) {
    int axes = n.rank(filter) - 2;
    checkKernel(n, filter);
    var window = new OnnxReadWindow(n, axes);
    return new Conv(
        window.perAxis("strides", 1),
        window.perAxis("dilations", 1),
        window.padding(),
        n.integer("group", 1),
        LAYOUT);
  }

  private static void checkKernel(OnnxReadNode n, int filter) {
    var kernel = n.integers("kernel_shape");
    var shape = n.shape(filter);
    if (kernel.isEmpty() || !shape.isFixed()) return;
    var actual = shape.slice(2, shape.rank());
    if (!Shape.of(OnnxReadNode.toLongs(kernel)).equals(actual)) {
      throw OnnxRefusal.broken(
          "attribute 'kernel_shape' is " + kernel + ", but the filter has shape " + shape);
    }
  }

  private static void convInteger(OnnxReadNode n) {
    var conv = conv(n, 1);
    n.give(
        new ConvInteger(conv.strides(), conv.dilations(), conv.padding(), conv.groups(), LAYOUT),
        n.inputs());
  }

  // ---- transposed

  private static void convTranspose(OnnxReadNode n) {
    int axes = n.rank(1) - 2;
    checkKernel(n, 1);
    var window = new OnnxReadWindow(n, axes);
    var op =
        new ConvTranspose(
            window.perAxis("strides", 1),
            window.perAxis("dilations", 1),
            window.padding(),
            window.perAxis("output_padding", 0),
            n.integer("group", 1),
            LAYOUT);
    var sizes = n.integers("output_shape");
    boolean isPlain = op.outputPadding().stream().allMatch(x -> x == 0);
    if (!sizes.isEmpty()) {
      op = withPads(n, op, sizes.subList(sizes.size() - axes, sizes.size()));
    } else if (op.padding() instanceof Padding.Same && !isPlain) {
      op = withPads(n, op, List.of());
    }
    n.give(op, n.inputs());
  }

  /// The pads that give an output of the sizes asked for, or of the input's times the strides. Of
  /// an odd number the begin gets more, but with SAME_UPPER the end; too small a sum is added at
  /// the end.
  private static ConvTranspose withPads(OnnxReadNode n, ConvTranspose op, List<Integer> sizes) {
    boolean moreAtEnd = op.padding() instanceof Padding.Same(boolean atEnd) && atEnd;
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    var outputPadding = new ArrayList<Integer>();
    for (int i = 0; i < op.strides().size(); i++) {
      long dim = known(n.shape(0).dim(i + 2), "input");
      long kernel = known(n.shape(1).dim(i + 2), "filter");
      long size = sizes.isEmpty() ? dim * op.strides().get(i) : sizes.get(i);
      long whole =
          (dim - 1) * op.strides().get(i)
              + op.outputPadding().get(i)
              + (kernel - 1) * op.dilations().get(i)
              + 1;
      int total = Math.toIntExact(Math.max(0, whole - size));
      begins.add(moreAtEnd ? total / 2 : total - total / 2);
      ends.add(moreAtEnd ? total - total / 2 : total / 2);
      outputPadding.add(Math.toIntExact(op.outputPadding().get(i) + Math.max(0, size - whole)));
    }
    var padding = new Padding.Explicit(begins, ends);
    return new ConvTranspose(
        op.strides(), op.dilations(), padding, outputPadding, op.groups(), LAYOUT);
  }

  private static long known(Dim dim, String what) {
    if (dim.isFixed()) return dim.fixed();
    throw OnnxRefusal.unsupported(
        "its pads depend on dim '" + dim + "' of the " + what + ", which is not known",
        "fix the input's shape, or export with explicit pads");
  }

  private static void deformConv(OnnxReadNode n) {
    int axes = n.rank(1) - 2;
    checkKernel(n, 1);
    var window = new OnnxReadWindow(n, axes);
    n.give(
        new DeformConv(
            window.perAxis("strides", 1),
            window.perAxis("dilations", 1),
            window.padding(),
            n.integer("group", 1),
            n.integer("offset_group", 1)),
        n.inputs());
  }
}
