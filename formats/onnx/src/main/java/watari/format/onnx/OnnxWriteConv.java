package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ConvOp.DeformConv;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Resize;
import watari.op.Window;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators with spatial axes: convolutions, pools and resizes, all channels-first.
final class OnnxWriteConv {
  private OnnxWriteConv() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Conv.class, (op, node, out) -> conv(op, node, out))
        .on(ConvInteger.class, (op, node, out) -> conv(op, node, out))
        .on(ConvTranspose.class, OnnxWriteConv::convTranspose)
        .on(
            DeformConv.class,
            (op, node, out) -> conv(op, node, out).i("offset_group", op.offsetGroups()))
        .on(MaxPool.class, OnnxWriteConv::maxPool)
        .on(AveragePool.class, OnnxWriteConv::averagePool)
        .on(LpPool.class, OnnxWriteConv::lpPool)
        .on(MaxUnpool.class, OnnxWriteConv::maxUnpool)
        .on(RoiAlign.class, OnnxWriteConv::roiAlign)
        .on(MaxRoiPool.class, OnnxWriteConv::maxRoiPool)
        .on(Resize.class, OnnxWriteConv::resize)
        .on(GridSample.class, OnnxWriteConv::gridSample);
  }

  private static OnnxNode conv(ConvOp op, Node node, OnnxNodes out) {
    var made = out.add(node).i("group", op.groups());
    made.ints("strides", op.strides()).ints("dilations", op.dilations());
    kernel(node, made);
    return padding(op.padding(), made);
  }

  private static void kernel(Node node, OnnxNode made) {
    var filter = node.input(1).shape();
    if (!filter.isRanked()) return;
    var kernel = filter.slice(2, filter.rank());
    if (kernel.isFixed()) made.ints("kernel_shape", kernel.fixedDims());
  }

  private static OnnxNode padding(Padding padding, OnnxNode made) {
    return switch (padding) {
      case Padding.Same(boolean atEnd) -> made.s("auto_pad", atEnd ? "SAME_UPPER" : "SAME_LOWER");
      case Padding.Explicit(var begins, var ends) -> made.ints("pads", joined(begins, ends));
    };
  }

  private static List<Integer> joined(List<Integer> begins, List<Integer> ends) {
    var pads = new ArrayList<>(begins);
    pads.addAll(ends);
    return pads;
  }

  private static void convTranspose(ConvTranspose op, Node node, OnnxNodes out) {
    var made = conv(op, node, out);
    if (op.outputPadding().stream().anyMatch(x -> x != 0)) {
      made.ints("output_padding", op.outputPadding());
    }
  }

  private static OnnxNode window(Window window, Node node, OnnxNodes out) {
    var made =
        out.add(node).ints("kernel_shape", window.kernel()).ints("strides", window.strides());
    if (isDilated(window)) made.ints("dilations", window.dilations());
    if (window.ceil()) made.i("ceil_mode", 1);
    return padding(window.padding(), made);
  }

  static boolean isDilated(Window window) {
    return window.dilations().stream().anyMatch(x -> x != 1);
  }

  private static void maxPool(MaxPool op, Node node, OnnxNodes out) {
    var made = window(op.window(), node, out);
    if (op.columnMajor()) made.i("storage_order", 1);
  }

  private static void averagePool(AveragePool op, Node node, OnnxNodes out) {
    window(op.window(), node, out).i("count_include_pad", op.countPadding());
  }

  private static void lpPool(LpPool op, Node node, OnnxNodes out) {
    window(op.window(), node, out).i("p", op.p());
  }

  private static void maxUnpool(MaxUnpool op, Node node, OnnxNodes out) {
    window(op.window(), node, out);
  }

  private static void roiAlign(RoiAlign op, Node node, OnnxNodes out) {
    var made =
        out.add(node)
            .s("mode", op.average() ? "avg" : "max")
            .i("output_height", op.outputHeight())
            .i("output_width", op.outputWidth())
            .i("sampling_ratio", op.samplingRatio())
            .f("spatial_scale", op.spatialScale());
    if (out.opset() >= 16) {
      made.s("coordinate_transformation_mode", op.halfPixel() ? "half_pixel" : "output_half_pixel");
    }
  }

  private static void maxRoiPool(MaxRoiPool op, Node node, OnnxNodes out) {
    out.add(node)
        .ints("pooled_shape", op.outputHeight(), op.outputWidth())
        .f("spatial_scale", op.spatialScale());
  }

  private static void resize(Resize op, Node node, OnnxNodes out) {
    var made = out.add(node).s("mode", lower(op.mode()));
    made.s("coordinate_transformation_mode", lower(op.coordinates()));
    switch (op.mode()) {
      case NEAREST -> made.s("nearest_mode", lower(op.nearest()));
      case LINEAR -> {}
      case CUBIC -> made.f("cubic_coeff_a", op.cubicCoefficient());
    }
    if (out.opset() < 13) made.inputs(withoutGaps(node, out));
    if (op.excludeOutside()) made.i("exclude_outside", 1);
    if (op.extrapolation() != 0) made.f("extrapolation_value", op.extrapolation());
    if (out.opset() < 18) return;
    if (!coversAll(op, node)) made.ints("axes", op.axes());
    if (op.antialias()) made.i("antialias", 1);
    if (node.input(3).isPresent()) made.s("keep_aspect_ratio_policy", lower(op.policy()));
  }

  /// Before opset 13 what is not there is a tensor without elements.
  private static List<String> withoutGaps(Node node, OnnxNodes out) {
    var names = new ArrayList<>(out.names(node, 0, 3));
    var none = TensorData.ofFloats(Shape.of(0));
    for (int i = 1; i < 3; i++) {
      if (names.get(i).isEmpty()) names.set(i, out.constant(node, "none", none));
    }
    return names;
  }

  /// Whether each axis of the input is named, in order.
  static boolean coversAll(Resize op, Node node) {
    var shape = node.input(0).shape();
    return shape.isRanked() && op.axes().size() == shape.rank();
  }

  private static String lower(Enum<?> name) {
    return name.name().toLowerCase(java.util.Locale.ROOT);
  }

  private static void gridSample(GridSample op, Node node, OnnxNodes out) {
    boolean newNames = out.opset() >= 20;
    var mode =
        switch (op.mode()) {
          case NEAREST -> "nearest";
          case LINEAR -> newNames ? "linear" : "bilinear";
          case CUBIC -> newNames ? "cubic" : "bicubic";
        };
    out.add(node)
        .s("mode", mode)
        .s("padding_mode", lower(op.outside()))
        .i("align_corners", op.alignCorners());
  }
}
