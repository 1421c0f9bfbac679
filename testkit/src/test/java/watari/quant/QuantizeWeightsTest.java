package watari.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.MatMulOp.FullyConnected;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.GraphText;

class QuantizeWeightsTest {
  private static final int INPUTS = 40;

  /// Two rows of weights: one from -1 to 0.95, one from -100 to 95.
  private static Graph graph(float first) {
    var graph = new Graph("g");
    var b = new GraphBuilder(graph);
    var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, INPUTS));
    var values = new float[2 * INPUTS];
    for (int i = 0; i < INPUTS; i++) {
      values[i] = i / 20f - 1;
      values[INPUTS + i] = 5 * i - 100;
    }
    values[0] = first;
    var weights = b.constant("w", TensorData.ofFloats(Shape.of(2, INPUTS), values));
    graph.addOutput("y", b.add(new FullyConnected(), x, weights));
    graph.addOutput("z", b.add(new FullyConnected(), x, weights));
    return graph;
  }

  private static Graph quantized(Graph graph, boolean isDynamic, boolean isPerTensor) {
    new QuantizeWeights(isDynamic, isPerTensor).run(graph, new PassLog(false));
    Validator.check(graph);
    return graph;
  }

  private static Value weights(Graph graph) {
    return graph.firstNode().orElseThrow().input(isConvert(graph) ? 0 : 1);
  }

  private static boolean isConvert(Graph graph) {
    return graph.firstNode().orElseThrow().inputs().size() == 1;
  }

  @Test
  void weightsAreDecodedOnceForAllThatUseThem() {
    assertThat(GraphText.of(quantized(graph(-1), false, false)))
        .isEqualTo("Convert(const) FullyConnected(x, #0) FullyConnected(x, #0)");
  }

  @Test
  void dynamicProductsTakeTheIntegers() {
    var graph = quantized(graph(-1), true, false);
    assertThat(GraphText.of(graph)).isEqualTo("FullyConnected(x, const) FullyConnected(x, const)");
    assertThat(weights(graph).dtype()).isEqualTo(DataType.INT8);
  }

  @Test
  void eachOutputHasAScaleSoThatItsLargestWeightIs127() {
    var weights = weights(quantized(graph(-1), true, false));
    assertThat(weights.type().quantization())
        .isEqualTo(new PerAxis(0, List.of(1 / 127f, 100 / 127f), List.of(0L, 0L)));
    var stored = weights.constant().orElseThrow();
    assertThat(stored.longAt(0)).isEqualTo(-127);
    // 0.95 · 127 = 120.65, and 95 / 100 · 127 the same.
    assertThat(stored.longAt(INPUTS - 1)).isEqualTo(121);
    assertThat(stored.longAt(2 * INPUTS - 1)).isEqualTo(121);
  }

  @Test
  void oneScaleForTheTensorIsTheLargest() {
    var weights = weights(quantized(graph(-1), true, true));
    assertThat(weights.type().quantization()).isEqualTo(new PerTensor(100 / 127f, 0));
    assertThat(weights.constant().orElseThrow().longAt(0)).isEqualTo(-1);
  }

  @Test
  void weightsThatAreNotFiniteStayFloats() {
    assertThat(weights(quantized(graph(Float.NEGATIVE_INFINITY), true, false)).dtype())
        .isEqualTo(DataType.FLOAT32);
    assertThat(weights(quantized(graph(Float.NaN), true, false)).dtype())
        .isEqualTo(DataType.FLOAT32);
  }
}
