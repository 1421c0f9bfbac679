package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ConvOp.DeformConv;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.PoolOp.RoiAlign;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What slides over spatial axes, and what pools regions.
final class OpenvinoWriteWindow {
  private OpenvinoWriteWindow() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Conv.class, OpenvinoWriteWindow::conv)
        .on(ConvTranspose.class, OpenvinoWriteWindow::transpose)
        .on(DeformConv.class, OpenvinoWriteWindow::deformed)
        .on(MaxPool.class, OpenvinoWriteWindow::maxPool)
        .on(AveragePool.class, OpenvinoWriteWindow::averagePool)
        .on(RoiAlign.class, OpenvinoWriteWindow::roiAlign)
        .on(MaxRoiPool.class, OpenvinoWriteWindow::maxRoiPool);
  }

  // ---- convolutions

  private static void conv(Conv op, Node node, OpenvinoNodes out) {
    var filter = filter(op, node, out);
    var type = op.groups() == 1 ? "Convolution" : "GroupConvolution";
    biased(op, node, type, 1, out, out.input(node, 0), filter);
  }

  private static void transpose(ConvTranspose op, Node node, OpenvinoNodes out) {
    var filter = filter(op, node, out);
    var type = op.groups() == 1 ? "ConvolutionBackpropData" : "GroupConvolutionBackpropData";
    biased(op, node, type, 1, out, out.input(node, 0), filter)
        .set("output_padding", op.outputPadding());
  }

  private static void deformed(DeformConv op, Node node, OpenvinoNodes out) {
    var ports = new ArrayList<Port>();
    for (int i : new int[] {0, 2, 1, 4}) {
      if (node.input(i).isPresent()) ports.add(out.input(node, i));
    }
    biased(op, node, "DeformableConvolution", 8, out, ports.toArray(Port[]::new))
        .set("group", op.groups())
        .set("deformable_group", op.offsetGroups())
        .set("bilinear_interpolation_pad", true);
  }

  /// The convolution, and where there is a bias its sum with it.
  private static OpenvinoLayer biased(
      ConvOp op, Node node, String type, int opset, OpenvinoNodes out, Port... inputs) {
    var bias = node.input(op instanceof DeformConv ? 3 : 2);
    if (!bias.isPresent()) return window(op, out.add(node, type, opset, inputs));
    var product = out.step(node, type, opset, node.output().type(), inputs);
    var channels = perChannel(bias, node.output().shape().rank(), node, out);
    out.add(node, "Add", 1, product, channels).set("auto_broadcast", "numpy");
    return window(op, product.layer());
  }

  private static OpenvinoLayer window(ConvOp op, OpenvinoLayer layer) {
    layer.set("strides", op.strides()).set("dilations", op.dilations());
    return padding(op.padding(), op.strides().size(), layer);
  }

  /// A vector of channels as `[1, C, 1, …]`.
  private static Port perChannel(Value bias, int rank, Node node, OpenvinoNodes out) {
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) dims.add(i == 1 ? bias.shape().dim(0) : Dim.ONE);
    return reshaped(bias, Shape.of(dims), "bias", node, out);
  }

  static Port reshaped(Value value, Shape to, String what, Node node, OpenvinoNodes out) {
    if (value.isConstant()) {
      return out.constant(value.name(), value.constant().orElseThrow().reshaped(to));
    }
    var dims = to.dims().stream().mapToLong(dim -> dim.value().orElse(-1)).toArray();
    var made =
        out.step(
            node,
            "Reshape",
            1,
            new TensorType(value.dtype(), to),
            out.port(value),
            out.vector(node, what + "_shape", dims));
    made.layer().set("special_zero", false);
    return made;
  }

  /// The filter of a grouped convolution has an axis for the groups: `[G, O / G, …]`.
  private static Port filter(ConvOp op, Node node, OpenvinoNodes out) {
    var filter = node.input(1);
    if (op.groups() == 1) return out.port(filter);
    var groups = Dim.of(op.groups());
    var grouped =
        Shape.of(groups, filter.shape().dim(0).floorDiv(groups))
            .concat(filter.shape().slice(1, filter.shape().rank()));
    return OpenvinoWriteQuantize.storedSmall(filter, grouped, node, out)
        .orElseGet(() -> reshaped(filter, grouped, "filter", node, out));
  }

  // ---- pools

  private static void maxPool(MaxPool op, Node node, OpenvinoNodes out) {
    var layer = out.layer(node.origin().node(), "MaxPool", 14, out.input(node, 0));
    window(op.window(), layer)
        .set("dilations", op.window().dilations())
        .set("index_element_type", "i64")
        .set("axis", 0);
    out.give(node.output(0), layer);
    boolean hasIndices = node.outputs().size() > 1 && node.output(1).isPresent();
    if (hasIndices) out.give(node.output(1), layer);
    else layer.output(new TensorType(DataType.INT64, node.output(0).shape()), List.of(), "");
  }

  private static void averagePool(AveragePool op, Node node, OpenvinoNodes out) {
    window(op.window(), out.add(node, "AvgPool", 14)).set("exclude-pad", !op.countPadding());
  }

  private static OpenvinoLayer window(Window window, OpenvinoLayer layer) {
    layer.set("kernel", window.kernel()).set("strides", window.strides());
    return padding(window.padding(), window.kernel().size(), layer)
        .set("rounding_type", window.ceil() ? "ceil_torch" : "floor");
  }

  private static OpenvinoLayer padding(Padding padding, int axes, OpenvinoLayer layer) {
    var explicit = padding instanceof Padding.Explicit given ? given : Padding.none(axes);
    return layer
        .set("pads_begin", explicit.begins())
        .set("pads_end", explicit.ends())
        .set(
            "auto_pad",
            switch (padding) {
              case Padding.Explicit _ -> "explicit";
              case Padding.Same(boolean atEnd) -> atEnd ? "same_upper" : "same_lower";
            });
  }

  // ---- regions

  private static void roiAlign(RoiAlign op, Node node, OpenvinoNodes out) {
    out.add(node, "ROIAlign", 9)
        .set("pooled_h", op.outputHeight())
        .set("pooled_w", op.outputWidth())
        .set("sampling_ratio", op.samplingRatio())
        .set("spatial_scale", op.spatialScale())
        .set("mode", op.average() ? "avg" : "max")
        .set("aligned_mode", op.halfPixel() ? "half_pixel_for_nn" : "asymmetric");
  }

  private static void maxRoiPool(MaxRoiPool op, Node node, OpenvinoNodes out) {
    var size = List.of(op.outputHeight(), op.outputWidth());
    out.add(node, "ROIPooling", 2)
        .set("output_size", size)
        .set("output_roi", size)
        .set("pooled_h", op.outputHeight())
        .set("pooled_w", op.outputWidth())
        .set("spatial_scale", op.spatialScale())
        .set("method", "max");
  }

  /// Zeros that stand for a bias, or for anything else that is not there.
  static Port zeros(Node node, String what, DataType dtype, Shape shape, OpenvinoNodes out) {
    return out.constant(node, what, TensorData.filled(TensorData.scalar(dtype, 0), shape).copied());
  }
}
