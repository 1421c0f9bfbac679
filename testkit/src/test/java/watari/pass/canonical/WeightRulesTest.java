package watari.pass.canonical;

import static watari.testkit.RuleAssert.assertRule;

import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Cast;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.BatchNorm;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.Transpose;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.Tensors;

class WeightRulesTest {
  private static Value random(GraphBuilder b, String name, long... dims) {
    var type = TensorType.of(DataType.FLOAT32, dims);
    return b.constant(name, Tensors.random(type, new Random(name.hashCode())));
  }

  private static Value positive(GraphBuilder b, long size) {
    var values = new float[(int) size];
    for (int i = 0; i < values.length; i++) values[i] = 0.5f + i;
    return b.constant(TensorData.ofFloats(Shape.of(size), values));
  }

  private static Conv conv(int groups, Layout layout) {
    return new Conv(List.of(1, 2), List.of(1, 1), Padding.none(2), groups, layout);
  }

  private static Consumer<GraphBuilder> convolved(
      Layout layout, java.util.function.BiFunction<GraphBuilder, Value, Value> behind) {
    return b -> {
      boolean first = layout == Layout.CHANNELS_FIRST;
      var shape = first ? new long[] {2, 4, 5, 6} : new long[] {2, 5, 6, 4};
      var filter = first ? new long[] {6, 2, 3, 2} : new long[] {6, 3, 2, 2};
      var x = b.input("x", TensorType.of(DataType.FLOAT32, shape));
      var y = b.add(conv(2, layout), x, random(b, "w", filter), random(b, "b", 6));
      b.graph().addOutput("y", behind.apply(b, y));
    };
  }

  private static Value normed(GraphBuilder b, Value y, long channels, Layout layout) {
    return b.add(
        new BatchNorm(1e-3f, layout),
        y,
        random(b, "scale", channels),
        random(b, "bias", channels),
        random(b, "mean", channels),
        positive(b, channels));
  }

  @Test
  void aBatchNormGoesIntoAConv() {
    for (var layout : Layout.values()) {
      assertRule(new FuseBatchNorm())
          .on(convolved(layout, (b, y) -> normed(b, y, 6, layout)))
          .becomes("Conv(x, const, const)");
    }
  }

  @Test
  void aBatchNormGoesIntoAGroupedConvTranspose() {
    for (var layout : Layout.values()) {
      assertRule(new FuseBatchNorm())
          .on(b -> {
            boolean first = layout == Layout.CHANNELS_FIRST;
            var shape = first ? new long[] {1, 4, 3, 3} : new long[] {1, 3, 3, 4};
            var filter = first ? new long[] {4, 3, 2, 2} : new long[] {4, 2, 2, 3};
            var x = b.input("x", TensorType.of(DataType.FLOAT32, shape));
            var op =
                new ConvTranspose(
                    List.of(2, 2), List.of(1, 1), Padding.none(2), List.of(0, 0), 2, layout);
            var y = b.add(op, x, random(b, "w", filter));
            b.graph().addOutput("y", normed(b, y, 6, layout));
          })
          .becomes("ConvTranspose(x, const, const)");
    }
  }

  @Test
  void aConvThatIsUsedElsewhereKeepsItsBatchNorm() {
    assertRule(new FuseBatchNorm())
        .on(
            convolved(
                Layout.CHANNELS_FIRST,
                (b, y) -> {
                  b.graph().addOutput("z", y);
                  return normed(b, y, 6, Layout.CHANNELS_FIRST);
                }))
        .leaves("input 0 is no product with constant weights of its own");
  }

  @Test
  void sumsAndProductsOfChannelsGoIntoAConv() {
    assertRule(new FuseChannelArithmetic())
        .on(
            convolved(
                Layout.CHANNELS_FIRST,
                (b, y) -> {
                  var scaled = b.add(new Binary(Binary.Kind.MUL), y, random(b, "s", 1, 6, 1, 1));
                  var turned = b.add(new Binary(Binary.Kind.SUB), random(b, "t", 6, 1, 1), scaled);
                  return b.add(new Binary(Binary.Kind.DIV), turned, b.scalar(3f));
                }))
        .becomes("Conv(x, const, const)");
  }

  @Test
  void aConstantOfAnotherAxisStays() {
    assertRule(new FuseChannelArithmetic())
        .on(
            convolved(
                Layout.CHANNELS_LAST,
                (b, y) -> b.add(new Binary(Binary.Kind.ADD), y, random(b, "s", 3, 1, 1))))
        .leaves();
  }

  @Test
  void aMatrixBecomesWeights() {
    assertRule(new ReplaceMatMulByFullyConnected(), new FuseChannelArithmetic())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 5, 3));
          var y = b.add(new MatMul(false, false), x, random(b, "w", 3, 4));
          b.graph().addOutput("y", b.add(new Binary(Binary.Kind.ADD), y, random(b, "b", 4)));
        })
        .becomes("FullyConnected(x, const, const)");
  }

  @Test
  void aQuantizedMatrixStaysQuantized() {
    var q = new Quantization.PerAxis(1, List.of(0.1f, 0.2f), List.of(0L, 0L));
    assertRule(new ReplaceMatMulByFullyConnected())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 3));
          var w = TensorData.ofLongs(DataType.INT8, Shape.of(3, 2), 1, 2, 3, 4, 5, 6).copied();
          b.graph().addOutput("y", b.add(new MatMul(false, false), x, b.constant("w", w, q)));
        })
        .becomes("FullyConnected(x, const)");
  }

  @Test
  void aHalvedMatrixStaysHalved() {
    assertRule(new ReplaceMatMulByFullyConnected())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 3));
          var half = random(b, "w", 3, 2).constant().orElseThrow().cast(DataType.FLOAT16);
          var w = b.add(new Cast(DataType.FLOAT32), b.constant(half));
          b.graph().addOutput("y", b.add(new MatMul(false, false), x, w));
        })
        .becomes("Cast(const)", "FullyConnected(x, #0)");
  }

  @Test
  void zerosAroundAConvBecomeItsPadding() {
    assertRule(new FoldPadIntoWindow())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 4, 5, 6));
          var padded =
              b.add(new Pad(Pad.Mode.CONSTANT), x, b.vector(0, 0, 1, 2, 0, 0, 3, 0), b.scalar(0f));
          b.graph()
              .addOutput(
                  "y", b.add(conv(2, Layout.CHANNELS_FIRST), padded, random(b, "w", 6, 2, 3, 2)));
        })
        .becomes("Conv(x, const)");
  }

  @Test
  void onesAroundAConvStay() {
    assertRule(new FoldPadIntoWindow())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 4, 5, 6));
          var padded =
              b.add(new Pad(Pad.Mode.CONSTANT), x, b.vector(0, 0, 1, 2, 0, 0, 3, 0), b.scalar(1f));
          b.graph()
              .addOutput(
                  "y", b.add(conv(2, Layout.CHANNELS_FIRST), padded, random(b, "w", 6, 2, 3, 2)));
        })
        .leaves("no pad that could be its own stands before it");
  }

  @Test
  void zerosAroundAnAveragePoolAreCounted() {
    var window = new Window(List.of(2, 2), List.of(1, 1), List.of(1, 1), Padding.none(2), false);
    assertRule(new FoldPadIntoWindow())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 3, 3, 2));
          var pads = b.vector(1, 1, 0, 1);
          var padded = b.add(new Pad(Pad.Mode.CONSTANT), x, pads, Value.ABSENT, b.vector(1, 2));
          b.graph()
              .addOutput("y", b.add(new AveragePool(window, Layout.CHANNELS_LAST, false), padded));
        })
        .becomes("AveragePool(x)");
  }

  @Test
  void blocksInTheBatchBecomeDilation() {
    var op = new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_LAST);
    assertRule(new FuseBatchBlocks())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 7, 5, 3));
          var block = b.vector(2, 3);
          var pads = b.constant(TensorData.ofLongs(Shape.of(2, 2), 2, 3, 3, 4));
          var crops = b.constant(TensorData.ofLongs(Shape.of(2, 2), 0, 1, 0, 1));
          var blocks = b.add(new SpaceToBatch(), x, block, pads);
          var y = b.add(op, blocks, random(b, "w", 4, 3, 2, 3));
          b.graph().addOutput("y", b.add(new BatchToSpace(), y, block, crops));
        })
        .becomes("Conv(x, const)");
  }

  @Test
  void movementsMerge() {
    assertRule(new MergeTransposes(), new MergeReshapes(), new RemoveIdentity())
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.FLOAT32, Shape.of(2, 3, 4)));
          var there = b.add(new Transpose(List.of(2, 0, 1)), x);
          var back = b.add(new Transpose(List.of(1, 2, 0)), there);
          var flat = b.add(new Reshape(false), back, b.vector(-1));
          b.graph().addOutput("y", b.add(new Reshape(false), flat, b.vector(4, 6)));
        })
        .becomes("Reshape(x, const)");
  }

  @Test
  void aTransposeThatMovesNoElementIsAReshape() {
    assertRule(new ReplaceTransposeByReshape())
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.FLOAT32, Shape.of(2, 3, 1, 1)));
          b.graph().addOutput("y", b.add(new Transpose(List.of(0, 2, 3, 1)), x));
        })
        .becomes("Reshape(x, const)");
    assertRule(new ReplaceTransposeByReshape())
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.FLOAT32, Shape.of(2, 3, 4, 1)));
          b.graph().addOutput("y", b.add(new Transpose(List.of(0, 2, 3, 1)), x));
        })
        .leaves("axes of more than one element move");
  }

  @Test
  void aReshapeWithOneUnknownDimMerges() {
    assertRule(new MergeReshapes())
        .on(b -> {
          var x =
              b.input("x", new TensorType(DataType.FLOAT32, Shape.of(Dim.named("N"), Dim.of(6))));
          var deep = b.add(new Reshape(false), x, b.vector(0, 2, 3));
          b.graph().addOutput("y", b.add(new Reshape(false), deep, b.vector(0, 3, 2)));
        })
        .becomes("Reshape(x, const)");
  }

  @Test
  void transposesOfHalvedConstantsKeepThemHalved() {
    assertRule(new MoveBeforeCast())
        .on(b -> {
          var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 3));
          var half = random(b, "w", 3, 2).constant().orElseThrow().cast(DataType.FLOAT16);
          var w = b.add(new Cast(DataType.FLOAT32), b.constant(half));
          var turned = b.add(new Transpose(List.of(1, 0)), w);
          b.graph().addOutput("y", b.add(new Binary(Binary.Kind.ADD), x, turned));
        })
        .becomes("Transpose(const)", "Cast(#0)", "ADD(x, #1)");
  }
}
