package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.op.ShapeOp.Reshape;
import watari.pass.replace.Formula;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Convolutions. TensorFlow's filters are `[kernel…, C / groups, O]` in either layout.
final class TensorflowReadConvOps {
  private TensorflowReadConvOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Conv2D", n -> conv(n, 2).give(n))
        .on("Conv2DBackpropInput", n -> convTranspose(n, 2))
        .on("Conv2DBackpropInputV2", n -> convTranspose(n, 2))
        .on("Conv3D", n -> conv(n, 3).give(n))
        .on("Conv3DBackpropInputV2", n -> convTranspose(n, 3))
        .on("DepthwiseConv2dNative", n -> depthwiseConv2d(n).give(n));
  }

  // ---- parts that all have

  /// The entries of the spatial axes of a list with one entry for each axis.
  static List<Integer> spatial(TensorflowReadNode n, String name, int axes, Layout layout) {
    var all = n.integers(name);
    if (all.isEmpty()) return Collections.nCopies(axes, 1);
    if (all.size() == 1) return Collections.nCopies(axes, all.get(0));
    if (all.size() == axes) return all;
    if (all.size() != axes + 2) {
      throw TensorflowRefusal.broken(
          "attribute '%s' is %s, expected %d numbers".formatted(name, all, axes + 2));
    }
    if (all.get(0) != 1 || all.get(layout.channelAxis(axes + 2)) != 1) {
      throw TensorflowRefusal.unsupported(
          "attribute '%s' is %s, which is not 1 for batch and channels".formatted(name, all),
          "export the model with strides of the spatial axes only");
    }
    return all.subList(layout.firstSpatialAxis(), layout.firstSpatialAxis() + axes);
  }

  static Padding padding(TensorflowReadNode n, int axes, Layout layout) {
    var text = n.text("padding", "VALID");
    return switch (text) {
      case "SAME" -> new Padding.Same(true);
      case "VALID" -> Padding.none(axes);
      case "EXPLICIT" -> explicit(n.integers("explicit_paddings"), axes, layout);
      default -> throw TensorflowReadNode.unknown("padding", text, "'SAME' or 'VALID'");
    };
  }

  /// Begin and end of each axis, one after the other.
  private static Padding explicit(List<Integer> pads, int axes, Layout layout) {
    if (pads.size() != 2 * (axes + 2)) {
      throw TensorflowRefusal.broken("attribute 'explicit_paddings' is " + pads);
    }
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < axes; i++) {
      int axis = layout.firstSpatialAxis() + i;
      begins.add(pads.get(2 * axis));
      ends.add(pads.get(2 * axis + 1));
    }
    return new Padding.Explicit(begins, ends);
  }

  /// The filter with its output channels first, in a layout.
  private static Value filter(TensorflowReadNode n, Value filter, int axes, Layout layout) {
    var perm = new ArrayList<Integer>();
    perm.add(axes + 1);
    IntStream.range(0, axes).forEach(perm::add);
    perm.add(layout.channelAxis(axes + 2), axes);
    return transposed(n.formula(), filter, perm);
  }

  /// A constant is only looked at in another order.
  static Value transposed(Formula f, Value x, List<Integer> perm) {
    return x.constant()
        .map(data -> f.builder().constant(x.name(), data.transposed(perm)))
        .orElseGet(() -> f.transpose(x, perm));
  }

  private static int groups(Dim channels, Dim perGroup) {
    if (!channels.isFixed() || !perGroup.isFixed() || perGroup.is(0)) return 1;
    if (channels.fixed() % perGroup.fixed() != 0) {
      throw TensorflowRefusal.broken(
          "its input has %s channels, its filter takes %s".formatted(channels, perGroup));
    }
    return Math.toIntExact(channels.fixed() / perGroup.fixed());
  }

  private static void requireRank(TensorflowReadNode n, int i, int rank) {
    if (n.shape(i).isRanked() && n.shape(i).rank() != rank) {
      throw TensorflowRefusal.broken(
          "input %d has shape %s, expected rank %d".formatted(i, n.shape(i), rank));
    }
  }

  // ---- convolutions

  /// A convolution that is not placed yet.
  record Product(Conv op, Value x, Value filter) {
    void give(TensorflowReadNode n) {
      n.give(op, x, filter);
    }

    Value value(TensorflowReadNode n) {
      return n.formula().op(op, x, filter);
    }
  }

  static Product conv2d(TensorflowReadNode n) {
    return conv(n, 2);
  }

  private static Product conv(TensorflowReadNode n, int axes) {
    var layout = n.layout();
    requireRank(n, 1, axes + 2);
    var x = ranked(n, n.in(0), axes + 2);
    var channels = x.shape().dim(layout.channelAxis(axes + 2));
    var op =
        new Conv(
            spatial(n, "strides", axes, layout),
            spatial(n, "dilations", axes, layout),
            padding(n, axes, layout),
            groups(channels, n.shape(1).dim(axes)),
            layout);
    return new Product(op, x, filter(n, n.in(1), axes, layout));
  }

  /// A value whose rank nothing tells has the one that the operator takes.
  static Value ranked(TensorflowReadNode n, Value x, int rank) {
    if (!x.shape().isRanked()) {
      x.setType(x.type().with(named(x.name(), rank)));
    } else if (x.shape().rank() != rank) {
      throw TensorflowRefusal.broken(
          "its input has shape %s, expected rank %d".formatted(x.shape(), rank));
    }
    return x;
  }

  private static Shape named(String name, int rank) {
    return Shape.of(
        IntStream.range(0, rank).mapToObj(i -> Dim.named("?" + name + "." + i)).toList());
  }

  /// Filter `[H, W, C, M]`: channel `c` gives the outputs `c · M` to `c · M + M - 1`.
  static Product depthwiseConv2d(TensorflowReadNode n) {
    var layout = n.layout();
    requireRank(n, 1, 4);
    var filter = n.shape(1);
    if (!filter.isFixed()) throw TensorflowReadNode.computed("the shape of its filter");
    long channels = filter.dim(2).fixed();
    long outputs = channels * filter.dim(3).fixed();
    var merged = reshaped(n, n.in(1), filter.dim(0).fixed(), filter.dim(1).fixed(), 1, outputs);
    var op =
        new Conv(
            spatial(n, "strides", 2, layout),
            spatial(n, "dilations", 2, layout),
            padding(n, 2, layout),
            Math.toIntExact(channels),
            layout);
    return new Product(op, ranked(n, n.in(0), 4), filter(n, merged, 2, layout));
  }

  private static Value reshaped(TensorflowReadNode n, Value x, long... dims) {
    return x.constant()
        .map(data -> n.builder().constant(x.name(), data.reshaped(Shape.of(dims))))
        .orElseGet(() -> n.formula().op(new Reshape(true), x, n.formula().vector(dims)));
  }

  // ---- transposed convolutions

  /// Inputs: the shape of the output, the filter `[kernel…, O, C]`, `x`.
  private static void convTranspose(TensorflowReadNode n, int axes) {
    var layout = n.layout();
    requireRank(n, 1, axes + 2);
    var strides = spatial(n, "strides", axes, layout);
    var dilations = spatial(n, "dilations", axes, layout);
    var x = ranked(n, n.in(2), axes + 2);
    var sizes = n.builder().inference().integers(n.in(0)).orElse(List.of());
    boolean isShape = sizes.size() == axes + 2;
    var all = new ArrayList<TransposedAxis>();
    for (int i = 0; i < axes; i++) {
      int axis = layout.firstSpatialAxis() + i;
      var window = n.shape(1).dim(i).minus(1).times(dilations.get(i)).plus(1);
      if (!window.isFixed()) throw TensorflowReadNode.computed("the shape of its filter");
      var in = x.shape().dim(axis);
      boolean same = n.text("padding", "VALID").equals("SAME");
      var usual =
          same ? in.times(strides.get(i)) : TransposedAxis.usual(in, strides.get(i), window);
      all.add(
          new TransposedAxis(
              in,
              isShape ? sizes.get(axis) : usual,
              strides.get(i),
              Math.toIntExact(window.fixed()),
              same));
    }
    int groups =
        isShape ? groups(sizes.get(layout.channelAxis(axes + 2)), n.shape(1).dim(axes)) : 1;
    var op = transposed(n, all, strides, dilations, layout);
    var grouped =
        new ConvTranspose(strides, dilations, op.padding(), op.outputPadding(), groups, layout);
    n.give(grouped, x, filter(n, n.in(1), axes, layout));
  }

  private static ConvTranspose transposed(
      TensorflowReadNode n,
      List<TransposedAxis> all,
      List<Integer> strides,
      List<Integer> dilations,
      Layout layout) {
    int axes = all.size();
    var text = n.text("padding", "VALID");
    if (text.equals("EXPLICIT")) return explicit(n, all, strides, dilations, layout);
    if (all.stream().allMatch(TransposedAxis::isUsual)) {
      var zeros = Collections.nCopies(axes, 0);
      return new ConvTranspose(strides, dilations, padding(n, axes, layout), zeros, 1, layout);
    }
    all.forEach(TransposedAxis::requireFixed);
    var pads =
        new Padding.Explicit(
            all.stream().map(TransposedAxis::begin).toList(),
            all.stream().map(s -> Math.max(0, s.end())).toList());
    var added = all.stream().map(s -> Math.max(0, -s.end())).toList();
    return new ConvTranspose(strides, dilations, pads, added, 1, layout);
  }

  private static ConvTranspose explicit(
      TensorflowReadNode n,
      List<TransposedAxis> all,
      List<Integer> strides,
      List<Integer> dilations,
      Layout layout) {
    var given = (Padding.Explicit) padding(n, all.size(), layout);
    all.forEach(TransposedAxis::requireFixed);
    var ends = new int[all.size()];
    for (int i = 0; i < ends.length; i++) ends[i] = all.get(i).end(given.begins().get(i));
    var pads =
        new Padding.Explicit(
            given.begins(), Arrays.stream(ends).map(e -> Math.max(0, e)).boxed().toList());
    var added = Arrays.stream(ends).map(e -> Math.max(0, -e)).boxed().toList();
    return new ConvTranspose(strides, dilations, pads, added, 1, layout);
  }

  /// One axis of a transposed convolution.
  private record TransposedAxis(Dim in, Dim out, int stride, int window, boolean same) {
    static Dim usual(Dim in, int stride, Dim window) {
      return in.minus(1).times(stride).plus(window);
    }

    boolean isUsual() {
      var usual = same ? in.times(stride) : usual(in, stride, Dim.of(window));
      return usual.equals(out);
    }

    void requireFixed() {
      if (in.isFixed() && out.isFixed()) return;
      throw TensorflowRefusal.dynamic(
          "what pads dim %s to output dim %s is not known".formatted(in, out));
    }

    /// The padding that the convolution from the output to the input would have.
    int begin() {
      long size = out.fixed();
      long forward = same ? Math.ceilDiv(size, stride) : (size - window + stride) / stride;
      return Math.toIntExact(Math.max(0, (forward - 1) * stride + window - size) / 2);
    }

    int end() {
      return end(begin());
    }

    /// What is cut off the end; negative where it is added to.
    int end(int begin) {
      return Math.toIntExact((in.fixed() - 1) * stride + window - begin - out.fixed());
    }
  }
}
