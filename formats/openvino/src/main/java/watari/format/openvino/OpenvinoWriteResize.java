package watari.format.openvino;

import java.util.Collections;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.tensor.TensorData;

/// Sampling between elements.
final class OpenvinoWriteResize {
  private OpenvinoWriteResize() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Resize.class, OpenvinoWriteResize::resize)
        .on(GridSample.class, OpenvinoWriteResize::gridSample);
  }

  private static void resize(Resize op, Node node, OpenvinoNodes out) {
    boolean hasSizes = node.input(3).isPresent();
    var extent = out.input(node, hasSizes ? 3 : 2);
    var axes = out.constant(node, "axes", TensorData.vector(op.axes()));
    var pads = Collections.nCopies(node.input(0).shape().rank(), 0);
    out.add(node, "Interpolate", 11, out.input(node, 0), extent, axes)
        .set("mode", mode(op.mode()))
        .set("shape_calculation_mode", hasSizes ? "sizes" : "scales")
        .set("coordinate_transformation_mode", coordinates(op.coordinates()))
        .set("nearest_mode", nearest(op.nearest()))
        .set("antialias", op.antialias())
        .set("pads_begin", pads)
        .set("pads_end", pads)
        .set("cube_coeff", op.cubicCoefficient());
  }

  private static String mode(Mode mode) {
    return switch (mode) {
      case NEAREST -> "nearest";
      case LINEAR -> "linear_onnx";
      case CUBIC -> "cubic";
    };
  }

  private static String coordinates(Coordinates coordinates) {
    return switch (coordinates) {
      case HALF_PIXEL -> "half_pixel";
      case PYTORCH_HALF_PIXEL -> "pytorch_half_pixel";
      case ALIGN_CORNERS -> "align_corners";
      case ASYMMETRIC -> "asymmetric";
      case TF_HALF_PIXEL_FOR_NN -> "tf_half_pixel_for_nn";
      case HALF_PIXEL_SYMMETRIC, TF_CROP_AND_RESIZE ->
          throw new IllegalStateException(coordinates + " is taken apart");
    };
  }

  private static String nearest(Nearest nearest) {
    return switch (nearest) {
      case ROUND_PREFER_FLOOR -> "round_prefer_floor";
      case ROUND_PREFER_CEIL -> "round_prefer_ceil";
      case FLOOR -> "floor";
      case CEIL -> "ceil";
    };
  }

  private static void gridSample(GridSample op, Node node, OpenvinoNodes out) {
    out.add(node, "GridSample", 9)
        .set("align_corners", op.alignCorners())
        .set(
            "mode",
            switch (op.mode()) {
              case NEAREST -> "nearest";
              case LINEAR -> "bilinear";
              case CUBIC -> "bicubic";
            })
        .set(
            "padding_mode",
            switch (op.outside()) {
              case ZEROS -> "zeros";
              case BORDER -> "border";
              case REFLECTION -> "reflection";
            });
  }
}
