package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Convolutions. Keras' kernels are `[kernel…, I / groups, O]`, those of depthwise convolutions
/// `[kernel…, I, multiplier]`, those of transposed ones `[kernel…, O, I]`.
final class KerasReadConvOps {
  private KerasReadConvOps() {}

  static void register(KerasReadOps.Table table) {
    for (int n = 1; n <= 3; n++) {
      int axes = n;
      for (var name : List.of("Conv%dD", "Convolution%dD")) {
        table
            .on(name.formatted(n), KerasRoles::kernelAndBias, call -> conv(call, axes))
            .on(
                name.formatted(n) + "Transpose",
                KerasRoles::kernelAndBias,
                call -> transposed(call, axes));
      }
    }
    for (int n = 1; n <= 2; n++) {
      int axes = n;
      table
          .on(
              "DepthwiseConv%dD".formatted(n),
              layer -> KerasRoles.withBias(layer, depthwiseKernel(layer)),
              call -> depthwise(call, axes))
          .on(
              "SeparableConv%dD".formatted(n),
              layer -> KerasRoles.withBias(layer, "depthwise_kernel", "pointwise_kernel"),
              call -> separable(call, axes));
    }
  }

  /// Keras 2 and 3 have other names for it.
  private static String depthwiseKernel(KerasLayer layer) {
    return layer.json().get("module").isNothing() ? "depthwise_kernel" : "kernel";
  }

  // ---- parameters

  static Padding padding(KerasCall call, List<Integer> kernel, List<Integer> dilations) {
    return switch (call.config().text("padding", "valid").toLowerCase(java.util.Locale.ROOT)) {
      case "valid" -> Padding.none(kernel.size());
      case "same" -> new Padding.Same(true);
      case "causal" -> causal(kernel, dilations);
      default -> throw call.config().unknown("padding", "valid, same and causal");
    };
  }

  /// Only what was before counts.
  private static Padding causal(List<Integer> kernel, List<Integer> dilations) {
    var begins =
        IntStream.range(0, kernel.size())
            .mapToObj(i -> (kernel.get(i) - 1) * dilations.get(i))
            .toList();
    return new Padding.Explicit(begins, Collections.nCopies(kernel.size(), 0));
  }

  static List<Integer> strides(KerasCall call, int axes) {
    return ones(call, "strides", axes);
  }

  static List<Integer> dilations(KerasCall call, int axes) {
    return ones(call, "dilation_rate", axes);
  }

  private static List<Integer> ones(KerasCall call, String name, int axes) {
    if (!call.config().has(name)) return Collections.nCopies(axes, 1);
    return call.config().integers(name, axes);
  }

  static List<Integer> kernel(TensorData data, int axes) {
    return IntStream.range(0, axes)
        .mapToObj(i -> Math.toIntExact(data.shape().dim(i).fixed()))
        .toList();
  }

  private static Value bias(KerasCall call) {
    return call.hasWeight("bias") ? call.weight("bias") : Value.ABSENT;
  }

  // ---- convolutions

  private static void conv(KerasCall call, int axes) {
    var kernel = call.data("kernel");
    var filter = call.constant("kernel", filter(kernel, call.layout()));
    var op = op(call, axes, kernel, call.config().integer("groups", 1));
    KerasActivations.give(call, op, call.in(), filter, bias(call));
  }

  private static Conv op(KerasCall call, int axes, TensorData kernel, int groups) {
    var dilations = dilations(call, axes);
    var padding = padding(call, kernel(kernel, axes), dilations);
    return new Conv(strides(call, axes), dilations, padding, groups, call.layout());
  }

  /// `[kernel…, I, O]` to `[O, kernel…, I]`, or `[O, I, kernel…]`.
  static TensorData filter(TensorData kernel, Layout layout) {
    int axes = kernel.shape().rank() - 2;
    var perm = new ArrayList<>(List.of(axes + 1));
    perm.addAll(KerasCall.axes(0, axes));
    perm.add(layout == Layout.CHANNELS_LAST ? axes + 1 : 1, axes);
    return kernel.transposed(perm);
  }

  // ---- depthwise

  private static void depthwise(KerasCall call, int axes) {
    var role = call.hasWeight("kernel") ? "kernel" : "depthwise_kernel";
    var kernel = call.data(role);
    var filter = call.constant(role, depthwiseFilter(kernel, call.layout()));
    KerasActivations.give(
        call, op(call, axes, kernel, channels(kernel)), call.in(), filter, bias(call));
  }

  private static int channels(TensorData kernel) {
    return Math.toIntExact(kernel.shape().dim(-2).fixed());
  }

  /// `[kernel…, C, M]` to `[C · M, kernel…, 1]`, or `[C · M, 1, kernel…]`: each channel is a group.
  private static TensorData depthwiseFilter(TensorData kernel, Layout layout) {
    int axes = kernel.shape().rank() - 2;
    var perm = new ArrayList<>(List.of(axes, axes + 1));
    perm.addAll(KerasCall.axes(0, axes));
    var window = kernel.shape().slice(0, axes);
    var outputs = Shape.of(kernel.shape().product(axes, axes + 2));
    var one = Shape.of(1);
    var shape =
        layout == Layout.CHANNELS_LAST
            ? outputs.concat(window).concat(one)
            : outputs.concat(one).concat(window);
    return kernel.transposed(perm).reshaped(shape);
  }

  /// A depthwise convolution, then one of a window of one element.
  private static void separable(KerasCall call, int axes) {
    var depthwise = call.data("depthwise_kernel");
    var filter = call.constant("depthwise_kernel", depthwiseFilter(depthwise, call.layout()));
    var first = op(call, axes, depthwise, channels(depthwise));
    var between = call.builder().add(first, call.in(), filter);
    var ones = Collections.nCopies(axes, 1);
    var second = new Conv(ones, ones, Padding.none(axes), 1, call.layout());
    var pointwise =
        call.constant("pointwise_kernel", filter(call.data("pointwise_kernel"), call.layout()));
    KerasActivations.give(call, second, between, pointwise, bias(call));
  }

  // ---- transposed

  private static void transposed(KerasCall call, int axes) {
    var kernel = call.data("kernel");
    var strides = strides(call, axes);
    var dilations = dilations(call, axes);
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    var outputPadding = new ArrayList<Integer>();
    for (int i = 0; i < axes; i++) {
      int window = (kernel(kernel, axes).get(i) - 1) * dilations.get(i) + 1;
      int grown = grown(call, i, axes, window, strides.get(i));
      int begin = cropped(call, window, strides.get(i), grown) / 2;
      int end = window - strides.get(i) - grown - begin;
      begins.add(begin);
      ends.add(Math.max(end, 0));
      outputPadding.add(Math.max(-end, 0));
    }
    var op =
        new ConvTranspose(
            strides,
            dilations,
            new Padding.Explicit(begins, ends),
            outputPadding,
            call.config().integer("groups", 1),
            call.layout());
    var filter = call.constant("kernel", transposedFilter(kernel, call.layout()));
    KerasActivations.give(call, op, call.in(), filter, bias(call));
  }

  private static boolean isSame(KerasCall call) {
    return call.config().text("padding", "valid").equals("same");
  }

  /// How much larger an axis of the output is than the input's times the stride.
  private static int grown(KerasCall call, int axis, int axes, int window, int stride) {
    if (!call.config().has("output_padding")) {
      return isSame(call) ? 0 : Math.max(window - stride, 0);
    }
    int extra = call.config().integers("output_padding", axes).get(axis);
    int inside = window;
    if (isSame(call)) inside = call.model().isKeras3() ? window % 2 : window - 2 * (window / 2);
    return inside - stride + extra;
  }

  /// What the convolution that this one is the gradient of pads in all: TensorFlow's SAME of the
  /// output, or nothing.
  private static int cropped(KerasCall call, int window, int stride, int grown) {
    if (!isSame(call)) return 0;
    // As many windows as the input has elements, the first at 0: the last ends past the output.
    return Math.max(window - stride - grown, 0);
  }

  /// `[kernel…, O, I]` to `[I, kernel…, O]`, or `[I, O, kernel…]`.
  private static TensorData transposedFilter(TensorData kernel, Layout layout) {
    return filter(kernel, layout);
  }
}
