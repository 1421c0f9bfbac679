package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NN;
import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Convolutions, whose pads [KerasWindowRules] has made `same` or `valid`.
final class KerasWriteConvOps {
  private static final int MOST_AXES = 3;

  private KerasWriteConvOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            Conv.class,
            "Conv1D, Conv2D, Conv3D, DepthwiseConv1D, DepthwiseConv2D; ops.conv where the filter is computed",
            "up to 3 spatial axes, the number of channels known; pads other than 'same' and 'valid' stand before it as ZeroPadding",
            KerasWriteConvOps::conv)
        .on(
            ConvTranspose.class,
            "Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, and Cropping",
            "up to 3 spatial axes, a constant filter",
            KerasWriteConvOps::convTranspose);
  }

  /// @throws KerasRefusal if Keras pads in no such way
  static String padding(Padding padding) {
    return switch (padding) {
      case Padding.Same(boolean atEnd) when atEnd -> "same";
      case Padding.Explicit pads when pads.isZero() -> "valid";
      default -> throw KerasShapes.open(Shape.UNKNOWN);
    };
  }

  private static int axes(Node node) {
    int axes = KerasShapes.rank(node.input(0)) - 2;
    if (axes > MOST_AXES) {
      throw KerasRefusal.inexpressible("layers have up to 3 spatial axes, not " + axes);
    }
    return axes;
  }

  private static List<Long> kernel(TensorData filter) {
    return IntStream.range(1, filter.shape().rank() - 1)
        .mapToObj(i -> filter.shape().dim(i).fixed())
        .toList();
  }

  /// `[O, kernel…, I]` to `[kernel…, I, O]`.
  private static List<Integer> toKernel(int rank) {
    var perm = new ArrayList<Integer>();
    for (int i = 1; i < rank; i++) perm.add(i);
    perm.add(0);
    return perm;
  }

  // ---- convolutions

  private static void conv(Conv op, Node node, KerasWriteGraph out) {
    int axes = axes(node);
    var filter = node.input(1).constant();
    if (filter.isEmpty()) {
      computed(op, node, out);
      return;
    }
    KerasShapes.fixed(node.input(0), -1);
    var layer =
        isDepthwise(op, node, filter.get())
            ? depthwise(filter.get(), axes, node, out)
            : dense(op, filter.get(), axes, node, out);
    settings(op.strides(), op.dilations(), op.padding(), layer);
    KerasWriteActivations.give(node, biased(layer, node), out);
  }

  private static void settings(
      List<Integer> strides, List<Integer> dilations, Padding padding, KerasWrittenLayer layer) {
    layer
        .set("strides", strides)
        .set("padding", padding(padding))
        .set("data_format", "channels_last")
        .set("dilation_rate", dilations);
  }

  private static KerasWrittenLayer dense(
      Conv op, TensorData filter, int axes, Node node, KerasWriteGraph out) {
    return out.layer("Conv%dD".formatted(axes), node)
        .set("filters", filter.shape().dim(0).fixed())
        .set("kernel_size", kernel(filter))
        .set("groups", op.groups())
        .weight("kernel", filter.transposed(toKernel(filter.shape().rank())));
  }

  /// TensorFlow's kernel of it has one stride for both axes.
  private static boolean isDepthwise(Conv op, Node node, TensorData filter) {
    return op.groups() > 1
        && node.input(0).shape().dim(-1).is(op.groups())
        && filter.shape().dim(-1).is(1)
        && filter.shape().rank() <= 4
        && op.strides().stream().distinct().count() == 1;
  }

  /// `[C · M, kernel…, 1]` to `[kernel…, C, M]`.
  private static KerasWrittenLayer depthwise(
      TensorData filter, int axes, Node node, KerasWriteGraph out) {
    long channels = node.input(0).shape().dim(-1).fixed();
    long multiplier = filter.shape().dim(0).fixed() / channels;
    var dims = new ArrayList<>(kernel(filter));
    dims.add(channels);
    dims.add(multiplier);
    var shape = Shape.of(dims.stream().mapToLong(dim -> dim).toArray());
    return out.layer("DepthwiseConv%dD".formatted(axes), node)
        .set("kernel_size", kernel(filter))
        .set("depth_multiplier", multiplier)
        .weight("kernel", filter.transposed(toKernel(filter.shape().rank())).reshaped(shape));
  }

  /// Adds the bias, and calls the layer.
  private static KerasWrittenLayer biased(KerasWrittenLayer layer, Node node) {
    var bias = node.input(2).constant();
    if (node.input(2).isPresent() && bias.isEmpty()) {
      throw KerasRefusal.inexpressible("its bias is computed");
    }
    layer.set("use_bias", bias.isPresent());
    bias.ifPresent(data -> layer.weight("bias", data));
    return layer;
  }

  /// With a filter that is no constant.
  private static void computed(Conv op, Node node, KerasWriteGraph out) {
    int rank = KerasShapes.rank(node.input(0));
    if (op.groups() > 1) throw KerasRefusal.inexpressible("it has groups, and a computed filter");
    var filter = out.tensor(node.input(1));
    var perm = toKernel(rank);
    var kernel =
        out.operation(NUMPY, "Transpose")
            .set("axes", perm)
            .on(filter, filter.type().with(filter.type().shape().transposed(perm)));
    var made =
        out.operation(NN, "Conv")
            .set("strides", op.strides())
            .set("padding", padding(op.padding()))
            .set("data_format", "channels_last")
            .set("dilation_rate", op.dilations())
            .with(Argument.of(out.tensor(node.input(0))))
            .with(Argument.of(kernel))
            .gives(node.output().type());
    out.give(node, node.input(2).isPresent() ? out.sum(made, node.input(2)) : made);
  }

  // ---- transposed

  private static void convTranspose(ConvTranspose op, Node node, KerasWriteGraph out) {
    int axes = axes(node);
    var filter =
        node.input(1)
            .constant()
            .orElseThrow(() -> KerasRefusal.inexpressible("its filter is computed"));
    KerasShapes.fixed(node.input(0), -1);
    var layer =
        out.layer("Conv%dDTranspose".formatted(axes), node)
            .set("filters", filter.shape().dim(-1).fixed())
            .set("kernel_size", kernel(filter))
            .weight("kernel", filter.transposed(swapped(filter.shape().rank())));
    settings(op.strides(), Collections.nCopies(axes, 1), op.padding(), layer);
    KerasWriteActivations.give(node, biased(layer, node), out);
  }

  /// `[I, kernel…, O]` to `[kernel…, O, I]`.
  private static List<Integer> swapped(int rank) {
    return toKernel(rank);
  }
}
