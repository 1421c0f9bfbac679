package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Convolutions, channels last; filters are `[kernel…, C / groups, O]`. Those of one spatial axis
/// get another of dim 1.
final class TensorflowWriteConv {
  private TensorflowWriteConv() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Conv.class, TensorflowWriteConv::conv)
        .on(ConvTranspose.class, TensorflowWriteConv::convTranspose);
  }

  /// What a convolution works on: 4 or 5 axes.
  ///
  /// @param axes spatial ones, 2 or 3
  /// @param isLine whether the first of them was added
  private record Space(int axes, boolean isLine) {
    static Space of(Node node) {
      var x = node.input(0).shape();
      var filter = node.input(1).shape();
      if (!x.isRanked() || x.rank() < 3 || x.rank() > 5) {
        throw TensorflowRefusal.unsupported(
            "its input has shape " + x + ", TensorFlow convolves along 1 to 3 axes",
            "end the model before this node with --outputs");
      }
      if (!filter.isFixed())
        throw TensorflowRefusal.dynamic("the shape of its filter is not known");
      return new Space(Math.max(2, x.rank() - 2), x.rank() == 3);
    }

    /// For each of all axes; 1 for those that are not spatial or were added.
    long[] all(List<Integer> spatial) {
      var result = new long[axes + 2];
      java.util.Arrays.fill(result, 1);
      for (int i = 0; i < spatial.size(); i++) result[i + 1 + added()] = spatial.get(i);
      return result;
    }

    int added() {
      return isLine ? 1 : 0;
    }
  }

  private static Port raised(Port x, Space space, TensorflowScope out) {
    return space.isLine() ? out.op("ExpandDims", x, out.index(1)) : x;
  }

  private static Port lowered(Port x, Space space, TensorflowScope out) {
    return space.isLine() ? out.op("Squeeze", s -> s.set("squeeze_dims", new long[] {1}), x) : x;
  }

  // ---- convolutions

  private static void conv(Conv op, Node node, TensorflowScope out) {
    var space = Space.of(node);
    var x = raised(out.in(node, 0), space, out);
    boolean isSame = op.padding() instanceof Padding.Same same && same.atEnd();
    if (!isSame) x = padded(op, node, x, space, out);
    boolean isDepthwise =
        space.axes() == 2
            && op.groups() > 1
            && node.input(1).shape().dim(-1).is(1)
            && op.dilations().stream().allMatch(d -> d == 1);
    Port y;
    if (isDepthwise) {
      y =
          convolved(
              "DepthwiseConv2dNative", op, x, depthwise(op, node, space, out), isSame, space, out);
    } else {
      var filter = filter(node, space, out);
      y =
          space.axes() == 3 && op.groups() > 1
              ? grouped(op, x, filter, isSame, space, out)
              : convolved(
                  space.axes() == 2 ? "Conv2D" : "Conv3D", op, x, filter, isSame, space, out);
    }
    y = TensorflowWriteProduct.biased(lowered(y, space, out), node, 2, space.axes() + 2, out);
    out.give(node, y);
  }

  private static Port convolved(
      String name, Conv op, Port x, Port filter, boolean isSame, Space space, TensorflowScope out) {
    return out.op(
        name,
        s ->
            s.set("strides", space.all(op.strides()))
                .set("dilations", space.all(op.dilations()))
                .set("padding", isSame ? "SAME" : "VALID"),
        x,
        filter);
  }

  private static Port grouped(
      Conv op, Port x, Port filter, boolean isSame, Space space, TensorflowScope out) {
    var xs = split(x, op.groups(), space.axes() + 1, out);
    var filters = split(filter, op.groups(), space.axes() + 1, out);
    var parts = new ArrayList<Port>();
    for (int i = 0; i < op.groups(); i++) {
      parts.add(convolved("Conv3D", op, xs.get(i), filters.get(i), isSame, space, out));
    }
    return TensorflowWriteShape.concat(parts, space.axes() + 1, out);
  }

  private static List<Port> split(Port x, int count, int axis, TensorflowScope out) {
    var step =
        out.bare("Split", out.index(axis), x).set("T", x.type()).set("num_split", (long) count);
    return IntStream.range(0, count).mapToObj(i -> step.part(i, x.dtype())).toList();
  }

  /// `[O, kernel…, C]` → `[kernel…, C, O]`.
  private static Port filter(Node node, Space space, TensorflowScope out) {
    var perm = new ArrayList<>(IntStream.range(1, node.input(1).shape().rank()).boxed().toList());
    perm.add(0);
    return onLine(
        TensorflowWriteProduct.permuted(node.input(1), perm, out), node, perm, space, out);
  }

  /// A filter of one spatial axis with another; a constant keeps its elements.
  private static Port onLine(
      Port filter, Node node, List<Integer> perm, Space space, TensorflowScope out) {
    if (!space.isLine()) return filter;
    var data = node.input(1).constant();
    if (data.isEmpty()) return out.op("ExpandDims", filter, out.index(0));
    var moved = data.get().transposed(perm);
    return out.weight(node.input(1).name(), moved.reshaped(Shape.of(1).concat(moved.shape())));
  }

  /// `[O, kernel…, 1]` → `[kernel…, C, O / C]`.
  private static Port depthwise(Conv op, Node node, Space space, TensorflowScope out) {
    var shape = node.input(1).shape();
    long outputs = shape.dim(0).fixed();
    var kernel = space.isLine() ? Shape.of(1).concat(shape.slice(1, 2)) : shape.slice(1, 3);
    var to = kernel.concat(Shape.of(op.groups(), outputs / op.groups()));
    var perm = new ArrayList<>(IntStream.range(1, shape.rank()).boxed().toList());
    perm.add(0);
    var data = node.input(1).constant();
    if (data.isPresent()) {
      return out.weight(node.input(1).name(), data.get().transposed(perm).reshaped(to));
    }
    var moved = TensorflowWriteProduct.permuted(node.input(1), perm, out);
    return out.op("Reshape", moved, out.ints(to.fixedDims()));
  }

  /// The input with what the padding adds.
  private static Port padded(Conv op, Node node, Port x, Space space, TensorflowScope out) {
    var kernel = kernel(node);
    var pads =
        TensorflowPads.of(
            op.padding(), kernel, op.strides(), op.dilations(), node.input(0).shape());
    if (pads.isZero()) return x;
    return TensorflowWriteSlice.padded(
        pads.isNegative() ? cropped(x, pads, space, out) : x,
        pads.all(space.axes() + 2, space.added()),
        Optional.empty(),
        out);
  }

  private static Port cropped(Port x, TensorflowPads pads, Space space, TensorflowScope out) {
    return pads.cropped(x, space.axes() + 2, space.added(), out);
  }

  private static List<Integer> kernel(Node node) {
    var filter = node.input(1).shape();
    return IntStream.range(1, filter.rank() - 1)
        .mapToObj(i -> Math.toIntExact(filter.dim(i).fixed()))
        .toList();
  }

  // ---- transposed convolutions

  /// Without padding, then cut: the filter is `[kernel…, O / groups, C / groups]`.
  private static void convTranspose(ConvTranspose op, Node node, TensorflowScope out) {
    var space = Space.of(node);
    var x = raised(out.in(node, 0), space, out);
    var shape = node.input(1).shape();
    var perm = new ArrayList<>(IntStream.range(1, shape.rank()).boxed().toList());
    perm.add(0);
    var filter =
        onLine(TensorflowWriteProduct.permuted(node.input(1), perm, out), node, perm, space, out);
    var full = full(op, node);
    Port y;
    if (op.groups() == 1) {
      y = backward(op, x, filter, full, shape.dim(-1).fixed(), space, out);
    } else {
      var xs = split(x, op.groups(), space.axes() + 1, out);
      var filters = split(filter, op.groups(), space.axes() + 1, out);
      var parts = new ArrayList<Port>();
      for (int i = 0; i < op.groups(); i++) {
        parts.add(backward(op, xs.get(i), filters.get(i), full, shape.dim(-1).fixed(), space, out));
      }
      y = TensorflowWriteShape.concat(parts, space.axes() + 1, out);
    }
    y = lowered(cut(op, node, y, full, space, out), space, out);
    out.give(node, TensorflowWriteProduct.biased(y, node, 2, space.axes() + 2, out));
  }

  /// The spatial dims that the output has before anything is cut off.
  private static long[] full(ConvOp op, Node node) {
    var kernel = kernel(node);
    var full = new long[kernel.size()];
    for (int i = 0; i < full.length; i++) {
      var dim = node.input(0).shape().dim(i + 1);
      if (!dim.isFixed()) throw TensorflowRefusal.dynamic("the dims of its input are not known");
      long window = (long) (kernel.get(i) - 1) * op.dilations().get(i) + 1;
      full[i] = (dim.fixed() - 1) * op.strides().get(i) + window;
    }
    return full;
  }

  private static Port backward(
      ConvOp op,
      Port x,
      Port filter,
      long[] full,
      long channels,
      Space space,
      TensorflowScope out) {
    var dims = new long[space.axes() + 1];
    for (int i = 0; i < full.length; i++) dims[i + space.added()] = full[i];
    if (space.isLine()) dims[0] = 1;
    dims[dims.length - 1] = channels;
    var shape = out.op("Shape", s -> s.set("out_type", DataType.INT32), x);
    var batch = out.op("StridedSlice", shape, out.ints(0), out.ints(1), out.ints(1));
    var sizes = TensorflowWriteShape.concat(List.of(batch, out.ints(dims)), 0, out);
    return out.op(
        space.axes() == 2 ? "Conv2DBackpropInput" : "Conv3DBackpropInputV2",
        s ->
            s.set("strides", space.all(op.strides()))
                .set("dilations", space.all(op.dilations()))
                .set("padding", "VALID"),
        sizes,
        filter,
        x);
  }

  /// The part of the full output that is wanted, with zeros where it goes beyond.
  private static Port cut(
      ConvTranspose op, Node node, Port y, long[] full, Space space, TensorflowScope out) {
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < full.length; i++) {
      long wanted = node.output().shape().dim(i + 1).fixed();
      long begin = begin(op, i, full[i], node);
      begins.add(Math.toIntExact(-begin));
      ends.add(Math.toIntExact(wanted + begin - full[i]));
    }
    var pads = new TensorflowPads(begins, ends);
    if (pads.isZero()) return y;
    var cut = pads.isNegative() ? pads.cropped(y, space.axes() + 2, space.added(), out) : y;
    if (pads.isPositive()) {
      cut =
          TensorflowWriteSlice.padded(
              cut, pads.all(space.axes() + 2, space.added()), Optional.empty(), out);
    }
    return cut;
  }

  private static long begin(ConvTranspose op, int i, long full, Node node) {
    return switch (op.padding()) {
      case Padding.Explicit(var begins, _) -> begins.get(i);
      case Padding.Same(boolean atEnd) -> {
        long wanted = node.output().shape().dim(i + 1).fixed();
        long surplus = Math.max(0, full - wanted);
        yield atEnd ? surplus / 2 : surplus - surplus / 2;
      }
    };
  }
}
