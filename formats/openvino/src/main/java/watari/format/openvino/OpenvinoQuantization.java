package watari.format.openvino;

import static watari.quant.OperatorRule.moved;
import static watari.quant.OperatorRule.own;
import static watari.quant.OperatorRule.product;
import static watari.quant.OperatorRule.shared;

import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.quant.QuantizationRules;

/// Operators behind FakeQuantize that OpenVINO's CPU plugin computes on integers; biases stay
/// floats.
///
/// Source: OpenVINO 2026.4, its low precision transformations.
final class OpenvinoQuantization {
  static final QuantizationRules TABLE =
      new QuantizationRules(OpenvinoQuantization::isFused)
          .withFloatBias()
          .leavingFloats()
          .on(product(), Conv.class, ConvTranspose.class, FullyConnected.class, MatMul.class)
          .on(own(), Binary.Kind.ADD, Binary.Kind.MUL, LeakyRelu.class)
          .on(own(), Clip.class, Unary.Kind.RELU, Reduce.Kind.MEAN)
          .on(own(), AveragePool.class)
          .on(shared(), Concat.class)
          .on(moved(), Reshape.class, Flatten.class, Transpose.class, Squeeze.class)
          .on(moved(), Unsqueeze.class, Slice.class, Split.class, Identity.class)
          .on(moved(), Pad.class, MaxPool.class, Resize.class, Gather.class)
          .on(moved(), DepthToSpace.class, SpaceToDepth.class);

  private OpenvinoQuantization() {}

  /// A clamp of the convolution before it, which alone uses that: the quantization behind it clamps
  /// as well.
  private static boolean isFused(Node node) {
    boolean clamps =
        node.op() instanceof Clip
            || node.op() instanceof Unary(var kind) && kind == Unary.Kind.RELU;
    if (!clamps || node.input(0).uses().size() != 1) return false;
    if (node.graph().isOutput(node.input(0))) return false;
    return node.input(0).producer().filter(OpenvinoQuantization::takesClamp).isPresent();
  }

  private static boolean takesClamp(Node node) {
    return switch (node.op()) {
      case Conv _, FullyConnected _, MatMul _ -> true;
      case Binary(var kind) -> kind == Binary.Kind.ADD || kind == Binary.Kind.MUL;
      default -> false;
    };
  }
}
