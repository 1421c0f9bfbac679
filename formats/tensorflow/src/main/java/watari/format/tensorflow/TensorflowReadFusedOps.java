package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.BatchNorm;
import watari.op.Op;
import watari.tensor.Layout;

/// Operators that an optimizer joined with those behind them, which TensorFlow's own runtime and
/// TensorFlow.js have.
///
/// Source: TensorFlow 2.21, remapper; TensorFlow.js 4.22, its operator mapper.
final class TensorflowReadFusedOps {
  private TensorflowReadFusedOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("FusedDepthwiseConv2dNative", TensorflowReadFusedOps::depthwiseConv2d)
        .on("Prelu", n -> n.give(0, prelu(n, n.in(0), n.in(1))))
        .on("_FusedConv2D", TensorflowReadFusedOps::conv2d)
        .on("_FusedDepthwiseConv2dNative", TensorflowReadFusedOps::depthwiseConv2d)
        .on("_FusedMatMul", TensorflowReadFusedOps::matMul);
  }

  private static void conv2d(TensorflowReadNode n) {
    n.give(0, behind(n, TensorflowReadConvOps.conv2d(n).value(n), n.layout()));
  }

  private static void depthwiseConv2d(TensorflowReadNode n) {
    n.give(0, behind(n, TensorflowReadConvOps.depthwiseConv2d(n).value(n), n.layout()));
  }

  private static void matMul(TensorflowReadNode n) {
    var op = new MatMul(n.flag("transpose_a", false), n.flag("transpose_b", false));
    var product = n.formula().op(op, n.in(0), n.in(1));
    n.give(0, behind(n, product, Layout.CHANNELS_LAST));
  }

  /// What follows: a bias or a normalization, whose numbers are inputs behind the first two, then a
  /// function.
  private static Value behind(TensorflowReadNode n, Value product, Layout layout) {
    var value = product;
    int next = 2;
    for (var name : n.texts("fused_ops")) {
      switch (name) {
        case "BiasAdd" -> value = biased(n, value, n.in(next++), layout);
        case "FusedBatchNorm" -> {
          var parts = new ArrayList<>(List.of(value));
          for (int i = 0; i < 4; i++) parts.add(n.in(next++));
          value = n.builder().add(new BatchNorm(n.real("epsilon", 1e-4f), layout), parts);
        }
        case "Prelu" -> value = prelu(n, value, n.in(next++));
        default -> value = n.formula().op(function(n, name), value);
      }
    }
    return value;
  }

  private static Value biased(TensorflowReadNode n, Value x, Value bias, Layout layout) {
    int rank = n.rank(x, "what the bias is added to");
    if (layout == Layout.CHANNELS_LAST) return n.formula().add(x, bias);
    var dims = new long[rank - 1];
    java.util.Arrays.fill(dims, 1);
    dims[0] = -1;
    return n.formula().add(x, n.formula().reshape(bias, dims));
  }

  /// TensorFlow.js' own operator; the slopes broadcast.
  private static Value prelu(TensorflowReadNode n, Value x, Value slopes) {
    return n.formula().op(new PRelu(), x, slopes);
  }

  private static Op function(TensorflowReadNode n, String name) {
    return switch (name) {
      case "Elu" -> new Elu(1);
      case "GeluApproximate" -> new Gelu(true);
      case "GeluExact" -> new Gelu(false);
      case "LeakyRelu" -> new LeakyRelu(n.real("leakyrelu_alpha", 0.2f));
      case "Relu" -> new Unary(Unary.Kind.RELU);
      case "Relu6" -> new Clip(0, 6);
      case "Sigmoid" -> new Unary(Unary.Kind.SIGMOID);
      case "Tanh" -> new Unary(Unary.Kind.TANH);
      default ->
          throw TensorflowRefusal.unsupported(
              "it is joined with '" + name + "', which Watari does not read there",
              "convert the model without that optimization");
    };
  }
}
