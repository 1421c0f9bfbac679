package watari.pass.replace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.eval.PlainEvaluator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.rewrite.PassLog;
import watari.rewrite.RulePass;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Indices of maxima by comparisons: places that were counted by hand.
class ReplaceMaxIndicesTest {
  private static final float[] NINE = {1, 2, 3, 9, 5, 6, 7, 8, 4};

  private final Graph graph = new Graph("test");
  private final GraphBuilder build = new GraphBuilder(graph);

  private static Window window(int kernel, int stride, int dilation, Padding padding) {
    return new Window(
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(dilation, dilation),
        padding,
        false);
  }

  private static Padding edges(int begin, int end) {
    return new Padding.Explicit(List.of(begin, begin), List.of(end, end));
  }

  private List<TensorData> run(MaxPool op, Value x, Map<Value, TensorData> given) {
    var made = build.add(op, List.of(x), 2, List.of());
    graph.addOutput("y", made.output(0));
    graph.addOutput("indices", made.output(1));
    var rule = ReplaceMaxIndices.rule(_ -> true);
    new RulePass("indices", List.of(rule)).run(graph, new PassLog(true));
    Validator.require(graph);
    assertThat(graph.nodes()).noneMatch(node -> node.outputs().size() > 1);
    return new PlainEvaluator().run(graph, given);
  }

  private long[] indices(MaxPool op, Shape shape, float... values) {
    var x = build.constant(TensorData.ofFloats(shape, values));
    return run(op, x, Map.of()).get(1).longs();
  }

  private static MaxPool pool(Window window) {
    return new MaxPool(window, Layout.CHANNELS_FIRST);
  }

  @Test
  void eachIndexIsThatOfTheWholeTensor() {
    var op = pool(window(2, 1, 1, edges(0, 0)));
    var twice = new float[18];
    for (int i = 0; i < 18; i++) twice[i] = NINE[i % 9];
    assertThat(indices(op, Shape.of(2, 1, 3, 3), twice))
        .containsExactly(3, 5, 3, 7, 12, 14, 12, 16);
  }

  @Test
  void columnsAreCountedFirstWhereTheyAreFastest() {
    var op = new MaxPool(window(2, 1, 1, edges(0, 0)), Layout.CHANNELS_FIRST, true);
    assertThat(indices(op, Shape.of(1, 1, 3, 3), NINE)).containsExactly(1, 7, 1, 5);
  }

  @Test
  void paddingNeverWins() {
    var op = pool(window(2, 2, 1, edges(1, 1)));
    var below = new float[9];
    for (int i = 0; i < 9; i++) below[i] = -NINE[i];
    assertThat(indices(op, Shape.of(1, 1, 3, 3), below)).containsExactly(0, 1, 6, 8);
  }

  @Test
  void elementsBetweenThoseOfAWindowAreLeftOut() {
    var op = pool(window(2, 1, 2, edges(0, 0)));
    assertThat(indices(op, Shape.of(1, 1, 3, 3), NINE)).containsExactly(6);
  }

  @Test
  void theFirstOfEqualElementsIsTaken() {
    var op = pool(window(3, 1, 1, edges(0, 0)));
    assertThat(indices(op, Shape.of(1, 1, 3, 3), 1, 2, 7, 7, 1, 7, 1, 1, 1)).containsExactly(2);
  }

  @Test
  void channelsThatAreLastAreCountedBeforeSpace() {
    var op = new MaxPool(window(2, 2, 1, edges(0, 0)), Layout.CHANNELS_LAST);
    assertThat(indices(op, Shape.of(1, 2, 2, 2), 1, 40, 2, 30, 9, 20, 3, 10)).containsExactly(2, 4);
  }

  @Test
  void anyNumberOfImagesIsCounted() {
    var shape = Shape.of(Dim.named("n"), Dim.of(1), Dim.of(2), Dim.of(2));
    var x = build.input("x", new TensorType(DataType.INT8, shape));
    var given =
        TensorData.ofLongs(DataType.INT8, Shape.of(2, 1, 2, 2), -128, -128, 3, 1, 4, 5, 6, 7);
    var op = pool(window(2, 2, 1, new Padding.Same(true)));
    assertThat(run(op, x, Map.of(x, given)).get(1).longs()).containsExactly(2, 7);
  }
}
