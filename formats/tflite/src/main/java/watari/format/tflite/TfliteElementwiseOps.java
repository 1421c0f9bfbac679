package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.List;
import java.util.Map;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.DataType;

/// Functions of each element alone.
final class TfliteElementwiseOps {
  private static final Map<Unary.Kind, Integer> UNARY =
      Map.ofEntries(
          Map.entry(Unary.Kind.ABS, ABS),
          Map.entry(Unary.Kind.CEIL, CEIL),
          Map.entry(Unary.Kind.COS, COS),
          Map.entry(Unary.Kind.EXP, EXP),
          Map.entry(Unary.Kind.FLOOR, FLOOR),
          Map.entry(Unary.Kind.HARD_SWISH, HARD_SWISH),
          Map.entry(Unary.Kind.LOG, LOG),
          Map.entry(Unary.Kind.NEG, NEG),
          Map.entry(Unary.Kind.NOT, LOGICAL_NOT),
          Map.entry(Unary.Kind.RELU, RELU),
          Map.entry(Unary.Kind.ROUND, ROUND),
          Map.entry(Unary.Kind.RSQRT, RSQRT),
          Map.entry(Unary.Kind.SIGMOID, LOGISTIC),
          Map.entry(Unary.Kind.SIGN, SIGN),
          Map.entry(Unary.Kind.SIN, SIN),
          Map.entry(Unary.Kind.SQRT, SQRT),
          Map.entry(Unary.Kind.SQUARE, SQUARE),
          Map.entry(Unary.Kind.TANH, TANH));

  private TfliteElementwiseOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Unary.class, TfliteElementwiseOps::unary)
        .on(Identity.class, TfliteElementwiseOps::identity)
        .on(Clip.class, TfliteElementwiseOps::clip)
        .on(LeakyRelu.class, TfliteElementwiseOps::leakyRelu)
        .on(Elu.class, TfliteElementwiseOps::elu)
        .on(Gelu.class, TfliteElementwiseOps::gelu)
        .on(Cast.class, TfliteElementwiseOps::cast)
        .on(Bitcast.class, TfliteElementwiseOps::bitcast)
        .on(Convert.class, TfliteElementwiseOps::convert)
        .on(FakeQuantize.class, TfliteFakeQuant::write);
  }

  static void same(int code, TfliteOptions options, Node node, TfliteSubgraph out) {
    out.add(code, options, List.of(out.tensor(node.input(0))), List.of(out.tensor(node.output(0))));
  }

  static boolean has(Unary.Kind kind) {
    return UNARY.containsKey(kind);
  }

  private static void unary(Unary op, Node node, TfliteSubgraph out) {
    var code = UNARY.get(op.kind());
    if (code == null) throw Refusal.operator("TFLite has no " + op.kind(), "replace it");
    TfliteQuantized.requireFixed(code, node);
    same(code, TfliteOptions.NONE, node, out);
  }

  private static void identity(Identity op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    if (!out.has(node.output())) {
      out.alias(node.output(), out.tensor(node.input(0)));
      return;
    }
    TfliteShapeOps.copy(out.tensor(node.input(0)), out.tensor(node.output()), out);
  }

  private static void clip(Clip op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireUniform(node);
    if (op.min() == 0 && op.max() == 6) same(RELU6, TfliteOptions.NONE, node, out);
    else if (op.min() == -1 && op.max() == 1) same(RELU_N1_TO_1, TfliteOptions.NONE, node, out);
    else if (op.min() == 0 && op.max() == 1) same(RELU_0_TO_1, TfliteOptions.NONE, node, out);
    else if (op.min() == 0 && op.max() == Double.POSITIVE_INFINITY) {
      same(RELU, TfliteOptions.NONE, node, out);
    } else {
      throw Refusal.operator(
          "TFLite has no Clip to " + op.min() + " and " + op.max(), "replace it");
    }
  }

  private static void leakyRelu(LeakyRelu op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireUniform(node);
    same(LEAKY_RELU, TfliteOptions.leakyRelu(op.alpha()), node, out);
  }

  private static void elu(Elu op, Node node, TfliteSubgraph out) {
    if (op.alpha() != 1) throw Refusal.operator("TFLite's ELU has alpha 1", "use alpha 1");
    TfliteQuantized.requireUniform(node);
    same(ELU, TfliteOptions.NONE, node, out);
  }

  private static void gelu(Gelu op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireUniform(node);
    same(GELU, TfliteOptions.gelu(op.approximate()), node, out);
  }

  private static void cast(Cast op, Node node, TfliteSubgraph out) {
    var input = node.input(0);
    if (input.dtype() == DataType.FLOAT16 && op.to() == DataType.FLOAT32 && input.isConstant()) {
      same(DEQUANTIZE, TfliteOptions.NONE, node, out);
      return;
    }
    TfliteKernels.requireCast(input.dtype());
    TfliteKernels.requireCast(op.to());
    out.cast(out.tensor(input), out.tensor(node.output()));
  }

  private static void bitcast(Bitcast op, Node node, TfliteSubgraph out) {
    same(BITCAST, TfliteOptions.NONE, node, out);
  }

  private static void convert(Convert op, Node node, TfliteSubgraph out) {
    var from = node.input(0).type();
    var to = node.output().type();
    if (!to.isQuantized() && op.to() == DataType.FLOAT32) {
      TfliteQuantized.requireDequantizable(from);
      same(DEQUANTIZE, TfliteOptions.NONE, node, out);
    } else if (to.isQuantized()) {
      TfliteQuantized.requireQuantizable(from, to);
      same(QUANTIZE, TfliteOptions.NONE, node, out);
    } else {
      throw Refusal.operator("TFLite converts to no " + op.to(), "convert to float32");
    }
  }
}
