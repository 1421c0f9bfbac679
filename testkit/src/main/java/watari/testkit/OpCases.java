package watari.testkit;

import static watari.testkit.OpCase.floats;
import static watari.testkit.OpCase.opCase;

import java.util.ArrayList;
import java.util.List;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.LayerNorm;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators on small inputs, with results worked out by hand.
public final class OpCases {
  private OpCases() {}

  public static List<OpCase> all() {
    var all = new ArrayList<OpCase>();
    all.addAll(elementwise());
    all.addAll(binary());
    all.addAll(moving());
    all.addAll(reducing());
    all.addAll(weighing());
    return all;
  }

  private static List<OpCase> elementwise() {
    return List.of(
        opCase("relu/keeps_positive").input(-1, 0, 2).op(new Unary(Unary.Kind.RELU)).gives(0, 0, 2),
        opCase("clip/relu6").input(-1, 3, 9).op(new Clip(0, 6)).gives(0, 3, 6),
        opCase("round/ties_to_even")
            .input(0.5, 1.5, -2.5, 2.6)
            .op(new Unary(Unary.Kind.ROUND))
            .gives(0, 2, -2, 3),
        opCase("sign/of_zero").input(-3, 0, 5).op(new Unary(Unary.Kind.SIGN)).gives(-1, 0, 1),
        opCase("hard_swish/at_its_knees")
            .input(-3, 0, 1.5, 3, 4)
            .op(new Unary(Unary.Kind.HARD_SWISH))
            .gives(0, 0, 1.125, 3, 4),
        opCase("hard_sigmoid/saturates")
            .input(-4, 0, 4)
            .op(new HardSigmoid(0.25f, 0.5f))
            .gives(0, 0.5, 1),
        opCase("leaky_relu/scales_negative").input(-2, 2).op(new LeakyRelu(0.25f)).gives(-0.5, 2));
  }

  private static List<OpCase> binary() {
    var ints = TensorData.ofInts(Shape.of(4), -7, 7, -7, 7);
    var by = TensorData.ofInts(Shape.of(4), 2, -2, -2, 2);
    return List.of(
        opCase("add/broadcasts")
            .input(floats(Shape.of(2, 1), 1, 2))
            .input(10, 20)
            .op(new Binary(Binary.Kind.ADD))
            .gives(floats(Shape.of(2, 2), 11, 21, 12, 22)),
        opCase("div/integers_truncate")
            .input(ints)
            .input(by)
            .op(new Binary(Binary.Kind.DIV))
            .gives(TensorData.ofInts(Shape.of(4), -3, -3, 3, 3)),
        opCase("floor_div/integers_round_down")
            .input(ints)
            .input(by)
            .op(new Binary(Binary.Kind.FLOOR_DIV))
            .gives(TensorData.ofInts(Shape.of(4), -4, -4, 3, 3)),
        opCase("floor_mod/sign_of_divisor")
            .input(ints)
            .input(by)
            .op(new Binary(Binary.Kind.FLOOR_MOD))
            .gives(TensorData.ofInts(Shape.of(4), 1, -1, -1, 1)),
        opCase("trunc_mod/sign_of_dividend")
            .input(ints)
            .input(by)
            .op(new Binary(Binary.Kind.TRUNC_MOD))
            .gives(TensorData.ofInts(Shape.of(4), -1, 1, -1, 1)),
        opCase("prelu/slope_for_each")
            .input(-1, -1, 3)
            .input(2, 4, 8)
            .op(new PRelu())
            .gives(-2, -4, 3));
  }

  private static List<OpCase> moving() {
    var matrix = floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    return List.of(
        opCase("transpose/matrix")
            .input(matrix)
            .op(new Transpose(List.of(1, 0)))
            .gives(floats(Shape.of(3, 2), 1, 4, 2, 5, 3, 6)),
        opCase("concat/last_axis")
            .input(matrix)
            .input(floats(Shape.of(2, 1), 7, 8))
            .op(new Concat(-1))
            .gives(floats(Shape.of(2, 4), 1, 2, 3, 7, 4, 5, 6, 8)),
        opCase("slice/backwards")
            .input(1, 2, 3, 4)
            .constant(-1)
            .constant(Long.MIN_VALUE)
            .constant(0)
            .constant(-2)
            .op(new Slice())
            .gives(4, 2),
        opCase("pad/reflects_without_edge")
            .input(1, 2, 3)
            .constant(2, 1)
            .op(new Pad(Pad.Mode.REFLECT))
            .gives(3, 2, 1, 2, 3, 2),
        opCase("tile/twice").input(1, 2).constant(2).op(new Tile()).gives(1, 2, 1, 2),
        opCase("gather/from_the_end")
            .input(matrix)
            .constant(TensorData.vector(-1, 0))
            .op(new Gather(1, 0))
            .gives(floats(Shape.of(2, 2), 3, 1, 6, 4)),
        opCase("depth_to_space/blocks_outermost")
            .input(floats(Shape.of(1, 4, 1, 1), 1, 2, 3, 4))
            .op(new DepthToSpace(2, false, Layout.CHANNELS_FIRST))
            .gives(floats(Shape.of(1, 1, 2, 2), 1, 2, 3, 4)),
        opCase("space_to_batch/pads_with_zeros")
            .input(floats(Shape.of(1, 3, 1), 1, 2, 3))
            .constant(2)
            .constant(TensorData.ofLongs(Shape.of(1, 2), 0, 1))
            .op(new SpaceToBatch())
            .gives(floats(Shape.of(2, 2, 1), 1, 3, 2, 0)));
  }

  private static List<OpCase> reducing() {
    var matrix = floats(Shape.of(2, 3), 1, 5, 3, 9, 5, 9);
    return List.of(
        opCase("reduce_mean/rows")
            .input(matrix)
            .constant(1)
            .op(new Reduce(Reduce.Kind.MEAN, false))
            .gives(3, 23 / 3.0),
        opCase("arg_max/first_of_equals")
            .input(matrix)
            .op(new ArgReduce(true, 1, false, false, DataType.INT64))
            .gives(TensorData.vector(1, 0)),
        opCase("arg_max/last_of_equals")
            .input(matrix)
            .op(new ArgReduce(true, 1, false, true, DataType.INT64))
            .gives(TensorData.vector(1, 2)),
        opCase("cumsum/exclusive_reverse")
            .input(1, 2, 3)
            .constant(TensorData.scalar(0))
            .op(new Cumulative(Cumulative.Kind.SUM, true, true))
            .gives(5, 3, 0),
        opCase("top_k/lower_index_first")
            .input(matrix)
            .constant(2)
            .op(new TopK(1, true, true, DataType.INT64))
            .gives(
                floats(Shape.of(2, 2), 5, 3, 9, 9),
                TensorData.ofLongs(Shape.of(2, 2), 1, 2, 0, 2)));
  }

  private static List<OpCase> weighing() {
    var image = floats(Shape.of(1, 1, 2, 2), 1, 2, 3, 4);
    var padded = new Padding.Explicit(List.of(1, 1), List.of(0, 0));
    var window = new Window(List.of(2, 2), List.of(1, 1), List.of(1, 1), padded, false);
    var ones = List.of(1, 1);
    return List.of(
        opCase("matmul/swapped_second")
            .input(floats(Shape.of(1, 2), 1, 2))
            .input(floats(Shape.of(2, 2), 3, 4, 5, 6))
            .op(new MatMul(false, true))
            .gives(floats(Shape.of(1, 2), 11, 17)),
        opCase("fully_connected/bias")
            .input(floats(Shape.of(1, 2), 1, 2))
            .constant(floats(Shape.of(2, 2), 3, 4, 5, 6))
            .constant(floats(Shape.of(2), 10, 20))
            .op(new FullyConnected())
            .gives(floats(Shape.of(1, 2), 21, 37)),
        opCase("conv/padded_before")
            .input(image)
            .constant(floats(Shape.of(1, 1, 2, 2), 1, 10, 100, 1000))
            .op(new Conv(ones, ones, padded, 1, Layout.CHANNELS_FIRST))
            .gives(floats(Shape.of(1, 1, 2, 2), 1000, 2100, 3010, 4321)),
        opCase("conv_transpose/stride_2")
            .input(floats(Shape.of(1, 1, 1, 2), 1, 2))
            .constant(floats(Shape.of(1, 1, 1, 3), 1, 10, 100))
            .op(
                new ConvTranspose(
                    List.of(1, 2), ones, Padding.none(2), List.of(0, 0), 1, Layout.CHANNELS_FIRST))
            .gives(floats(Shape.of(1, 1, 1, 5), 1, 10, 102, 20, 200)),
        opCase("max_pool/padding_never_wins")
            .input(floats(Shape.of(1, 1, 2, 2), -1, -2, -3, -4))
            .op(new MaxPool(window, Layout.CHANNELS_FIRST))
            .gives(floats(Shape.of(1, 1, 2, 2), -1, -1, -1, -1)),
        opCase("average_pool/padding_counts")
            .input(image)
            .op(new AveragePool(window, Layout.CHANNELS_FIRST, true))
            .gives(floats(Shape.of(1, 1, 2, 2), 0.25, 0.75, 1, 2.5)),
        opCase("average_pool/padding_does_not_count")
            .input(image)
            .op(new AveragePool(window, Layout.CHANNELS_FIRST, false))
            .gives(floats(Shape.of(1, 1, 2, 2), 1, 1.5, 2, 2.5)),
        opCase("layer_norm/scale_and_bias")
            .input(floats(Shape.of(1, 2), 1, 3))
            .constant(floats(Shape.of(2), 2, 2))
            .constant(floats(Shape.of(2), 10, 10))
            .op(new LayerNorm(-1, 0))
            .gives(floats(Shape.of(1, 2), 8, 12)));
  }
}
