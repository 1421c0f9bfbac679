package watari.pass.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.testkit.RuleAssert.assertPass;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Transpose;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.rewrite.Pipeline;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.GraphText;

class QuantizationPassesTest {
  private static final Quantization IN = new Quantization.PerTensor(0.05f, 3);
  private static final Quantization OUT = new Quantization.PerTensor(0.1f, -128);
  private static final Conv CONV =
      new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_FIRST);
  private static final Pass FOLD =
      new Pipeline("fold", List.of(Pipeline.Stage.of(new FoldQuantization(), new DeadCode())));

  private static Value quantize(GraphBuilder b, Value x, Quantization q) {
    return b.addQuantized(new Convert(DataType.INT8), DataType.INT8, q, x);
  }

  private static Value dequantize(GraphBuilder b, Value x) {
    return b.add(new Convert(DataType.FLOAT32), x);
  }

  private static Value weights(GraphBuilder b) {
    var data = TensorData.ofLongs(DataType.INT8, Shape.of(2, 3, 1, 1), 5, -7, 100, 20, -128, 127);
    var perAxis = new Quantization.PerAxis(0, List.of(0.01f, 0.02f), List.of(0L, 0L));
    return dequantize(b, b.constant("w", data, perAxis));
  }

  private static Value bias(GraphBuilder b) {
    var data = TensorData.ofInts(Shape.of(2), 1000, -3000);
    var perAxis = new Quantization.PerAxis(0, List.of(0.0005f, 0.001f), List.of(0L, 0L));
    return dequantize(b, b.constant("bias", data, perAxis));
  }

  private static Consumer<GraphBuilder> quantizedConv(boolean relu) {
    return b -> {
      var x = b.input("x", new TensorType(DataType.FLOAT32, Shape.of(1, 3, 4, 4)));
      var y = b.add(CONV, dequantize(b, quantize(b, x, IN)), weights(b), bias(b));
      if (relu) y = b.add(new Unary(Unary.Kind.RELU), y);
      b.graph().addOutput("y", dequantize(b, quantize(b, y, OUT)));
    };
  }

  @Test
  void aConvolutionBetweenConvertsWorksOnQuantizedValues() {
    assertPass(FOLD)
        .on(quantizedConv(false))
        .within(0)
        .becomes("Convert(x)", "Conv(#0, const, const)", "Convert(#1)");
  }

  @Test
  void aReluBehindTakesTheQuantizedResult() {
    assertPass(FOLD)
        .on(quantizedConv(true))
        .within(0)
        .becomes("Convert(x)", "Conv(#0, const, const)", "RELU(#1)", "Convert(#2)");
  }

  @Test
  void aFloatOperandKeepsTheOperatorInFloats() {
    assertPass(FOLD)
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.FLOAT32, Shape.of(2, 2)));
          var z = b.input("z", new TensorType(DataType.FLOAT32, Shape.of(2, 2)));
          var sum = b.add(new Binary(Binary.Kind.ADD), dequantize(b, quantize(b, x, IN)), z);
          b.graph().addOutput("y", quantize(b, sum, OUT));
        })
        .leaves();
  }

  @Test
  void aResultThatIsAlsoUsedInFloatsStaysFloat() {
    assertPass(FOLD)
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(4), IN));
          var y = b.add(new Unary(Unary.Kind.TANH), dequantize(b, x));
          b.graph().addOutput("y", quantize(b, y, OUT));
          b.graph().addOutput("z", y);
        })
        .within(0)
        .becomes("TANH(x)", "Convert(#0)");
  }

  @Test
  void movementsGoBeforeTheDequantizingNode() {
    assertPass(FOLD)
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(2, 6), IN));
          var moved = b.add(new Reshape(false), dequantize(b, x), b.vector(3, 4));
          b.graph().addOutput("y", b.add(new Transpose(List.of(1, 0)), moved));
        })
        .within(0)
        .becomes("Reshape(x, const)", "Transpose(#0)", "Convert(#1)");
  }

  @Test
  void makingQuantizationExplicitUndoesTheFolding() {
    var both =
        new Pipeline(
            "both", List.of(Pipeline.Stage.of(FOLD, new MakeQuantizationExplicit(_ -> false))));
    assertPass(both)
        .on(quantizedConv(false))
        .within(0)
        .becomes(
            "Convert(x)",
            "Convert(#0)",
            "Convert(const)",
            "Convert(const)",
            "Conv(#1, #2, #3)",
            "Convert(#4)",
            "Convert(#5)");
  }

  @Test
  void nodesThatMayKeepQuantizedOperandsDo() {
    assertPass(new MakeQuantizationExplicit(node -> node.op() instanceof Reshape))
        .on(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(2, 6), IN));
          var moved = b.addQuantized(new Reshape(false), DataType.INT8, IN, x, b.vector(12));
          b.graph().addOutput("y", b.add(new Unary(Unary.Kind.TANH), moved));
        })
        .within(0)
        .becomes("Reshape(x, const)", "Convert(#0)", "TANH(#1)");
  }

  private static Graph dequantized(Consumer<GraphBuilder> build) {
    var graph = new Graph("test");
    build.accept(new GraphBuilder(graph));
    new Dequantize().run(graph, new PassLog(false));
    new ConstantFolding().run(graph, new PassLog(false));
    Validator.require(graph);
    for (var node : graph) {
      if (node.op() instanceof Convert) continue;
      assertThat(node.outputs()).noneMatch(value -> value.type().isQuantized());
    }
    return graph;
  }

  @Test
  void aRangeFromZeroStaysAClamp() {
    var graph =
        dequantized(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(4), IN));
          var y = b.add(new Unary(Unary.Kind.SIN), x);
          y.setType(new TensorType(DataType.INT8, Shape.of(4), OUT));
          b.graph().addOutput("y", y);
        });
    assertThat(GraphText.of(graph)).isEqualTo("SIN(x) RELU(#0)");
    assertThat(graph.inputs().get(0).dtype()).isEqualTo(DataType.FLOAT32);
    assertThat(graph.outputNames()).containsExactly("y");
  }

  @Test
  void aRangeToSixStaysAClip() {
    var six = new Quantization.PerTensor(6 / 255f, -128);
    var graph =
        dequantized(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(4), IN));
          var y = b.addQuantized(new Unary(Unary.Kind.NEG), DataType.INT8, six, x);
          b.graph().addOutput("y", y);
        });
    assertThat(graph.nodes().get(1).op()).isEqualTo(new watari.op.ElementwiseOp.Clip(0, 6));
  }

  @Test
  void whatSeesStoredIntegersStillGetsThem() {
    var graph =
        dequantized(b -> {
          var x = b.input("x", new TensorType(DataType.INT8, Shape.of(4), IN));
          b.graph().addOutput("y", b.add(new Cast(DataType.INT32), x));
        });
    assertThat(GraphText.of(graph)).isEqualTo("Convert(x) Cast(#0)");
  }
}
