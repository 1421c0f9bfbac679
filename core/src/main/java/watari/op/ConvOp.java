package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Convolutions. Inputs `x`, `filter`, `bias` (`[O]`, optional).
///
/// `x`: `[N, C, spatial…]` channels-first, `[N, spatial…, C]` channels-last; the filter follows the
/// same layout, see each record. A depthwise convolution has as many groups as input channels.
public sealed interface ConvOp extends Op {
  List<Integer> strides();

  List<Integer> dilations();

  Padding padding();

  int groups();

  Layout layout();

  private static List<Integer> kernel(Shape filter, Layout layout) {
    var kernel = new ArrayList<Integer>();
    for (int i = 0; i < filter.rank() - 2; i++) {
      var dim = filter.dim(layout.firstSpatialAxis() + i);
      kernel.add(Math.toIntExact(dim.fixed()));
    }
    return kernel;
  }

  private static boolean hasKernel(Shape filter, Layout layout) {
    if (!filter.isRanked()) return false;
    return layout.spatialAxes(filter.rank()).stream().allMatch(i -> filter.dim(i).isFixed());
  }

  /// The output of a strided convolution, or what can be said of it.
  private static Shape convOutput(
      Shape x,
      Shape filter,
      List<Integer> strides,
      List<Integer> dilations,
      Padding padding,
      int groups,
      Layout layout,
      InferContext in) {
    if (!x.isRanked() || !filter.isRanked()) return Shape.UNKNOWN;
    Shapes.requireRankAtLeast(x, 3, "input");
    Shapes.requireRank(filter, x.rank(), "filter");
    requireChannels(x, filter, groups, layout);
    var outputs = filter.dim(0);
    if (!hasKernel(filter, layout)) {
      return in.unknownShape(x.rank())
          .with(0, x.dim(0))
          .with(layout.channelAxis(x.rank()), outputs);
    }
    var window = new Window(kernel(filter, layout), strides, dilations, padding, false);
    return window.output(x, layout).with(layout.channelAxis(x.rank()), outputs);
  }

  private static void requireChannels(Shape x, Shape filter, int groups, Layout layout) {
    var channels = x.dim(layout.channelAxis(x.rank()));
    var perGroup = filter.dim(layout.channelAxis(x.rank()));
    if (channels.isFixed() && perGroup.isFixed() && channels.fixed() != perGroup.fixed() * groups) {
      throw new IllegalArgumentException(
          "input has "
              + channels
              + " channels, the filter takes "
              + perGroup
              + " in each of "
              + groups
              + " groups");
    }
  }

  /// Convolution (cross-correlation). Filter `[O, C/groups, kernel…]` channels-first, `[O, kernel…,
  /// C/groups]` channels-last.
  record Conv(
      List<Integer> strides, List<Integer> dilations, Padding padding, int groups, Layout layout)
      implements ConvOp {
    public Conv {
      strides = List.copyOf(strides);
      dilations = List.copyOf(dilations);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var shape =
          convOutput(in.shape(0), in.shape(1), strides, dilations, padding, groups, layout, in);
      return List.of(new TensorType(in.dtype(0), shape));
    }

    public Conv withPadding(Padding other) {
      return new Conv(strides, dilations, other, groups, layout);
    }
  }

  /// The gradient of a convolution. Filter `[C, O/groups, kernel…]` channels-first, `[C, kernel…,
  /// O/groups]` channels-last.
  ///
  /// A spatial dim of the output is `(dim - 1) · stride + outputPadding + (kernel - 1) · dilation +
  /// 1 - begin - end` with explicit padding, `dim · stride` with [Padding.Same] (which crops the
  /// surplus, or, where there is a deficit, adds to the output as outputPadding would).
  ///
  /// Source: ONNX ConvTranspose-11. A reader of a format that states the output's shape turns it
  /// into pads.
  record ConvTranspose(
      List<Integer> strides,
      List<Integer> dilations,
      Padding padding,
      List<Integer> outputPadding,
      int groups,
      Layout layout)
      implements ConvOp {
    public ConvTranspose {
      strides = List.copyOf(strides);
      dilations = List.copyOf(dilations);
      outputPadding = List.copyOf(outputPadding);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var filter = in.shape(1);
      if (!x.isRanked() || !filter.isRanked()) {
        return List.of(new TensorType(in.dtype(0), Shape.UNKNOWN));
      }
      Shapes.requireRank(filter, x.rank(), "filter");
      int channelAxis = layout.channelAxis(x.rank());
      var shape = x.with(channelAxis, filter.dim(channelAxis).times(groups));
      for (int i = 0; i < x.rank() - 2; i++) {
        int axis = layout.firstSpatialAxis() + i;
        shape = shape.with(axis, outputDim(x.dim(axis), filter.dim(axis), i));
      }
      return List.of(new TensorType(in.dtype(0), shape));
    }

    private Dim outputDim(Dim dim, Dim kernel, int i) {
      return switch (padding) {
        case Padding.Same _ -> dim.times(strides.get(i));
        case Padding.Explicit(var begins, var ends) ->
            dim.minus(1)
                .times(strides.get(i))
                .plus(outputPadding.get(i))
                .plus(kernel.minus(1).times(dilations.get(i)))
                .plus(1L - begins.get(i) - ends.get(i));
      };
    }
  }

  /// Convolution whose samples are moved by offsets, and weighed by a mask.
  ///
  /// Inputs: `x`, `filter`, `offset`, `bias` (optional), `mask` (optional), all channels-first.
  /// Source: ONNX DeformConv-22.
  record DeformConv(
      List<Integer> strides, List<Integer> dilations, Padding padding, int groups, int offsetGroups)
      implements ConvOp {
    public DeformConv {
      strides = List.copyOf(strides);
      dilations = List.copyOf(dilations);
    }

    @Override
    public Layout layout() {
      return Layout.CHANNELS_FIRST;
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var shape =
          convOutput(in.shape(0), in.shape(1), strides, dilations, padding, groups, layout(), in);
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }

  /// Convolution of raw integers to int32: `(x - xZero) * (filter - filterZero)`.
  ///
  /// Inputs: `x`, `filter`, `xZero` (scalar, optional), `filterZero` (scalar or `[O]`, optional).
  /// Source: ONNX ConvInteger-10.
  record ConvInteger(
      List<Integer> strides, List<Integer> dilations, Padding padding, int groups, Layout layout)
      implements ConvOp {
    public ConvInteger {
      strides = List.copyOf(strides);
      dilations = List.copyOf(dilations);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var shape =
          convOutput(in.shape(0), in.shape(1), strides, dilations, padding, groups, layout, in);
      return List.of(new TensorType(DataType.INT32, shape));
    }
  }
}
