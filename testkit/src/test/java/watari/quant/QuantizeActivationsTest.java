package watari.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.Op;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Reshape;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.GraphText;

class QuantizeActivationsTest {
  private static final TensorType FOUR = TensorType.of(DataType.FLOAT32, 1, 4);
  private static final Range UNIT = new Range(-1, 1);

  /// -1 to 1 in 255 steps: `-128 + 1 / scale` is a little below -0.5.
  private static final PerTensor OF_UNIT = new PerTensor(2f / 255, -1);

  private static boolean isRelu(Node node) {
    return node.op() instanceof Unary(var kind) && kind == Unary.Kind.RELU;
  }

  private static final QuantizationRules RULES =
      new QuantizationRules(
              node -> isRelu(node) && node.producer(0, FullyConnected.class).isPresent())
          .on(OperatorRule.product(), FullyConnected.class)
          .on(OperatorRule.own(), Unary.Kind.RELU, Binary.Kind.ADD)
          .on(OperatorRule.fixed(1f / 256, -128, 1f / 32768), Unary.Kind.SIGMOID)
          .on(OperatorRule.moved(), Reshape.class)
          .on(OperatorRule.shared(), Concat.class, Binary.Kind.MAX);

  private static Graph quantized(
      DataType activations,
      Map<String, Range> ranges,
      Set<String> floats,
      Consumer<GraphBuilder> made) {
    var graph = new Graph("g");
    made.accept(new GraphBuilder(graph));
    var settings = new QuantizationSettings(activations, false, ranges, Map.of(), floats);
    new QuantizeActivations(RULES, settings).run(graph, new PassLog(false));
    Validator.check(graph);
    return graph;
  }

  private static Graph quantized(Map<String, Range> ranges, Consumer<GraphBuilder> made) {
    return quantized(DataType.INT8, ranges, Set.of(), made);
  }

  private static Value product(GraphBuilder b, Value x) {
    var weights = b.constant("w", TensorData.ofFloats(Shape.of(2, 4), 1, -2, 0, 0, 0, 0, 0.5f, 0));
    var bias = b.constant("b", TensorData.ofFloats(Shape.of(2), 1, -1));
    return b.addNamed("y", new FullyConnected(), x, weights, bias);
  }

  private static Quantization stored(Graph graph, String name) {
    return graph.nodes().stream()
        .flatMap(node -> node.outputs().stream())
        .filter(value -> value.name().equals(name))
        .map(value -> value.type().quantization())
        .findFirst()
        .orElseThrow();
  }

  private static Node node(Graph graph, Class<? extends Op> kind) {
    return graph.nodes().stream().filter(n -> kind.isInstance(n.op())).findFirst().orElseThrow();
  }

  @Test
  void aProductHasWeightsForEachOutputAndABiasOfBothScales() {
    var graph =
        quantized(
            Map.of("x", UNIT, "y", new Range(-4, 4)),
            b -> b.graph().addOutput("y", product(b, b.input("x", FOUR))));
    assertThat(GraphText.of(graph))
        .isEqualTo("Convert(x) FullyConnected(#0, const, const) Convert(#1)");
    assertThat(graph.outputs().getFirst().name()).isEqualTo("y");
    var product = node(graph, FullyConnected.class);
    assertThat(product.input(0).type().quantization()).isEqualTo(OF_UNIT);
    assertThat(product.output().type().quantization()).isEqualTo(new PerTensor(8f / 255, -1));
    float first = 2f / 127;
    float second = 0.5f / 127;
    var zeros = List.of(0L, 0L);
    assertThat(product.input(1).type().quantization())
        .isEqualTo(new PerAxis(0, List.of(first, second), zeros));
    assertThat(product.input(1).constant().orElseThrow().longs())
        .containsExactly(64, -127, 0, 0, 0, 0, 127, 0);
    var bias = product.input(2);
    assertThat(bias.type())
        .isEqualTo(
            new TensorType(
                DataType.INT32,
                Shape.of(2),
                new PerAxis(0, List.of(first * (2f / 255), second * (2f / 255)), zeros)));
    // 1 / (2/127 · 2/255) = 8096.25, and -1 / (0.5/127 · 2/255) = -32385.
    assertThat(bias.constant().orElseThrow().longs()).containsExactly(8096, -32385);
  }

  @Test
  void activationsOf16BitsAreSymmetricWithABiasOf64() {
    var graph =
        quantized(
            DataType.INT16,
            Map.of("x", new Range(-1, 0.5), "y", new Range(-4, 4)),
            Set.of(),
            b -> b.graph().addOutput("y", product(b, b.input("x", FOUR))));
    var product = node(graph, FullyConnected.class);
    assertThat(product.input(0).type().quantization()).isEqualTo(new PerTensor(1f / 32767, 0));
    assertThat(product.input(2).dtype()).isEqualTo(DataType.INT64);
  }

  @Test
  void aBiasThatWouldNotFitMakesWeightsCoarser() {
    var graph =
        quantized(
            Map.of("x", new Range(-1e-6, 1e-6), "y", new Range(-4, 4)),
            b -> {
              var weights = b.constant("w", TensorData.ofFloats(Shape.of(1, 4), 1e-4f, 0, 0, 0));
              var bias = b.constant("b", TensorData.ofFloats(Shape.of(1), 3));
              var x = b.input("x", FOUR);
              b.graph().addOutput("y", b.addNamed("y", new FullyConnected(), x, weights, bias));
            });
    var bias = node(graph, FullyConnected.class).input(2);
    var real =
        bias.constant().orElseThrow().dequantized(bias.type().quantization(), DataType.FLOAT32);
    assertThat(real.doubleAt(0)).isCloseTo(3, org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void whatIsComputedAlongIsNotStored() {
    var graph =
        quantized(
            Map.of("x", UNIT, "z", new Range(0, 2.55)),
            b ->
                b.graph()
                    .addOutput(
                        "z",
                        b.addNamed(
                            "z", new Unary(Unary.Kind.RELU), product(b, b.input("x", FOUR)))));
    assertThat(GraphText.of(graph))
        .isEqualTo("Convert(x) FullyConnected(#0, const, const) RELU(#1) Convert(#2)");
    assertThat(node(graph, FullyConnected.class).output().type().isQuantized()).isFalse();
    assertThat(node(graph, Unary.class).output().type().quantization())
        .isEqualTo(new PerTensor(2.55f / 255, -128));
  }

  @Test
  void movementsShareAScaleThatHoldsAll() {
    var both =
        quantized(
            Map.of("x", UNIT, "y", UNIT, "a", UNIT, "b", new Range(0, 3), "c", new Range(-1, 3)),
            b -> {
              var x = b.addNamed("a", new Unary(Unary.Kind.RELU), b.input("x", FOUR));
              var y = b.addNamed("b", new Unary(Unary.Kind.RELU), b.input("y", FOUR));
              b.graph().addOutput("c", b.addNamed("c", new Concat(1), x, y));
            });
    assertThat(stored(both, "a")).isEqualTo(new PerTensor(4f / 255, -64));
    assertThat(stored(both, "b")).isEqualTo(new PerTensor(4f / 255, -64));
  }

  @Test
  void aFixedScaleIsStoredAnewWhereOthersDoNotFitIntoIt() {
    var graph =
        quantized(
            Map.of("x", UNIT, "a", new Range(0, 1), "c", UNIT),
            b -> {
              var x = b.input("x", FOUR);
              var y = b.addNamed("a", new Unary(Unary.Kind.SIGMOID), x);
              b.graph().addOutput("c", b.addNamed("c", new Concat(1), x, y));
            });
    assertThat(stored(graph, "a")).isEqualTo(new PerTensor(1f / 256, -128));
    var concat = node(graph, Concat.class);
    assertThat(concat.input(0).type().quantization()).isEqualTo(OF_UNIT);
    assertThat(concat.input(1).type().quantization()).isEqualTo(OF_UNIT);
  }

  @Test
  void aBoundDoesNotWidenWhatItBounds() {
    var graph =
        quantized(
            Map.of("x", UNIT, "y", UNIT),
            b -> {
              var bound = b.constant("bound", TensorData.scalar(-1000f));
              var x = b.input("x", FOUR);
              b.graph().addOutput("y", b.addNamed("y", new Binary(Binary.Kind.MAX), x, bound));
            });
    // Alone between floats it would be stored for nothing.
    assertThat(GraphText.of(graph)).isEqualTo("MAX(x, const)");
    var added =
        quantized(
            Map.of("x", UNIT, "y", UNIT, "z", UNIT),
            b -> {
              var bound = b.constant("bound", TensorData.scalar(-1000f));
              var x = b.input("x", FOUR);
              var y = b.addNamed("y", new Binary(Binary.Kind.MAX), x, bound);
              b.graph().addOutput("z", b.addNamed("z", new Binary(Binary.Kind.ADD), y, y));
            });
    assertThat(stored(added, "y")).isEqualTo(OF_UNIT);
    assertThat(node(added, Binary.class).input(1).constant().orElseThrow().longAt(0))
        .isEqualTo(-128);
  }

  @Test
  void nodesThatAreToStayFloatDo() {
    var graph =
        quantized(
            DataType.INT8,
            Map.of("x", UNIT, "y", UNIT, "z", UNIT),
            Set.of("y"),
            b -> {
              var y = product(b, b.input("x", FOUR));
              b.graph().addOutput("z", b.addNamed("z", new Unary(Unary.Kind.SIGMOID), y));
            });
    assertThat(GraphText.of(graph))
        .isEqualTo("FullyConnected(x, const, const) Convert(#0) SIGMOID(#1) Convert(#2)");
  }

  @Test
  void resultsThatNothingTakesAsIntegersMayStayFloats() {
    var rules =
        new QuantizationRules(_ -> false)
            .leavingFloats()
            .on(OperatorRule.product(), FullyConnected.class);
    var graph = new Graph("g");
    var b = new GraphBuilder(graph);
    var first = product(b, b.input("x", FOUR));
    var weights = b.constant("v", TensorData.ofFloats(Shape.of(1, 2), 1, -1));
    graph.addOutput("z", b.addNamed("z", new FullyConnected(), first, weights));
    var ranges = Map.of("x", UNIT, "y", UNIT, "z", UNIT);
    var settings = new QuantizationSettings(DataType.INT8, false, ranges, Map.of(), Set.of());
    new QuantizeActivations(rules, settings).run(graph, new PassLog(false));
    Validator.check(graph);
    assertThat(stored(graph, "y")).isEqualTo(OF_UNIT);
    assertThat(graph.outputs().getFirst().producer().orElseThrow().op())
        .isInstanceOf(FullyConnected.class);
    assertThat(graph.outputs().getFirst().type().isQuantized()).isFalse();
  }
}
