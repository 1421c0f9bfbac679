package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.onnx.OnnxQuantized.Parameters;
import watari.op.MatMulOp.MatMul;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.tensor.DataType;

/// Operators between real numbers and the integers that stand for them.
final class OnnxReadQuantizeOps {
  private OnnxReadQuantizeOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("QuantizeLinear", OnnxReadQuantizeOps::quantize)
        .on("DequantizeLinear", OnnxReadQuantizeOps::dequantize)
        .on("DynamicQuantizeLinear", n -> n.give(new DynamicQuantize(), n.in(0)))
        .on("QLinearConv", OnnxReadQuantizeOps::conv)
        .on("QLinearMatMul", OnnxReadQuantizeOps::matMul);
  }

  private static Parameters parameters(OnnxReadNode n) {
    int axis = n.integer("axis", 1);
    boolean isVector = n.shape(1).isRanked() && n.shape(1).rank() > 0;
    if (isVector && n.stored(0).shape().isRanked()) {
      int rank = n.stored(0).shape().rank();
      boolean isOne = n.shape(1).isFixed() && n.shape(1).elements().is(1);
      axis = isOne && (axis >= rank || axis < -rank) ? 0 : n.axis(axis, Math.max(rank, 1));
    }
    return new Parameters(1, 2, axis, n.integer("block_size", 0));
  }

  static void quantize(OnnxReadNode n) {
    var stored = n.has(2) ? n.dtype(2) : n.dtype("output_dtype", DataType.UINT8);
    var given = parameters(n);
    var quantized = new OnnxQuantized(n);
    var x = n.in(0);
    if (x.dtype().isInteger()) x = n.cast(x, DataType.FLOAT32);
    if (quantized.type(stored, given).isPresent()) quantized.give(0, x, stored, given);
    else n.give(0, quantized.stored(x, stored, given, n.flag("saturate", true)));
  }

  static void dequantize(OnnxReadNode n) {
    var to = n.dtype("output_dtype", n.dtype(1));
    var given = parameters(n);
    var quantized = new OnnxQuantized(n);
    var view =
        quantized
            .type(n.stored(0).dtype(), given)
            .flatMap(quantization -> quantized.view(n.stored(0), quantization));
    if (view.isPresent()) n.give(0, new Convert(to), view.get());
    else n.give(0, quantized.real(n.in(0), given, to));
  }

  private static void conv(OnnxReadNode n) {
    var quantized = new OnnxQuantized(n);
    var ofX = new Parameters(1, 2, 0);
    var ofWeights = new Parameters(4, 5, 0);
    var operands =
        new ArrayList<>(List.of(quantized.operand(0, ofX), quantized.operand(3, ofWeights)));
    if (n.has(8)) operands.add(quantized.bias(8, ofX, ofWeights));
    var op = OnnxReadConvOps.conv(n, 3);
    quantized.give(0, op, operands, n.dtype(7), new Parameters(6, 7, 1));
  }

  /// Rows of the first operand and columns of the second may each have a scale.
  private static void matMul(OnnxReadNode n) {
    var quantized = new OnnxQuantized(n);
    int rankA = n.rank(0);
    var a = quantized.operand(0, new Parameters(1, 2, Math.max(rankA - 2, 0)));
    var b = quantized.operand(3, new Parameters(4, 5, n.rank(3) - 1));
    var result = new Parameters(6, 7, Math.max(rankA - 2, 0));
    quantized.give(0, new MatMul(false, false), List.of(a, b), n.dtype(7), result);
  }
}
