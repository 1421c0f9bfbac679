package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.RealFft2d;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that become several in ONNX, or others: outputs worked out by hand.
class OnnxComposedOpsTest {
  private static final int[] OPSETS = {0, 11, 13, 17, 21};
  private static final Layout FIRST = Layout.CHANNELS_FIRST;

  private static TensorData range(DataType dtype, long... dims) {
    var shape = Shape.of(dims);
    int count = (int) shape.elements().fixed();
    return TensorData.ofDoubles(dtype, shape, IntStream.range(0, count).asDoubleStream().toArray());
  }

  private static TensorData floats(Shape shape, double... values) {
    return TensorData.ofDoubles(DataType.FLOAT32, shape, values);
  }

  private static double[] of(double... values) {
    return values;
  }

  /// Runs a node on inputs of which the constants stand behind the first.
  private static void runs(
      Function<GraphBuilder, List<Value>> build, List<TensorData> inputs, double[]... expected) {
    for (int opset : OPSETS) {
      var to = new GraphBuilder(new Graph("test"));
      for (int i = 0; i < inputs.size(); i++) to.input("x" + i, inputs.get(i).type());
      build.apply(to).forEach(to.graph()::addOutput);
      boolean done = OnnxRun.matches(to.graph(), opset, inputs, 2e-6, expected);
      assertThat(done || opset != 0 && opset < 21).as("opset " + opset).isTrue();
    }
  }

  private static void gives(Op op, TensorData x, List<TensorData> constants, double[]... expected) {
    runs(
        to -> {
          var inputs = new ArrayList<>(List.of(to.graph().inputs().get(0)));
          for (var constant : constants) inputs.add(to.constant(constant));
          Node node = to.add(op, inputs, expected.length, List.of());
          return node.outputs();
        },
        List.of(x),
        expected);
  }

  private static TensorData longs(long... values) {
    return TensorData.vector(values);
  }

  private static TensorData ints(int... values) {
    return TensorData.ofInts(Shape.of(values.length), values);
  }

  // ---- shapes

  @Test
  void padsAreMirrored() {
    var x = range(DataType.FLOAT32, 1, 3);
    gives(new Pad(Pad.Mode.SYMMETRIC), x, List.of(longs(0, 2, 0, 1)), of(1, 0, 0, 1, 2, 2));
    gives(new Pad(Pad.Mode.REFLECT), x, List.of(ints(0, 2, 0, 1)), of(2, 1, 0, 1, 2, 1));
    gives(new Pad(Pad.Mode.WRAP), x, List.of(longs(0, 2, 0, 1)), of(1, 2, 0, 1, 2, 0));
    gives(new Pad(Pad.Mode.EDGE), x, List.of(longs(0, 1, 0, 1)), of(0, 0, 1, 2, 2));
    gives(new Pad(Pad.Mode.CONSTANT), x, List.of(longs(0, -1, 0, 1)), of(1, 2, 0));
  }

  @Test
  void padsOfNamedAxesAndSmallIntegers() {
    var x = range(DataType.INT16, 2, 2);
    var value = TensorData.scalar(DataType.INT16, 9);
    gives(
        new Pad(Pad.Mode.CONSTANT), x, List.of(longs(1, 0), value, ints(1)), of(9, 0, 1, 9, 2, 3));
  }

  @Test
  void blocksMoveToTheBatchAndBack() {
    var x = range(DataType.FLOAT32, 1, 2, 4, 1);
    var pads = TensorData.ofInts(Shape.of(2, 2), 0, 0, 0, 0);
    gives(new SpaceToBatch(), x, List.of(ints(2, 2), pads), of(0, 2, 1, 3, 4, 6, 5, 7));
    var y = floats(Shape.of(4, 1, 2, 1), 0, 2, 1, 3, 4, 6, 5, 7);
    gives(new BatchToSpace(), y, List.of(ints(2, 2), pads), of(0, 1, 2, 3, 4, 5, 6, 7));
    var crops = TensorData.ofInts(Shape.of(2, 2), 0, 1, 1, 0);
    gives(new BatchToSpace(), y, List.of(ints(2, 2), crops), of(1, 2, 3));
  }

  @Test
  void blocksMoveBetweenChannelsAndSpace() {
    for (var dtype : List.of(DataType.FLOAT32, DataType.INT32, DataType.INT64)) {
      var x = range(dtype, 1, 4, 1, 2);
      gives(new DepthToSpace(2, false, FIRST), x, List.of(), of(0, 2, 1, 3, 4, 6, 5, 7));
      gives(
          new SpaceToDepth(2, FIRST),
          range(dtype, 1, 1, 2, 4),
          List.of(),
          of(0, 2, 1, 3, 4, 6, 5, 7));
    }
    gives(
        new DepthToSpace(2, true, FIRST),
        range(DataType.INT32, 1, 8, 1, 1),
        List.of(),
        of(0, 1, 2, 3, 4, 5, 6, 7));
  }

  @Test
  void shapesAreOfTheTypeAskedFor() {
    gives(new ShapeOf(DataType.INT32), range(DataType.FLOAT32, 2, 3), List.of(), of(2, 3));
    gives(new ShapeOf(1, 2, DataType.INT64), range(DataType.FLOAT32, 2, 3), List.of(), of(3));
  }

  @Test
  void unevenPartsAndRemainders() {
    var x = range(DataType.FLOAT32, 5);
    gives(new Split(0), x, List.of(), of(0, 1, 2), of(3, 4));
    gives(new Split(0), x, List.of(ints(1, -1)), of(0), of(1, 2, 3, 4));
  }

  @Test
  void axesOfAnyPlaceAreReversed() {
    var x = range(DataType.FLOAT32, 1, 2, 3);
    gives(new ReverseSequence(1, 2), x, List.of(ints(2, 3)), of(1, 0, 2, 5, 4, 3));
  }

  @Test
  void axesAreAnAttributeOrAnInput() {
    gives(new Squeeze(), range(DataType.FLOAT32, 1, 2, 1), List.of(ints(-1)), of(0, 1));
  }

  // ---- indices and reductions

  @Test
  void batchesAreGatheredEachByItself() {
    var x = range(DataType.FLOAT32, 2, 2, 3);
    var indices = TensorData.ofInts(Shape.of(2, 2), 2, 0, 1, 1);
    gives(new Gather(2, 1), x, List.of(indices), of(2, 0, 5, 3, 7, 7, 10, 10));
    gives(new Gather(1, 1), range(DataType.FLOAT32, 2, 3), List.of(indices), of(2, 0, 4, 4));
  }

  @Test
  void indicesOutOfRangeAreNotHot() {
    var x = TensorData.ofInts(Shape.of(3), 1, -1, 4);
    var values = TensorData.ofInts(Shape.of(2), 7, 8);
    gives(
        new OneHot(-1, false),
        x,
        List.of(TensorData.scalar(DataType.INT32, 2), values),
        of(7, 8, 7, 7, 7, 7));
    gives(
        new OneHot(-1, true),
        x,
        List.of(TensorData.scalar(DataType.INT32, 2), values),
        of(7, 8, 7, 8, 7, 7));
  }

  @Test
  void smallIntegersAreReducedAndSearched() {
    var x = TensorData.ofDoubles(DataType.INT8, Shape.of(2, 2), 100, 0, 27, -3);
    gives(new NonZero(), x, List.of(), of(0, 1, 1, 0, 0, 1));
    gives(new Reduce(Reduce.Kind.SUM, false), x, List.of(ints(0)), of(127, -3));
    gives(new Reduce(Reduce.Kind.MAX, false), x, List.of(longs(1, -1)), of(100, 27));
    gives(new Reduce(Reduce.Kind.SUM, true), x, List.of(longs()), of(100, 0, 27, -3));
    gives(new ArgReduce(true, 1, false, false, DataType.INT32), x, List.of(), of(0, 0));
    gives(
        new Cumulative(Cumulative.Kind.SUM, false, false),
        x,
        List.of(TensorData.scalar(DataType.INT32, 1)),
        of(100, 100, 27, 24));
    gives(
        new TopK(1, true, true, DataType.INT32),
        x,
        List.of(TensorData.scalar(DataType.INT32, 1)),
        of(100, 27),
        of(0, 0));
  }

  @Test
  void boolsAreReduced() {
    var x = TensorData.ofDoubles(DataType.BOOL, Shape.of(2, 2), 1, 0, 1, 1);
    gives(new Reduce(Reduce.Kind.ALL, false), x, List.of(longs(1)), of(0, 1));
    gives(new Reduce(Reduce.Kind.ANY, false), x, List.of(longs(1)), of(1, 1));
  }

  @Test
  void productsAccumulateBothWays() {
    var x = floats(Shape.of(5), 1, 2, 3, 4, 5);
    var axis = TensorData.scalar(DataType.INT32, 0);
    var product = Cumulative.Kind.PROD;
    gives(new Cumulative(product, false, false), x, List.of(axis), of(1, 2, 6, 24, 120));
    gives(new Cumulative(product, true, false), x, List.of(axis), of(1, 1, 2, 6, 24));
    gives(new Cumulative(product, false, true), x, List.of(axis), of(120, 120, 60, 20, 5));
  }

  // ---- products and norms

  @Test
  void weightsAreTransposed() {
    var weights = floats(Shape.of(2, 3), 1, 0, 0, 0, 1, 1);
    var bias = floats(Shape.of(2), 10, 20);
    gives(new FullyConnected(), range(DataType.FLOAT32, 1, 3), List.of(weights, bias), of(10, 23));
    gives(new FullyConnected(), range(DataType.FLOAT32, 1, 1, 3), List.of(weights), of(0, 3));
    gives(new MatMul(false, true), range(DataType.FLOAT32, 1, 3), List.of(weights), of(0, 3));
    gives(
        new MatMul(true, false),
        range(DataType.INT8, 2, 1),
        List.of(TensorData.ofDoubles(DataType.INT8, Shape.of(2, 1), 3, 4)),
        of(4));
  }

  @Test
  void normsAreKeptFromZero() {
    gives(
        new LpNorm(-1, 2, 1e-6f),
        floats(Shape.of(2, 2), 3, 4, 0, 0),
        List.of(),
        of(0.6, 0.8, 0, 0));
    gives(new LpNorm(0, 1, 0), floats(Shape.of(2), 3, -1), List.of(), of(0.75, -0.25));
  }

  @Test
  void windowsOfChannelsMayBeEven() {
    var x = floats(Shape.of(1, 3, 1, 1), 1, 2, 3);
    gives(new Lrn(2, 2, 1, 1, FIRST), x, List.of(), of(1 / 6.0, 2 / 14.0, 3 / 10.0));
    gives(new Lrn(3, 3, 1, 1, FIRST), x, List.of(), of(1 / 6.0, 2 / 15.0, 3 / 14.0));
  }

  @Test
  void groupsAndLayersAreNormalised() {
    var x = floats(Shape.of(1, 2, 1, 2), 1, 3, 5, 7);
    var scale = floats(Shape.of(2), 1, 2);
    var bias = floats(Shape.of(2), 0, 1);
    gives(new GroupNorm(2, 0, FIRST), x, List.of(scale, bias), of(-1, 1, -1, 3));
    gives(new LayerNorm(-1, 0), x, List.of(floats(Shape.of(2), 1, 2)), of(-1, 2, -1, 2));
    gives(new LayerNorm(3, 0), x, List.of(floats(Shape.of(1), 2)), of(-2, 2, -2, 2));
  }

  @Test
  void softmaxTakesOneAxis() {
    var x = floats(Shape.of(1, 2, 2), 0, 0, 0, Math.log(3));
    gives(new Softmax(1), x, List.of(), of(0.5, 0.25, 0.5, 0.75));
    gives(new Softmax(-1), x, List.of(), of(0.5, 0.5, 0.25, 0.75));
  }

  // ---- spatial

  private static Window window(int kernel, int stride, Padding padding, boolean ceil) {
    return new Window(
        Collections.nCopies(2, kernel),
        Collections.nCopies(2, stride),
        Collections.nCopies(2, 1),
        padding,
        ceil);
  }

  @Test
  void paddingMayBeTheSame() {
    var x = floats(Shape.of(1, 1, 1, 4), 1, 2, 3, 4);
    var filter = floats(Shape.of(1, 1, 1, 2), 1, 10);
    var one = List.of(1, 1);
    gives(
        new Conv(one, one, new Padding.Same(true), 1, FIRST),
        x,
        List.of(filter),
        of(21, 32, 43, 4));
    gives(
        new Conv(one, one, new Padding.Same(false), 1, FIRST),
        x,
        List.of(filter),
        of(10, 21, 32, 43));
    var crop = new Padding.Explicit(List.of(0, -1), List.of(0, 1));
    gives(new Conv(one, one, crop, 1, FIRST), x, List.of(filter), of(32, 43, 4));
  }

  @Test
  void transposedConvolutionsKeepTheirSize() {
    var x = floats(Shape.of(1, 1, 1, 2), 1, 2);
    var filter = floats(Shape.of(1, 1, 1, 3), 1, 10, 100);
    var two = List.of(1, 2);
    var one = List.of(1, 1);
    var none = List.of(0, 0);
    gives(
        new ConvTranspose(two, one, new Padding.Same(true), none, 1, FIRST),
        x,
        List.of(filter),
        of(1, 10, 102, 20));
    gives(
        new ConvTranspose(two, one, new Padding.Same(false), none, 1, FIRST),
        x,
        List.of(filter),
        of(10, 102, 20, 200));
    gives(
        new ConvTranspose(List.of(1, 4), one, new Padding.Same(true), none, 1, FIRST),
        x,
        List.of(filter),
        of(1, 10, 100, 0, 2, 20, 200, 0));
  }

  @Test
  void poolsCountTheirPaddingOrNot() {
    var x = floats(Shape.of(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
    var none = Padding.none(2);
    var edge = new Padding.Explicit(List.of(0, 0), List.of(1, 1));
    gives(new MaxPool(window(2, 2, none, true), FIRST), x, List.of(), of(5, 6, 8, 9));
    gives(
        new AveragePool(window(2, 2, none, true), FIRST, false), x, List.of(), of(3, 4.5, 7.5, 9));
    gives(
        new AveragePool(window(2, 2, edge, false), FIRST, true),
        x,
        List.of(),
        of(3, 2.25, 3.75, 2.25));
    gives(
        new AveragePool(window(2, 2, new Padding.Same(true), false), FIRST, true),
        x,
        List.of(),
        of(3, 4.5, 7.5, 9));
    var wide = new Padding.Explicit(List.of(2, 0), List.of(0, 0));
    gives(new AveragePool(window(2, 3, wide, false), FIRST, true), x, List.of(), of(0, 6));
    gives(
        new MaxPool(window(2, 3, wide, false), FIRST),
        x,
        List.of(),
        of(Double.NEGATIVE_INFINITY, 8));
  }

  @Test
  void smallIntegersArePooled() {
    for (var dtype : List.of(DataType.INT8, DataType.INT16, DataType.INT32)) {
      gives(
          new MaxPool(window(2, 1, Padding.none(2), false), FIRST),
          range(dtype, 1, 1, 2, 3),
          List.of(),
          of(4, 5));
    }
  }

  @Test
  void indicesAreReturnedWithMaxima() {
    gives(
        new MaxPool(window(2, 1, Padding.none(2), false), FIRST),
        range(DataType.FLOAT32, 1, 1, 2, 3),
        List.of(),
        of(4, 5),
        of(4, 5));
  }

  private static Resize nearest(Coordinates coordinates, Nearest nearest) {
    return new Resize(
        Mode.NEAREST,
        coordinates,
        nearest,
        -0.75f,
        false,
        false,
        0,
        AspectPolicy.STRETCH,
        List.of(2, 3));
  }

  private static void resizes(Resize op, double[] expected) {
    runs(
        to ->
            List.of(
                to.add(
                    op,
                    to.graph().inputs().get(0),
                    Value.ABSENT,
                    Value.ABSENT,
                    to.constant(ints(1, 5)))),
        List.of(range(DataType.FLOAT32, 1, 1, 1, 3)),
        expected);
  }

  @Test
  void imagesAreResized() {
    resizes(nearest(Coordinates.ASYMMETRIC, Nearest.FLOOR), of(0, 0, 1, 1, 2));
    resizes(nearest(Coordinates.TF_HALF_PIXEL_FOR_NN, Nearest.FLOOR), of(0, 0, 1, 2, 2));
    resizes(nearest(Coordinates.ALIGN_CORNERS, Nearest.ROUND_PREFER_CEIL), of(0, 1, 1, 2, 2));
    resizes(
        new Resize(
            Mode.LINEAR,
            Coordinates.HALF_PIXEL,
            Nearest.FLOOR,
            -0.75f,
            false,
            false,
            0,
            AspectPolicy.STRETCH,
            List.of(2, 3)),
        of(0, 0.4, 1, 1.6, 2));
  }

  // ---- others

  @Test
  void levelsAreFaked() {
    var x = floats(Shape.of(5), -2, -0.4, 0.1, 0.4, 2);
    var low = TensorData.scalar(-1f);
    var high = TensorData.scalar(1f);
    gives(new FakeQuantize(5), x, List.of(low, high, low, high), of(-1, -0.5, 0, 0.5, 1));
  }

  @Test
  void complexNumbersArePairs() {
    for (var part : ComplexPart.Part.values()) {
      var expected =
          switch (part) {
            case REAL -> of(6, -2, -2 - 0.0);
            case IMAGINARY -> of(0, 2, 0);
            case ABS -> of(6, Math.sqrt(8), 2);
          };
      runs(
          to -> {
            var spectrum =
                to.add(new RealFft2d(), to.graph().inputs().get(0), to.constant(ints(1, 4)));
            return List.of(to.add(new ComplexPart(part), spectrum));
          },
          List.of(range(DataType.FLOAT32, 1, 1, 4)),
          expected);
    }
  }

  @Test
  void boxesAreChosenToAFixedNumber() {
    var boxes = floats(Shape.of(3, 4), 0, 0, 1, 1, 0, 0, 1, 0.9, 0, 2, 1, 3);
    runs(
        to -> {
          var in = to.graph().inputs();
          return to.add(
                  new PaddedNonMaxSuppression(false),
                  List.of(
                      in.get(0),
                      in.get(1),
                      to.constant(TensorData.scalar(DataType.INT32, 4)),
                      to.scalar(0.5f),
                      to.scalar(0.1f)),
                  2,
                  List.of())
              .outputs();
        },
        List.of(boxes, floats(Shape.of(3), 0.8, 0.9, 0.7)),
        of(1, 2, 0, 0),
        of(2));
  }

  @Test
  void otherAxesThanTheLastAreInterpolated() {
    var op =
        new Resize(
            Mode.LINEAR,
            Coordinates.ALIGN_CORNERS,
            Nearest.FLOOR,
            -0.75f,
            false,
            false,
            0,
            AspectPolicy.STRETCH,
            List.of(1, 3));
    // Rows are [0, 1] and [2, 3]; a third row, and a third column, lie between.
    runs(
        to -> {
          var x = to.graph().inputs().get(0);
          return List.of(to.add(op, List.of(x, Value.ABSENT, Value.ABSENT, to.vector(3, 3))));
        },
        List.of(range(DataType.FLOAT32, 1, 2, 1, 2)),
        of(0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3));
  }
}
