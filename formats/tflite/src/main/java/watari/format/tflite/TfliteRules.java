package watari.format.tflite;

import static watari.quant.OperatorRule.fixed;
import static watari.quant.OperatorRule.moved;
import static watari.quant.OperatorRule.own;
import static watari.quant.OperatorRule.plain;
import static watari.quant.OperatorRule.product;
import static watari.quant.OperatorRule.shared;

import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Softmax;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.quant.QuantizationRules;

/// How LiteRT's kernels work on stored integers. What a kernel of one width is missing for computes
/// on floats, as [TfliteProfile#refuse] finds.
///
/// Source: LiteRT's 8-bit quantization specification; 16x8 by the kernels' checks.
final class TfliteRules {
  static final QuantizationRules TABLE =
      new QuantizationRules(TfliteActivation::isFused)
          .ofKernels()
          .on(product(), Conv.class, ConvTranspose.class, FullyConnected.class, MatMul.class)
          .on(own(), Binary.Kind.ADD, Binary.Kind.SUB, Binary.Kind.MUL)
          .on(own(), Binary.Kind.SQUARED_DIFFERENCE, PRelu.class, LeakyRelu.class)
          .on(own(), Clip.class, Unary.Kind.RELU, Unary.Kind.HARD_SWISH, Gelu.class, Elu.class)
          .on(own(), Unary.Kind.ABS, Unary.Kind.EXP, Unary.Kind.RSQRT, Unary.Kind.LOG)
          .on(own(), Reduce.Kind.SUM, Reduce.Kind.MEAN)
          .on(fixed(1f / 256, -128, 1f / 32768), Unary.Kind.SIGMOID, Softmax.class)
          .on(fixed(1f / 128, 0, 1f / 32768), Unary.Kind.TANH, LpNorm.class)
          .on(fixed(16f / 256, 127, 16f / 32768), LogSoftmax.class)
          .on(shared(), Concat.class, Select.class, Binary.Kind.MAX, Binary.Kind.MIN)
          .on(moved(), Reshape.class, Flatten.class, Transpose.class, Squeeze.class)
          .on(moved(), Unsqueeze.class, Slice.class, Split.class, Expand.class, Tile.class)
          .on(moved(), Pad.class, MaxPool.class, AveragePool.class, Resize.class)
          .on(moved(), Gather.class, GatherNd.class, DepthToSpace.class, SpaceToDepth.class)
          .on(moved(), BatchToSpace.class, SpaceToBatch.class, ReverseSequence.class)
          .on(moved(), Identity.class, TopK.class, Reduce.Kind.MAX, Reduce.Kind.MIN)
          .on(plain(), ArgReduce.class);

  private TfliteRules() {}
}
