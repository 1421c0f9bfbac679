package watari.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class BiasCorrectionTest {
  private static final Conv POINTWISE =
      new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_LAST);
  private static final QuantizationRules RULES =
      new QuantizationRules(_ -> false).on(OperatorRule.product(), Conv.class);

  /// A convolution of two inputs: the second weight is a third of a step of the first.
  private static Graph graph() {
    var graph = new Graph("g");
    var b = new GraphBuilder(graph);
    var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 1, 1, 2));
    var weights = TensorData.ofFloats(Shape.of(1, 1, 1, 2), 127, 1 / 3f);
    graph.addOutput("y", b.addNamed("y", POINTWISE, x, b.constant("w", weights)));
    return graph;
  }

  private static Value bias(boolean isCorrected) {
    var graph = graph();
    var means = ChannelStatistics.asked(graph, RULES);
    var random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      float second = 2.5f + random.nextFloat();
      var sample = TensorData.ofFloats(Shape.of(1, 1, 1, 2), random.nextFloat() - 0.5f, second);
      means.values().forEach(each -> each.add(sample));
    }
    var range = new Range(-4, 4);
    var settings =
        new QuantizationSettings(
            DataType.INT8,
            false,
            Map.of("x", range, "y", new Range(-100, 100)),
            isCorrected ? means : Map.of(),
            Set.of());
    new QuantizeActivations(RULES, settings).run(graph, new PassLog(false));
    return product(graph).input(2);
  }

  private static Node product(Graph graph) {
    return graph.nodes().stream()
        .filter(node -> !(node.op() instanceof Convert))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theBiasMakesUpForWeightsThatBecomeZero() {
    var bias = bias(true);
    var real =
        bias.constant().orElseThrow().dequantized(bias.type().quantization(), DataType.FLOAT32);
    // A third of 3, the mean of the second channel.
    assertThat(real.doubleAt(0)).isCloseTo(1, offset(0.02));
  }

  @Test
  void withoutMeansThereIsNoBias() {
    assertThat(bias(false).isPresent()).isFalse();
  }

  /// Two places and a kernel of three: either end of it lies on padding for one of two outputs.
  @Test
  void elementsOnPaddingMoveNothing() {
    var graph = new Graph("g");
    var b = new GraphBuilder(graph);
    var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 1, 2, 1));
    var weights = TensorData.ofFloats(Shape.of(1, 1, 3, 1), 1 / 3f, 127, 1 / 3f);
    var padded =
        new Conv(List.of(1, 1), List.of(1, 1), new Padding.Same(true), 1, Layout.CHANNELS_LAST);
    graph.addOutput("y", b.addNamed("y", padded, x, b.constant("w", weights)));
    var means = ChannelStatistics.asked(graph, RULES);
    means.values().forEach(each -> each.add(TensorData.ofFloats(x.shape(), 2, 4)));
    var settings =
        new QuantizationSettings(
            DataType.INT8,
            false,
            Map.of("x", new Range(-4, 4), "y", new Range(-1000, 1000)),
            means,
            Set.of());
    new QuantizeActivations(RULES, settings).run(graph, new PassLog(false));
    var bias = product(graph).input(2);
    var real =
        bias.constant().orElseThrow().dequantized(bias.type().quantization(), DataType.FLOAT32);
    // Twice a third of 3, the mean, for half of the outputs.
    assertThat(real.doubleAt(0)).isCloseTo(1, offset(0.02));
  }
}
