package watari.format.openvino;

import java.util.ArrayList;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Cast;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;

/// Convolutions.
final class OpenvinoReadConvOps {
  static final Layout LAYOUT = Layout.CHANNELS_FIRST;

  private OpenvinoReadConvOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Convolution", n -> convolution(n, n.in(1), 1))
        .on("GroupConvolution", OpenvinoReadConvOps::groupConvolution)
        .on("ConvolutionBackpropData", n -> backprop(n, n.in(1), 1))
        .on("GroupConvolutionBackpropData", OpenvinoReadConvOps::groupBackprop);
  }

  private static void convolution(OpenvinoReadNode n, Value filter, int groups) {
    n.give(conv(n, n.rank(filter, "its filter") - 2, groups), n.in(0), filter);
  }

  private static Conv conv(OpenvinoReadNode n, int axes, int groups) {
    var window = new OpenvinoReadWindow(n, axes);
    return new Conv(
        window.perAxis("strides", 1),
        window.perAxis("dilations", 1),
        window.padding(),
        groups,
        LAYOUT);
  }

  private static void groupConvolution(OpenvinoReadNode n) {
    convolution(n, merged(n, 2), groups(n));
  }

  private static int groups(OpenvinoReadNode n) {
    n.rank(1);
    var groups = n.shape(1).dim(0);
    if (groups.isFixed()) return Math.toIntExact(groups.fixed());
    throw OpenvinoRefusal.unsupported(
        "the number of its groups is not known", "fix the shape of its filter");
  }

  // ---- filters of groups

  /// The filter `[G, a, b, kernel…]` as `[G · a, b, kernel…]`: constants are reshaped under the
  /// node that decodes them.
  private static Value merged(OpenvinoReadNode n, int axes) {
    int rank = n.rank(1);
    var shape = n.shape(1);
    var dims = new ArrayList<>(shape.dims().subList(axes, rank));
    dims.add(0, shape.product(0, axes));
    var to = Shape.of(dims);
    return reshaped(n, n.in(1), to);
  }

  private static Value reshaped(OpenvinoReadNode n, Value filter, Shape to) {
    if (filter.isConstant() && !filter.type().isQuantized()) {
      return n.builder().constant(filter.name(), filter.constant().orElseThrow().reshaped(to));
    }
    var decoding =
        filter
            .producer()
            .filter(node -> node.op() instanceof Cast || node.op() instanceof Convert)
            .filter(node -> node.input(0).isConstant() && isMovable(node.input(0), to));
    if (decoding.isEmpty()) return n.formula().reshape(filter, to);
    var stored = decoding.get().input(0);
    var data = stored.constant().orElseThrow().reshaped(to);
    var meaning = stored.type().quantization();
    var constant =
        meaning.isNone()
            ? n.builder().constant(stored.name(), data)
            : n.builder().constant(stored.name(), data, merged(meaning));
    return n.builder().add(decoding.get().op(), constant);
  }

  /// Whether a quantization along an axis stays one along the first axis.
  private static boolean isMovable(Value stored, Shape to) {
    return switch (stored.type().quantization()) {
      case Quantization.None _, Quantization.PerTensor _ -> true;
      case Quantization.PerAxis(_, var scales, _) -> to.dim(0).is(scales.size());
      case Quantization.Blocked _ -> false;
    };
  }

  private static Quantization merged(Quantization meaning) {
    return meaning instanceof Quantization.PerAxis ? meaning.withAxis(0) : meaning;
  }

  // ---- transposed

  private static void groupBackprop(OpenvinoReadNode n) {
    backprop(n, merged(n, 2), groups(n));
  }

  private static void backprop(OpenvinoReadNode n, Value filter, int groups) {
    int axes = n.rank(filter, "its filter") - 2;
    var window = new OpenvinoReadWindow(n, axes);
    var op =
        new ConvTranspose(
            window.perAxis("strides", 1),
            window.perAxis("dilations", 1),
            Padding.none(axes),
            window.perAxis("output_padding", 0),
            groups,
            LAYOUT);
    n.give(n.has(2) ? ofShape(n, window, op, filter) : ofPads(window, op, axes), n.in(0), filter);
  }

  /// Padding that is worked out from the output's shape is none where no shape is given.
  private static ConvTranspose ofPads(OpenvinoReadWindow window, ConvTranspose op, int axes) {
    var padding = window.padding();
    return with(op, padding instanceof Padding.Same ? Padding.none(axes) : padding);
  }

  private static ConvTranspose with(ConvTranspose op, Padding padding) {
    return new ConvTranspose(
        op.strides(), op.dilations(), padding, op.outputPadding(), op.groups(), LAYOUT);
  }

  /// The pads that give an output of a shape. Of an odd number the end gets more, but with
  /// `same_upper` the begin; too small an output is filled at the end.
  private static ConvTranspose ofShape(
      OpenvinoReadNode n, OpenvinoReadWindow window, ConvTranspose op, Value filter) {
    var sizes = n.integers(2, "its output shape");
    boolean moreAtEnd = !window.autoPad().equals("same_upper");
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    var outputPadding = new ArrayList<Integer>();
    for (int i = 0; i < op.strides().size(); i++) {
      long dim = known(n.shape(0).dim(i + 2), "input");
      long kernel = known(filter.shape().dim(i + 2), "filter");
      long whole =
          (dim - 1) * op.strides().get(i)
              + op.outputPadding().get(i)
              + (kernel - 1) * op.dilations().get(i)
              + 1;
      long size = sizes[sizes.length - op.strides().size() + i];
      int total = Math.toIntExact(Math.max(0, whole - size));
      begins.add(moreAtEnd ? total / 2 : total - total / 2);
      ends.add(moreAtEnd ? total - total / 2 : total / 2);
      outputPadding.add(Math.toIntExact(op.outputPadding().get(i) + Math.max(0, size - whole)));
    }
    return new ConvTranspose(
        op.strides(),
        op.dilations(),
        new Padding.Explicit(begins, ends),
        outputPadding,
        op.groups(),
        LAYOUT);
  }

  private static long known(Dim dim, String what) {
    if (dim.isFixed()) return dim.fixed();
    throw OpenvinoRefusal.unsupported(
        "its pads depend on dim '" + dim + "' of the " + what + ", which is not known",
        "fix the input's shape, or write the IR with explicit pads");
  }
}
