package watari.format.onnx;

import watari.graph.Node;
import watari.graph.Value;
import watari.op.Custom;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.RoiAlign;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.SignalOp.Dft;
import watari.tensor.DataType;
import watari.tensor.Quantization;

/// The lowest opset that has what a node says.
final class OnnxNeeds {
  private OnnxNeeds() {}

  static int opset(Node node) {
    int needed = OnnxOpset.LOWEST;
    for (var input : node.inputs()) needed = Math.max(needed, type(input));
    for (var output : node.outputs()) needed = Math.max(needed, type(output));
    if (node.op() instanceof Custom custom) return Math.max(needed, custom(custom));
    needed = Math.max(needed, OnnxOperators.first("ai.onnx", OnnxOpTypes.of(node.op())).orElse(0));
    needed = Math.max(needed, kernel(node));
    return Math.max(needed, mode(node.op(), node));
  }

  /// An operator that the usual opset does not have as it is needs its own.
  private static int custom(Custom op) {
    if (!op.domain().equals("onnx:")) return 0;
    var own = OnnxOperators.find("ai.onnx", op.name(), op.version());
    var usual = OnnxOperators.find("ai.onnx", op.name(), OnnxOpset.DEFAULT);
    return own.equals(usual) ? 0 : op.version();
  }

  /// Since when there is an element type.
  private static int type(Value value) {
    return value.isPresent() ? type(value.dtype()) : 0;
  }

  private static int type(DataType dtype) {
    return switch (dtype) {
      case BFLOAT16 -> 13;
      case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ -> 19;
      case INT4, UINT4 -> 21;
      case FLOAT4E2M1 -> 23;
      case FLOAT8E8M0 -> 24;
      case INT2, UINT2 -> 25;
      default -> 0;
    };
  }

  private static int kernel(Node node) {
    var data = OnnxComputeType.dataInputs(node);
    if (data.isEmpty()) return 0;
    return OnnxKernels.since(node.op(), node.input(data.getFirst()).dtype()).orElse(0);
  }

  private static int mode(Op op, Node node) {
    return switch (op) {
      case Reduce r -> isComputed(node.input(1)) ? OnnxWriteReduce.axesInputSince(r) : 0;
      case Squeeze _, Unsqueeze _, Split _ -> isComputed(node.input(1)) ? 13 : 0;
      case ArgReduce(_, _, _, boolean last, _) -> last ? 12 : 0;
      case AveragePool(var window, _, _) -> OnnxWriteConv.isDilated(window) ? 19 : 0;
      case LpPool(var window, _, _) -> OnnxWriteConv.isDilated(window) || window.ceil() ? 18 : 0;
      case RoiAlign r -> r.halfPixel() ? 16 : 0;
      case Resize r -> resize(r, node);
      case GridSample _ -> node.input(0).shape().hasRank(4) ? 16 : 20;
      case ShapeOf(int start, int end, _) -> start != 0 || end != Integer.MAX_VALUE ? 15 : 0;
      case Pad(var mode) -> mode == Pad.Mode.WRAP ? 19 : node.input(3).isPresent() ? 18 : 0;
      case Reshape(boolean allowZero) -> allowZero ? 14 : 0;
      case GatherNd(int batchDims) -> batchDims != 0 ? 12 : 0;
      case ScatterElements(_, var reduction) -> scatter(reduction);
      case ScatterNd(var reduction) -> scatter(reduction);
      case Dft _ -> isComputed(node.input(2)) ? 20 : 17;
      case Convert _ -> convert(node);
      case Cast(_, boolean saturate) -> saturate ? 0 : 19;
      default -> 0;
    };
  }

  static boolean isComputed(Value value) {
    return value.isPresent() && !value.isConstant();
  }

  private static int scatter(Reduction reduction) {
    return switch (reduction) {
      case REPLACE -> 0;
      case ADD, MUL -> 16;
      case MIN, MAX -> 18;
    };
  }

  private static int resize(Resize op, Node node) {
    if (op.coordinates() == Coordinates.HALF_PIXEL_SYMMETRIC) return 19;
    boolean isNew =
        op.antialias() || op.policy() != AspectPolicy.STRETCH || !OnnxWriteConv.coversAll(op, node);
    return isNew ? 18 : 11;
  }

  private static int convert(Node node) {
    var output = node.output().type();
    boolean quantizes = output.isQuantized();
    var type = quantizes ? output : node.input(0).type();
    int needed =
        switch (type.quantization()) {
          case Quantization.PerAxis _ -> 13;
          case Quantization.Blocked _ -> 21;
          case Quantization.PerTensor _, Quantization.None _ -> 10;
        };
    boolean isWide = type.dtype() == DataType.INT16 || type.dtype() == DataType.UINT16;
    if (isWide) needed = Math.max(needed, 21);
    var real = quantizes ? node.input(0).dtype() : output.dtype();
    return real == DataType.FLOAT32 ? needed : Math.max(needed, 19);
  }
}
