package watari.pass.replace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.eval.PlainEvaluator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.MatMulOp.Det;
import watari.op.MatMulOp.Einsum;
import watari.op.Op;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Rnn;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.SignalOp.Dft;
import watari.rewrite.PassLog;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that have no kernel of ours, taken apart: the parts give what was worked out by hand.
class ReplaceOperatorsTest {
  /// What an operator gives after the rules have taken it apart; an empty tensor stands for an
  /// absent input.
  private static double[] outputs(List<? extends Rule<?>> rules, Op op, TensorData... inputs) {
    var graph = new Graph("test");
    var builder = new GraphBuilder(graph);
    var given = new java.util.ArrayList<Value>();
    for (var input : inputs) {
      given.add(input.size() == 0 ? Value.ABSENT : builder.constant("input", input));
    }
    graph.addOutput("result", builder.add(op, given));
    new RulePass("replace", List.copyOf(rules)).run(graph, new PassLog(true));
    Validator.require(graph);
    assertThat(graph.nodes()).noneMatch(node -> node.op().getClass() == op.getClass());
    return new PlainEvaluator().run(graph, Map.of()).get(0).doubles();
  }

  private static TensorData floats(Shape shape, float... values) {
    return TensorData.ofFloats(shape, values);
  }

  private static final TensorData NONE = TensorData.ofFloats(Shape.of(0));
  private static final TensorData SQUARE = floats(Shape.of(2, 2), 1, 2, 3, 4);

  private static Resize resize(Mode mode, Coordinates coordinates) {
    return new Resize(
        mode,
        coordinates,
        Nearest.FLOOR,
        -0.75f,
        false,
        false,
        0,
        AspectPolicy.STRETCH,
        List.of(1));
  }

  @Test
  void fakeQuantizationGoesFromItsRangeToAnother() {
    var rules = List.of(ReplaceFakeQuantize.fakeQuantize(_ -> false));
    var x = floats(Shape.of(5), -200, -126.6f, 0.5f, 126, 200);
    var low = floats(Shape.SCALAR, -128);
    var high = floats(Shape.SCALAR, 127);
    var zero = floats(Shape.SCALAR, 0);
    var one = floats(Shape.SCALAR, 510);
    assertThat(outputs(rules, new FakeQuantize(256), x, low, high, zero, one))
        .containsExactly(new double[] {0, 2, 256, 508, 510}, within(1e-4));
  }

  @Test
  void einsumMultipliesMatrices() {
    var rules = List.of(ReplaceEinsum.einsum());
    assertThat(outputs(rules, new Einsum("ij,jk->ki"), SQUARE, SQUARE))
        .containsExactly(7, 15, 10, 22);
  }

  @Test
  void einsumTakesDiagonalsAndSums() {
    var rules = List.of(ReplaceEinsum.einsum());
    assertThat(outputs(rules, new Einsum("ii->i"), SQUARE)).containsExactly(1, 4);
    assertThat(outputs(rules, new Einsum("ii->"), SQUARE)).containsExactly(5);
    assertThat(outputs(rules, new Einsum("...j->..."), SQUARE)).containsExactly(3, 7);
  }

  @Test
  void determinantsAreExpanded() {
    var matrix = floats(Shape.of(3, 3), 2, 0, 1, 1, 3, 2, 1, 1, 4);
    assertThat(outputs(ReplaceRegions.all(), new Det(), SQUARE)).containsExactly(-2);
    assertThat(outputs(ReplaceRegions.all(), new Det(), matrix)).containsExactly(18);
  }

  @Test
  void transformOfFourPoints() {
    var x = floats(Shape.of(1, 4, 1), 1, 2, 3, 4);
    assertThat(outputs(ReplaceSignal.all(), new Dft(false, true), x))
        .containsExactly(new double[] {10, 0, -2, 2, -2, 0}, within(1e-6));
    var bins = floats(Shape.of(1, 3, 2), 10, 0, -2, 2, -2, 0);
    assertThat(outputs(ReplaceSignal.all(), new Dft(true, true), bins))
        .containsExactly(new double[] {1, 2, 3, 4}, within(1e-6));
  }

  @Test
  void resizeTakesNearestAndMixesNeighbours() {
    var x = floats(Shape.of(1, 2), 1, 3);
    var twice = floats(Shape.of(1), 2);
    var rules = List.of(ReplaceResize.resize(match -> false));
    assertThat(outputs(rules, resize(Mode.NEAREST, Coordinates.ASYMMETRIC), x, NONE, twice))
        .containsExactly(1, 1, 3, 3);
    assertThat(outputs(rules, resize(Mode.LINEAR, Coordinates.HALF_PIXEL), x, NONE, twice))
        .containsExactly(1, 1.5, 2.5, 3);
  }

  @Test
  void samplesBeyondTheEdgesAreZero() {
    var image = floats(Shape.of(1, 1, 2, 2), 1, 2, 3, 4);
    var grid = floats(Shape.of(1, 1, 3, 2), 0, 0, 1, 1, 3, 3);
    var op = new GridSample(Mode.LINEAR, GridSample.Outside.ZEROS, true, Layout.CHANNELS_FIRST);
    assertThat(outputs(List.of(ReplaceGridSample.gridSample()), op, image, grid))
        .containsExactly(2.5, 4, 0);
  }

  @Test
  void reversedStepsStartAtTheEnd() {
    var x = floats(Shape.of(3, 1, 1), 1, 10, 100);
    var one = floats(Shape.of(1, 1, 1), 1);
    var relu = Collections.nCopies(1, Activation.of(Activation.Kind.RELU));
    var rnn = new Rnn(1, Direction.REVERSE, false, relu, Float.POSITIVE_INFINITY);
    assertThat(outputs(ReplaceRecurrent.all(), rnn, x, one, one)).containsExactly(111, 110, 100);
    var lengths = TensorData.ofInts(Shape.of(1), 2);
    assertThat(outputs(ReplaceRecurrent.all(), rnn, x, one, one, NONE, lengths))
        .containsExactly(11, 10, 0);
  }
}
