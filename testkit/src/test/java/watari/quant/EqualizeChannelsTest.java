package watari.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.Padding;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Two channels between convolutions, the second with numbers a hundredth of the first's.
class EqualizeChannelsTest {
  private static final QuantizationRules RULES =
      new QuantizationRules(_ -> false).on(OperatorRule.product(), Conv.class);
  private static final Op RELU = new Unary(Unary.Kind.RELU);

  private static Conv conv(int groups) {
    return new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), groups, Layout.CHANNELS_LAST);
  }

  private static Graph graph(Op between, boolean isDepthwise) {
    var graph = new Graph("g");
    var b = new GraphBuilder(graph);
    var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 1, 1, 1));
    var w = b.constant("w", TensorData.ofFloats(Shape.of(2, 1, 1, 1), 4, 0.04f));
    var bias = b.constant("b", TensorData.ofFloats(Shape.of(2), 1, 0.01f));
    var h = b.addNamed("h", conv(1), x, w, bias);
    var f = b.addNamed("f", between, h);
    var shape = isDepthwise ? Shape.of(2, 1, 1, 1) : Shape.of(1, 1, 1, 2);
    var v = b.constant("v", TensorData.ofFloats(shape, 3, 12));
    graph.addOutput("y", b.addNamed("y", conv(isDepthwise ? 2 : 1), f, v));
    return graph;
  }

  private static Map<String, ChannelStatistics> seen(Graph graph, float... peaks) {
    var seen = EqualizeChannels.asked(graph, RULES);
    var shape = Shape.of(1, 1, 1, 2);
    seen.values().forEach(each -> each.add(TensorData.ofFloats(shape, peaks)));
    return seen;
  }

  private static float[] numbers(Node node, int i) {
    return node.input(i).constant().orElseThrow().floats();
  }

  private static Node product(Graph graph, String output) {
    return graph.nodes().stream()
        .filter(node -> node.output().name().equals(output))
        .findFirst()
        .orElseThrow();
  }

  private static double[] scales(Graph graph) {
    var first = product(graph, "h");
    var second = product(graph, "y");
    var scales = new double[2];
    for (int c = 0; c < 2; c++) {
      double w = c == 0 ? 4 : 0.04f;
      scales[c] = w / numbers(first, 1)[c];
      assertThat(numbers(first, 2)[c] * scales[c]).isCloseTo(c == 0 ? 1 : 0.01, offset(1e-6));
      assertThat(numbers(second, 1)[c] / scales[c]).isCloseTo(c == 0 ? 3 : 12, offset(1e-4));
    }
    return scales;
  }

  private static double[] equalized(Op between, boolean isDepthwise, float... peaks) {
    var graph = graph(between, isDepthwise);
    new EqualizeChannels(seen(graph, peaks)).run(graph, new PassLog(false));
    return scales(graph);
  }

  @Test
  void smallChannelsGrowAsFarAsTheWeightsBehindThemAllow() {
    // √(8 / 3) and √(0.5 / 12): a quarter of the numbers' ratio is in the weights.
    var scales = equalized(RELU, false, 8, 0.5f);
    assertThat(scales[0]).isCloseTo(1, offset(1e-6));
    assertThat(scales[1]).isCloseTo(Math.sqrt(0.5 / 12 / (8 / 3.0)), offset(1e-6));
  }

  @Test
  void weightsOfOneChannelEachAllowAll() {
    assertThat(equalized(RELU, true, 8, 0.5f)[1]).isCloseTo(0.5 / 8, offset(1e-6));
  }

  @Test
  void noChannelGrowsWithoutEnd() {
    assertThat(equalized(RELU, true, 8, 0)[1]).isCloseTo(1.0 / 32, offset(1e-6));
  }

  /// 0.5 becomes 6 at most, which is where the clamp stays.
  @Test
  void whatIsClampedGrowsToTheClampAtMost() {
    assertThat(equalized(new Clip(0, 6), true, 3, 0.5f)[1]).isCloseTo(0.5 / 3, offset(1e-6));
    var scales = equalized(new Clip(0, 6), false, 6, 0.5f);
    assertThat(scales[0]).isCloseTo(1, offset(1e-6));
    assertThat(scales[1]).isGreaterThanOrEqualTo(0.5 / 6);
  }

  @Test
  void aFunctionThatBendsElsewhereKeepsAllAsItIs() {
    assertThat(EqualizeChannels.asked(graph(new Unary(Unary.Kind.TANH), false), RULES)).isEmpty();
    assertThat(EqualizeChannels.asked(graph(new Clip(-1, 1), false), RULES)).isEmpty();
  }

  @Test
  void whatOthersUseStaysAsLargeAsItIs() {
    var graph = graph(RELU, false);
    graph.addOutput("f", product(graph, "f").output());
    assertThat(EqualizeChannels.asked(graph, RULES)).isEmpty();
  }
}
