package watari.pass.replace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.eval.PlainEvaluator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;
import watari.op.SequenceOp.Svdf;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks whose gates have operands of their own, taken apart: what is left gives what
/// was worked out by hand.
class ReplaceSequenceTest {
  private final Graph graph = new Graph("test");
  private final GraphBuilder build = new GraphBuilder(graph);

  private Value constant(Shape shape, float... values) {
    return build.constant(TensorData.ofFloats(shape, values));
  }

  private double[][] outputs(SequenceOp op, int count, List<Value> inputs) {
    var made = build.add(op, inputs, count, List.of());
    for (int i = 0; i < count; i++) graph.addOutput("y" + i, made.output(i));
    var log = new PassLog(true);
    ReplaceSequence.pass(_ -> false).run(graph, log);
    ReplaceRecurrent.all()
        .forEach(rule -> new watari.rewrite.RulePass("all", List.of(rule)).run(graph, log));
    Validator.require(graph);
    assertThat(graph.nodes()).noneMatch(node -> node.op() instanceof SequenceOp);
    return new PlainEvaluator()
        .run(graph, Map.of()).stream().map(TensorData::doubles).toArray(double[][]::new);
  }

  private static SequenceRnn rnn(Direction direction, boolean merged, Op activation) {
    return new SequenceRnn(direction, true, activation, merged, false);
  }

  /// `h = 2 x + 3 h`, beginning with `h = 1`.
  private List<Value> cell(Value x) {
    return List.of(
        x,
        constant(Shape.of(1, 1), 2),
        constant(Shape.of(1, 1), 3),
        Value.ABSENT,
        constant(Shape.of(1, 1), 1));
  }

  @Test
  void anRnnAddsWhatCameBefore() {
    var x = constant(Shape.of(1, 2, 1), 1, 10);
    var all = outputs(rnn(Direction.FORWARD, false, new Identity()), 2, cell(x));
    assertThat(all[0]).containsExactly(5, 35);
    assertThat(all[1]).containsExactly(35);
  }

  @Test
  void whatNoRecordHasIsWrittenOut() {
    var x = constant(Shape.of(1, 2, 1), 1, 10);
    var all = outputs(rnn(Direction.FORWARD, false, new Clip(0, 6)), 2, cell(x));
    assertThat(all[0]).containsExactly(5, 6);
  }

  @Test
  void oneStepHasNoAxisOfTime() {
    var all =
        outputs(
            rnn(Direction.FORWARD, false, new Identity()), 2, cell(constant(Shape.of(1, 1), 1)));
    assertThat(all[0]).containsExactly(5);
    assertThat(all[1]).containsExactly(5);
  }

  /// Filters 2 x and 3 x make 4 and 6. The last two of each weigh 1·10 + 5·4 and 2·20 + 7·6; with
  /// the bias they are 30 + 82 + 1.
  @Test
  void theFiltersOfAUnitAreWeighedByAgeAndAddedUp() {
    var all =
        outputs(
            new Svdf(2, new Clip(0, 100), false),
            2,
            List.of(
                constant(Shape.of(1, 1), 2),
                constant(Shape.of(2, 1), 2, 3),
                constant(Shape.of(2, 2), 1, 5, 2, 7),
                constant(Shape.of(1), 1),
                constant(Shape.of(1, 4), 9, 10, 19, 20)));
    assertThat(all[0]).containsExactly(100);
    assertThat(all[1]).containsExactly(10, 4, 20, 6);
  }

  @Test
  void whatIsNotGivenWasZero() {
    var all =
        outputs(
            new Svdf(1, new Identity(), false),
            2,
            List.of(
                constant(Shape.of(1, 1), 2),
                constant(Shape.of(2, 1), 2, 3),
                constant(Shape.of(2, 2), 1, 5, 2, 7)));
    assertThat(all[0]).containsExactly(20, 42);
    assertThat(all[1]).containsExactly(0, 4, 0, 6);
  }

  @Test
  void twoDirectionsStandSideBySide() {
    var x = constant(Shape.of(1, 2, 1), 1, 10);
    var inputs = new ArrayList<>(cell(x));
    inputs.addAll(cell(x).subList(1, 5));
    inputs.add(Value.ABSENT);
    var all = outputs(rnn(Direction.BIDIRECTIONAL, true, new Identity()), 3, inputs);
    // Backwards: 2 * 10 + 3 = 23, then 2 * 1 + 3 * 23 = 71.
    assertThat(all[0]).containsExactly(5, 71, 35, 23);
    assertThat(all[2]).containsExactly(71);
  }

  @Test
  void theBackwardDirectionMayReadAnotherInput() {
    var inputs = new ArrayList<>(cell(constant(Shape.of(1, 2, 1), 1, 10)));
    inputs.addAll(inputs.subList(1, 5));
    inputs.add(constant(Shape.of(1, 2, 1), 0, 1));
    var all = outputs(rnn(Direction.BIDIRECTIONAL, false, new Identity()), 4, inputs);
    assertThat(all[0]).containsExactly(5, 35);
    assertThat(all[1]).containsExactly(15, 5);
  }

  private static SequenceLstm lstm(float cellClip, float projectionClip) {
    return new SequenceLstm(
        Direction.FORWARD,
        true,
        new Unary(Unary.Kind.TANH),
        cellClip,
        projectionClip,
        false,
        false,
        List.of());
  }

  /// One unit; every weight is 0.5, every bias 0.1, and all begins with 0.2.
  private List<Value> operands(Value x) {
    var all = new ArrayList<Value>(Collections.nCopies(24, Value.ABSENT));
    all.set(0, x);
    for (var gate : Gate.values()) {
      all.set(1 + gate.weights(), constant(Shape.of(1, 1), 0.5f));
      all.set(1 + gate.recurrent(), constant(Shape.of(1, 1), 0.5f));
      all.set(1 + gate.bias(), constant(Shape.of(1), 0.1f));
    }
    all.set(1 + SequenceLstm.HIDDEN, constant(Shape.of(1, 1), 0.2f));
    all.set(1 + SequenceLstm.CELL, constant(Shape.of(1, 1), 0.2f));
    return all;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static void assertClose(double[] actual, double... wanted) {
    assertThat(actual).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(actual[i]).isCloseTo(wanted[i], within(1e-6));
    }
  }

  @Test
  void withoutAnInputGateItIsOneLessTheForgetGate() {
    var inputs = operands(constant(Shape.of(1, 1, 1), 1));
    for (int i : List.of(Gate.INPUT.weights(), Gate.INPUT.recurrent(), Gate.INPUT.bias())) {
      inputs.set(1 + i, Value.ABSENT);
    }
    var all = outputs(lstm(0, 0), 3, inputs);
    double gate = sigmoid(0.7);
    double cell = gate * 0.2 + (1 - gate) * Math.tanh(0.7);
    assertClose(all[2], cell);
    assertClose(all[0], gate * Math.tanh(cell));
  }

  @Test
  void peepholesSeeTheCell() {
    var inputs = operands(constant(Shape.of(1, 1, 1), 1));
    for (int i = 0; i < 3; i++)
      inputs.set(1 + SequenceLstm.PEEPHOLES + i, constant(Shape.of(1), i + 1));
    var all = outputs(lstm(0, 0), 3, inputs);
    double cell = sigmoid(0.7 + 2 * 0.2) * 0.2 + sigmoid(0.7 + 0.2) * Math.tanh(0.7);
    assertClose(all[2], cell);
    assertClose(all[1], sigmoid(0.7 + 3 * cell) * Math.tanh(cell));
  }

  @Test
  void theCellAndTheProjectionAreLimited() {
    var inputs = operands(constant(Shape.of(1, 1, 1), 1));
    inputs.set(1 + SequenceLstm.PROJECTION, constant(Shape.of(1, 1), 10));
    inputs.set(2 + SequenceLstm.PROJECTION, constant(Shape.of(1), 1));
    var all = outputs(lstm(0.3f, 2), 3, inputs);
    assertClose(all[2], 0.3);
    assertClose(all[0], 2);
  }

  @Test
  void aNormalizedGateHasItsBiasBehind() {
    var inputs = operands(constant(Shape.of(1, 1, 1), 1));
    for (var gate : Gate.values()) inputs.set(1 + gate.norm(), constant(Shape.of(1), 3));
    // Of one unit nothing but the bias is left.
    var all = outputs(lstm(0, 0), 3, inputs);
    double cell = sigmoid(0.1) * 0.2 + sigmoid(0.1) * Math.tanh(0.1);
    assertClose(all[2], cell);
  }

  @Test
  void aSequenceOfAnyLengthIsARecordOrALoop() {
    var type = new TensorType(DataType.FLOAT32, Shape.of(Dim.of(1), Dim.named("t"), Dim.of(1)));
    for (float limit : List.of(0f, 1f)) {
      var each = new ReplaceSequenceTest();
      var x = each.build.input("x", type);
      each.graph.addOutput(
          "y", each.build.add(lstm(limit, 0), each.operands(x), 1, List.of()).output());
      ReplaceSequence.pass(_ -> false).run(each.graph, new PassLog(true));
      Validator.require(each.graph);
      Class<?> wanted = limit == 0 ? Lstm.class : Loop.class;
      assertThat(each.graph.nodes()).anyMatch(node -> wanted.isInstance(node.op()));
    }
  }

  @Test
  void whatTheTargetHasStays() {
    var made =
        build.add(
            lstm(0, 0),
            operands(build.input("x", TensorType.of(DataType.FLOAT32, 1, 2, 1))),
            1,
            List.of());
    graph.addOutput("y", made.output());
    ReplaceSequence.pass(_ -> true).run(graph, new PassLog(true));
    assertThat(Arrays.asList(graph.nodes().toArray())).contains(made);
  }

  @Test
  void operandsThatDoNotFitEachOtherAreBroken() {
    var op = lstm(0, 0);
    for (int i : List.of(Gate.CELL.weights(), Gate.CELL.recurrent(), SequenceLstm.CELL)) {
      var inputs = operands(constant(Shape.of(1, 1, 1), 1));
      inputs.set(1 + i, constant(Shape.of(1, 2), 0.5f, 0.5f));
      assertThatThrownBy(() -> build.add(op, inputs, 3, List.of()))
          .hasMessageContaining("operand " + i + " has shape [1,2], expected [");
    }
    var inputs = operands(constant(Shape.of(1, 1, 1), 1));
    inputs.set(1 + Gate.CELL.bias(), constant(Shape.of(2), 0.1f, 0.1f));
    assertThatThrownBy(() -> build.add(op, inputs, 3, List.of()))
        .hasMessageContaining("operand 13 has shape [2], expected [1]");
  }
}
