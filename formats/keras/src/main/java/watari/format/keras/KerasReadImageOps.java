package watari.format.keras;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.OneHot;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Pad;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Layers that prepare images and categories.
final class KerasReadImageOps {
  private KerasReadImageOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Rescaling", KerasReadImageOps::rescaling)
        .on("Resizing", KerasReadImageOps::resizing)
        .on("CenterCrop", KerasReadImageOps::centerCrop)
        .on("CategoryEncoding", KerasReadImageOps::categoryEncoding)
        .on("Discretization", KerasReadImageOps::discretization);
    for (var change :
        List.of(
            "Flip",
            "Rotation",
            "Translation",
            "Zoom",
            "Contrast",
            "Brightness",
            "Height",
            "Width",
            "Hue",
            "Saturation",
            "Sharpness",
            "Shear",
            "Perspective",
            "Posterization",
            "ColorJitter",
            "ColorDegeneration",
            "Grayscale",
            "GaussianBlur",
            "ElasticTransform",
            "Erasing",
            "Invert")) {
      table.on("Random" + change, KerasReadImageOps::unchanged);
    }
  }

  /// In inference nothing is random.
  private static void unchanged(KerasCall call) {
    call.give(real(call));
  }

  private static Value real(KerasCall call) {
    return call.formula().cast(call.in(), call.dtype());
  }

  private static void rescaling(KerasCall call) {
    var f = call.formula();
    var scaled = f.mul(real(call), numbers(call, "scale"));
    call.give(f.add(scaled, numbers(call, "offset")));
  }

  private static Value numbers(KerasCall call, String name) {
    var all = call.config().reals(name).stream().mapToDouble(each -> each).toArray();
    var shape = all.length == 1 ? Shape.SCALAR : Shape.of(all.length);
    return call.constant(name, TensorData.ofDoubles(call.dtype(), shape, all));
  }

  // ---- sizes

  private static Layout layout(KerasCall call) {
    return call.layout();
  }

  private static void resizing(KerasCall call) {
    var x = real(call);
    int height = call.config().integer("height");
    int width = call.config().integer("width");
    if (call.config().flag("crop_to_aspect_ratio", false)) x = cropped(call, x, height, width);
    if (call.config().flag("pad_to_aspect_ratio", false)) x = padded(call, x, height, width);
    call.give(resized(call, x, height, width));
  }

  private static Value resized(KerasCall call, Value x, int height, int width) {
    var f = call.formula();
    boolean isOne = call.rank(x) == 3;
    var batch = isOne ? f.unsqueeze(x, 0) : x;
    var mode = call.config().text("interpolation", "bilinear").toLowerCase(java.util.Locale.ROOT);
    boolean antialias = call.config().flag("antialias", false);
    var all = KerasResize.to(call, batch, f.vector(height, width), mode, antialias);
    return isOne ? f.squeeze(all, 0) : all;
  }

  private static int heightAxis(KerasCall call, Value x) {
    return call.rank(x) - (layout(call) == Layout.CHANNELS_LAST ? 3 : 2);
  }

  /// The largest part in the middle that has the proportions of the output.
  private static Value cropped(KerasCall call, Value x, int height, int width) {
    int axis = heightAxis(call, x);
    long h = call.dim(x, axis);
    long w = call.dim(x, axis + 1);
    long cropH = Math.max(Math.min(h, w * height / width), 1);
    long cropW = Math.max(Math.min(w, h * width / height), 1);
    return part(call, x, axis, (h - cropH) / 2, (w - cropW) / 2, cropH, cropW);
  }

  private static Value part(
      KerasCall call, Value x, int axis, long top, long left, long height, long width) {
    var f = call.formula();
    return f.slice(f.slice(x, axis, top, top + height), axis + 1, left, left + width);
  }

  /// The image in the middle of the smallest one that has the proportions of the output.
  private static Value padded(KerasCall call, Value x, int height, int width) {
    int axis = heightAxis(call, x);
    int rank = call.rank(x);
    long h = call.dim(x, axis);
    long w = call.dim(x, axis + 1);
    long padH = Math.max(h, w * height / width);
    long padW = Math.max(w, h * width / height);
    var pads = new long[2 * rank];
    pads[axis] = (padH - h) / 2;
    pads[axis + 1] = (padW - w) / 2;
    pads[rank + axis] = padH - h - pads[axis];
    pads[rank + axis + 1] = padW - w - pads[axis + 1];
    var f = call.formula();
    var fill = f.scalar(x, call.config().real("fill_value", 0));
    return f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads), fill);
  }

  /// The middle; a smaller image is made larger.
  private static void centerCrop(KerasCall call) {
    var x = real(call);
    int height = call.config().integer("height");
    int width = call.config().integer("width");
    int axis = heightAxis(call, x);
    long h = call.dim(x, axis);
    long w = call.dim(x, axis + 1);
    call.give(
        h >= height && w >= width
            ? part(call, x, axis, (h - height) / 2, (w - width) / 2, height, width)
            : resized(call, cropped(call, x, height, width), height, width));
  }

  // ---- categories

  private static void categoryEncoding(KerasCall call) {
    int count = call.config().integer("num_tokens");
    if (call.argument(1, "count_weights").tensors().isEmpty()) {
      call.give(encoded(call, call.in(), count, "multi_hot"));
      return;
    }
    var f = call.formula();
    var weights = f.cast(call.tensor(1, "count_weights").orElseThrow(), call.dtype());
    var each = f.mul(oneHot(call, call.in(), count), f.unsqueeze(weights, -1));
    call.give(f.reduce(Reduce.Kind.SUM, each, false, List.of(-2)));
  }

  private static Value encoded(KerasCall call, Value indices, int count, String otherwise) {
    var f = call.formula();
    var mode = call.config().text("output_mode", otherwise);
    int rank = call.rank(indices);
    boolean isAlone = mode.equals("one_hot") && rank > 1 && indices.shape().dim(-1).is(1);
    var each = oneHot(call, isAlone ? f.squeeze(indices, rank - 1) : indices, count);
    return switch (mode) {
      case "one_hot" -> each;
      case "multi_hot" -> f.reduce(Reduce.Kind.MAX, each, false, List.of(-2));
      case "count" -> f.reduce(Reduce.Kind.SUM, each, false, List.of(-2));
      default -> throw call.config().unknown("output_mode", "int, one_hot, multi_hot and count");
    };
  }

  private static Value oneHot(KerasCall call, Value indices, int count) {
    var f = call.formula();
    var values = TensorData.ofDoubles(call.dtype(), Shape.of(2), 0, 1);
    var given = f.cast(indices, DataType.INT64);
    return f.op(new OneHot(-1, false), given, f.builder().scalar(count), f.constant(values));
  }

  /// How many boundaries are not above an element.
  private static void discretization(KerasCall call) {
    var f = call.formula();
    var x = f.cast(call.in(), DataType.FLOAT32);
    var bounds = call.config().reals("bin_boundaries").stream().mapToDouble(b -> b).toArray();
    var all = TensorData.ofDoubles(DataType.FLOAT32, Shape.of(bounds.length), bounds);
    var index = bucket(f, x, f.constant(all));
    boolean isInteger = call.config().text("output_mode", "int").equals("int");
    var wide = call.model().isKeras3() ? DataType.INT32 : DataType.INT64;
    var integers = f.cast(index, call.dtype().isInteger() ? call.dtype() : wide);
    call.give(isInteger ? integers : encoded(call, integers, bounds.length + 1, "int"));
  }

  private static Value bucket(Formula f, Value x, Value bounds) {
    var isAbove = f.binary(Binary.Kind.GREATER_EQUAL, f.unsqueeze(x, -1), bounds);
    return f.reduce(Reduce.Kind.SUM, f.cast(isAbove, DataType.INT32), false, List.of(-1));
  }
}
