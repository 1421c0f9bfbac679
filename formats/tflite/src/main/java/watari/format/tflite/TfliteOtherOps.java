package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Resize;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.RealFft2d;

/// Resizing, spectra and detections.
final class TfliteOtherOps {
  private TfliteOtherOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Resize.class, TfliteOtherOps::resize)
        .on(RealFft2d.class, TfliteOtherOps::realFft2d)
        .on(ComplexPart.class, TfliteOtherOps::complexPart)
        .on(PaddedNonMaxSuppression.class, TfliteOtherOps::nonMaxSuppression)
        .on(DetectionPostProcess.class, TfliteCustomOps::detectionPostProcess);
  }

  private static void resize(Resize op, Node node, TfliteSubgraph out) {
    var kernel = TfliteResize.kernel(op, node);
    if (kernel.isEmpty()) {
      throw Refusal.operator(
          "mode '%s' with coordinates '%s' of axes %s has no TFLite equivalent"
              .formatted(op.mode(), op.coordinates(), op.axes()),
          "fix the input's shape with --input-shape");
    }
    if (TfliteQuantized.isAny(node, node.output())) {
      TfliteQuantized.requireActivation(node.input(0).type(), "the input");
      TfliteQuantized.requireMoved(node);
    }
    var form = kernel.get();
    boolean isPlain = !form.alignCorners() && !form.halfPixel();
    var inputs = List.of(out.tensor(node.input(0)), sizes(node, out));
    var result = List.of(out.tensor(node.output()));
    if (op.mode() == Mode.NEAREST) {
      var options = TfliteOptions.resizeNearest(form.alignCorners(), form.halfPixel());
      out.add(RESIZE_NEAREST_NEIGHBOR, isPlain ? 1 : 3, options, inputs, result);
    } else {
      var options = TfliteOptions.resizeBilinear(form.alignCorners(), form.halfPixel());
      out.add(RESIZE_BILINEAR, form.halfPixel() ? 3 : 1, options, inputs, result);
    }
  }

  private static int sizes(Node node, TfliteSubgraph out) {
    var shape = node.output().shape();
    if (shape.dim(1).isFixed() && shape.dim(2).isFixed()) {
      return out.ints(Math.toIntExact(shape.dim(1).fixed()), Math.toIntExact(shape.dim(2).fixed()));
    }
    return out.int32(node.input(3));
  }

  private static void realFft2d(RealFft2d op, Node node, TfliteSubgraph out) {
    out.add(
        RFFT2D,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), out.int32(node.input(1))),
        List.of(out.tensor(node.output())));
  }

  private static void complexPart(ComplexPart op, Node node, TfliteSubgraph out) {
    int code =
        switch (op.part()) {
          case REAL -> REAL;
          case IMAGINARY -> IMAG;
          case ABS -> COMPLEX_ABS;
        };
    TfliteElementwiseOps.same(code, TfliteOptions.NONE, node, out);
  }

  private static void nonMaxSuppression(PaddedNonMaxSuppression op, Node node, TfliteSubgraph out) {
    var inputs = new ArrayList<Integer>();
    for (int i = 0; i < node.inputs().size(); i++) {
      inputs.add(i == 2 ? out.int32(node.input(i)) : out.tensor(node.input(i)));
    }
    var outputs = node.outputs().stream().map(v -> TfliteControlOps.result(v, out)).toList();
    int code = op.soft() ? NON_MAX_SUPPRESSION_V5 : NON_MAX_SUPPRESSION_V4;
    out.add(code, TfliteOptions.NONE, inputs, outputs);
  }
}
