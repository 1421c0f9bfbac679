package watari.pass.edit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.State;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.ShapeOp.Reshape;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.GraphText;

class EditPassesTest {
  private static PassLog run(Pass pass, Graph graph) {
    var log = new PassLog(false);
    pass.run(graph, log);
    Validator.require(graph);
    return log;
  }

  private static Graph chain() {
    var b = new GraphBuilder(new Graph("chain"));
    var type = new TensorType(DataType.FLOAT32, Shape.of(Dim.named("N"), Dim.of(4)));
    var a = b.addNamed("a", new Unary(Unary.Kind.NEG), b.input("x", type));
    var c = b.addNamed("c", new Unary(Unary.Kind.EXP), a);
    b.graph().addOutput("y", b.addNamed("d", new Binary(Binary.Kind.ADD), c, b.input("z", type)));
    return b.graph();
  }

  @Test
  void aCutGraphHasTheNamedEnds() {
    var graph = chain();
    assertThat(run(new CutGraph(List.of("a"), List.of("c")), graph).findings()).isEmpty();
    assertThat(GraphText.of(graph)).isEqualTo("EXP(a)");
    assertThat(graph.outputNames()).containsExactly("c");
  }

  @Test
  void anUnknownNameIsAnErrorWithNearOnes() {
    var findings = run(new CutGraph(List.of(), List.of("zz")), chain()).findings();
    assertThat(findings).extracting(Finding::code).containsExactly("NAME_UNKNOWN");
    assertThat(findings.get(0).fix()).contains("z");
  }

  @Test
  void anInputThatIsStillNeededIsAnError() {
    var findings = run(new CutGraph(List.of("a"), List.of()), chain()).findings();
    assertThat(findings).extracting(Finding::code).containsExactly("INPUT_NEEDED");
  }

  @Test
  void aBatchReplacesTheNamedDimEverywhere() {
    var graph = chain();
    run(new SetInputShapes(Map.of(), 5), graph);
    assertThat(graph.outputs().get(0).shape()).isEqualTo(Shape.of(5, 4));
  }

  @Test
  void aFrozenShapeIsReported() {
    var b = new GraphBuilder(new Graph("frozen"));
    var x = b.input("x", TensorType.of(DataType.FLOAT32, 1, 4));
    b.graph().addOutput("y", b.add(new Reshape(false), x, b.vector(1, 4)));
    var log = new PassLog(false);
    new SetInputShapes(Map.of(), 3).run(b.graph(), log);
    assertThat(log.findings()).extracting(Finding::code).contains("SHAPE_FROZEN");
  }

  private static Graph counter() {
    var graph = new Graph("counter");
    var b = new GraphBuilder(graph);
    var type = TensorType.of(DataType.FLOAT32, 2);
    graph.addState(new State("sum", type, TensorData.ofFloats(Shape.of(2), 1, 2)));
    var x = b.input("x", type);
    Value sum = b.add(new Binary(Binary.Kind.ADD), x, b.add(new ReadState("sum", type)));
    b.add(new WriteState("sum"), List.of(sum), 0, List.of());
    graph.addOutput("y", sum);
    return graph;
  }

  @Test
  void aResetStateBeginsWithItsInitialValue() {
    var graph = counter();
    var findings = run(new ResetState(), graph).findings();
    assertThat(findings).extracting(Finding::code).containsExactly("STATE_RESET");
    assertThat(GraphText.of(graph)).isEqualTo("ADD(x, const)");
    assertThat(graph.states()).isEmpty();
  }

  @Test
  void stateGoesInAndOut() {
    var graph = counter();
    run(new StateToIo(), graph);
    assertThat(GraphText.of(graph)).isEqualTo("ADD(x, sum)");
    assertThat(graph.outputNames()).containsExactly("y", "sum_out");
  }

  /// Adds the iteration's number to a state.
  @Test
  void aStateOfALoopIsCarried() {
    var build = new GraphBuilder(new Graph("loop"));
    var type = TensorType.of(DataType.FLOAT32);
    build.graph().addState(new State("sum", type, TensorData.scalar(1f)));
    var body = new GraphBuilder(new Graph("body"));
    var iteration = body.input("iteration", TensorType.of(DataType.INT64));
    var condition = body.input("condition", TensorType.of(DataType.BOOL));
    var read =
        body.addDeclared(
                new ReadState("sum", type), List.of(), List.of("read"), List.of(type), List.of())
            .output();
    var number = body.add(new Cast(DataType.FLOAT32), iteration);
    var sum = body.add(new Binary(Binary.Kind.ADD), read, number);
    body.add(new WriteState("sum"), List.of(sum), List.of(), List.of());
    body.graph().addOutput("condition", condition);
    body.graph().addOutput("each", sum);
    var inputs = List.of(build.input("trips", TensorType.of(DataType.INT64)), Value.ABSENT);
    var loop = build.add(new Loop(0, 1), inputs, 1, List.of(body.graph()));
    build.graph().addOutput("all", loop.output());

    LiftStates.run(build.graph());

    Validator.require(build.graph());
    var nodes = build.graph().nodes();
    assertThat(nodes)
        .extracting(node -> node.op().name())
        .containsExactly("ReadState", "Loop", "WriteState");
    assertThat(nodes.get(1).op()).isEqualTo(new Loop(1, 1));
    assertThat(nodes.get(1).input(2)).isEqualTo(nodes.get(0).output());
    assertThat(nodes.get(2).input(0)).isEqualTo(nodes.get(1).output(0));
    assertThat(build.graph().outputs()).containsExactly(nodes.get(1).output(1));
    assertThat(body.graph().nodes())
        .noneMatch(node -> node.op() instanceof ReadState || node.op() instanceof WriteState);
    assertThat(body.graph().outputs()).hasSize(3);
  }
}
