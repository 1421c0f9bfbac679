package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.onnx.OnnxQuantized.Parameters;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Operators of ONNX Runtime's own domain on quantized tensors: scale and zero point follow each
/// tensor.
///
/// Source: ONNX Runtime 1.2x, ContribOperators.md, domain com.microsoft version 1.
final class OnnxReadQLinearOps {
  private OnnxReadQLinearOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("QuantizeLinear", OnnxReadQuantizeOps::quantize)
        .on("DequantizeLinear", OnnxReadQuantizeOps::dequantize)
        .on("QLinearAdd", n -> binary(n, Binary.Kind.ADD))
        .on("QLinearMul", n -> binary(n, Binary.Kind.MUL))
        .on("QLinearWhere", OnnxReadQLinearOps::where)
        .on("QLinearSigmoid", n -> unary(n, new Unary(Unary.Kind.SIGMOID)))
        .on("QLinearLeakyRelu", n -> unary(n, new LeakyRelu(n.real("alpha", 0.01f))))
        .on("QLinearSoftmax", OnnxReadQLinearOps::softmax)
        .on("QLinearAveragePool", OnnxReadQLinearOps::averagePool)
        .on("QLinearGlobalAveragePool", OnnxReadQLinearOps::globalAveragePool)
        .on("QLinearReduceMean", OnnxReadQLinearOps::reduceMean)
        .on("QLinearConcat", OnnxReadQLinearOps::concat)
        .on("QGemm", OnnxReadQLinearOps::gemm)
        .on("DynamicQuantizeMatMul", OnnxReadQLinearOps::dynamicMatMul)
        .on("MatMulIntegerToFloat", OnnxReadQLinearOps::matMulToFloat);
  }

  /// Scale and zero point behind a tensor.
  private static Parameters behind(int tensor) {
    return new Parameters(tensor + 1, tensor + 2, 0);
  }

  private static Value operand(OnnxReadNode n, int tensor) {
    return new OnnxQuantized(n).operand(tensor, behind(tensor));
  }

  /// The only output, stored as the first input is.
  private static void give(OnnxReadNode n, Op op, List<Value> operands, int scale) {
    new OnnxQuantized(n).give(0, op, operands, n.dtype(0), new Parameters(scale, scale + 1, 0));
  }

  private static void unary(OnnxReadNode n, Op op) {
    give(n, op, List.of(operand(n, 0)), 3);
  }

  private static void binary(OnnxReadNode n, Binary.Kind kind) {
    give(n, new Binary(kind), List.of(operand(n, 0), operand(n, 3)), 6);
  }

  private static void where(OnnxReadNode n) {
    var operands = List.of(n.in(0), operand(n, 1), operand(n, 4));
    new OnnxQuantized(n).give(0, new Select(), operands, n.dtype(1), new Parameters(7, 8, 0));
  }

  /// Attribute `opset` says which Softmax is meant: before 13 all axes from `axis` on are one.
  private static void softmax(OnnxReadNode n) {
    int rank = n.rank(0);
    int axis = n.axis(n.integer("axis", -1), rank);
    if (n.integer("opset", 13) >= 13 || axis == rank - 1) {
      unary(n, new Softmax(axis));
      return;
    }
    var flat = n.add(new Flatten(axis), operand(n, 0));
    var probabilities = n.add(new Softmax(1), flat);
    give(n, new Reshape(true), List.of(probabilities, n.shapeOf(n.in(0))), 3);
  }

  private static void averagePool(OnnxReadNode n) {
    boolean isLast = n.flag("channels_last", false);
    var pool = OnnxReadPoolOps.averagePool(n);
    var layout = isLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
    unary(n, new AveragePool(pool.window(), layout, pool.countPadding()));
  }

  private static void globalAveragePool(OnnxReadNode n) {
    int first = n.flag("channels_last", false) ? 1 : 2;
    var axes = n.vector(OnnxTerms.axes(first, n.rank(0) - 2 + first));
    give(n, new Reduce(Reduce.Kind.MEAN, true), List.of(operand(n, 0), axes), 3);
  }

  private static void reduceMean(OnnxReadNode n) {
    var op = new Reduce(Reduce.Kind.MEAN, n.flag("keepdims", true));
    var axes = n.integers("axes");
    if (axes.isEmpty()) give(n, op, List.of(operand(n, 0)), 3);
    else give(n, op, List.of(operand(n, 0), n.vector(axes)), 3);
  }

  private static void concat(OnnxReadNode n) {
    var parts = new ArrayList<Value>();
    for (int i = 2; i < n.inputCount(); i += 3) parts.add(operand(n, i));
    var op = new Concat(n.integer("axis", 0));
    new OnnxQuantized(n).give(0, op, parts, n.dtype(2), new Parameters(0, 1, 0));
  }

  // ---- products

  private static void gemm(OnnxReadNode n) {
    var quantized = new OnnxQuantized(n);
    boolean transposeB = n.flag("transB", false);
    var ofA = new Parameters(1, 2, 0);
    var ofB = new Parameters(4, 5, transposeB ? 0 : 1);
    var op = new MatMul(n.flag("transA", false), transposeB);
    float alpha = n.real("alpha", 1);
    if (alpha != 1 && n.has(6)) {
      n.custom();
      return;
    }
    var operands = List.of(quantized.operand(0, ofA), quantizedColumns(n, quantized, ofB));
    var product = n.builder().add(op, operands);
    if (alpha != 1) product = n.times(product, n.like(product, alpha));
    if (n.has(6)) product = n.plus(product, bias(n, ofA, ofB));
    if (n.has(7)) quantized.give(0, product, n.dtype(8), new Parameters(7, 8, 1));
    else n.give(0, product);
  }

  private static Value quantizedColumns(OnnxReadNode n, OnnxQuantized quantized, Parameters ofB) {
    return n.shape(4).hasRank(1) || n.shape(4).hasRank(0)
        ? quantized.operand(3, ofB)
        : quantized.real(n.in(3), ofB, DataType.FLOAT32);
  }

  /// Integers of the product of both scales.
  private static Value bias(OnnxReadNode n, Parameters ofA, Parameters ofB) {
    var scale = n.times(n.in(ofA.scale()), n.in(ofB.scale()));
    return n.times(n.cast(n.in(6), DataType.FLOAT32), scale);
  }

  /// Quantizes the first operand by its own range.
  private static void dynamicMatMul(OnnxReadNode n) {
    var quantized =
        n.builder().add(new DynamicQuantize(), List.of(n.in(0)), 3, List.of()).outputs();
    var product = product(n, quantized.get(0), n.in(1), quantized.get(2), n.optional(3));
    n.give(0, scaled(n, product, quantized.get(1), n.in(2), 4));
  }

  private static void matMulToFloat(OnnxReadNode n) {
    var product = product(n, n.in(0), n.in(1), n.optional(4), n.optional(5));
    n.give(0, scaled(n, product, n.in(2), n.in(3), 6));
  }

  static Value product(OnnxTerms n, Value a, Value b, Value zeroOfA, Value zeroOfB) {
    return n.add(new MatMulInteger(), a, b, zeroOfA, zeroOfB);
  }

  private static Value scaled(OnnxReadNode n, Value product, Value a, Value b, int bias) {
    var result = n.times(n.cast(product, a.dtype()), n.times(a, b));
    return n.has(bias) ? n.plus(result, n.in(bias)) : result;
  }
}
