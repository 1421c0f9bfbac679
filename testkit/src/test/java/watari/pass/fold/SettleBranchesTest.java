package watari.pass.fold;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Origin;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class SettleBranchesTest {
  private final Graph graph = new Graph("test");
  private final GraphBuilder build = new GraphBuilder(graph);
  private final Value condition = build.input("condition", TensorType.of(DataType.BOOL));
  private final Value x =
      build.input(
          "x",
          new TensorType(
              DataType.FLOAT32, Shape.of(Dim.named("n"), Dim.of(4), Dim.named("length"))));

  private static final Op ABS = new Unary(Unary.Kind.ABS);

  /// A branch of one operator, whose last inputs are axes.
  private Graph branch(String name, Op op, long... axes) {
    var body = new Graph(name);
    var inside = new GraphBuilder(body);
    var taken = inside.input("taken", x.type());
    var inputs = axes.length == 0 ? List.of(taken) : List.of(taken, inside.vector(axes));
    body.addOutput("result", inside.add(op, inputs));
    return body;
  }

  private Value choice(Value of, Graph then, Graph otherwise) {
    return build
        .from(new Origin("choice", 0, "If-16"))
        .add(new If(), List.of(of, x), 1, List.of(then, otherwise))
        .output();
  }

  private PassLog settle(Value output) {
    graph.addOutput("y", output);
    var log = new PassLog(false);
    SettleBranches.known().run(graph, log);
    SettleBranches.tried().run(graph, log);
    new DeadCode().run(graph, log);
    Validator.require(graph);
    return log;
  }

  @Test
  void aConstantConditionTakesItsBranch() {
    var no = build.constant(TensorData.scalar(DataType.BOOL, 0));
    settle(choice(no, branch("then", ABS), branch("else", new Identity())));
    assertThat(graph.nodes())
        .singleElement()
        .satisfies(node -> {
          assertThat(node.op()).isEqualTo(new Identity());
          assertThat(node.input(0)).isSameAs(x);
        });
    assertThat(graph.outputNames()).containsExactly("y");
  }

  @Test
  void aBranchWithWhichALaterNodeCannotRunIsNotTaken() {
    var chosen =
        choice(condition, branch("then", new Squeeze(), 2), branch("else", new Identity()));
    var swap = build.from(new Origin("swap", 1, "Transpose-13"));
    var log = settle(swap.add(new Transpose(List.of(1, 0)), chosen));
    assertThat(graph.nodes())
        .extracting(watari.graph.Node::op)
        .containsExactly(new Squeeze(), new Transpose(List.of(1, 0)));
    assertThat(log.findings())
        .extracting(Finding::toString)
        .singleElement()
        .asString()
        .contains(
            "node 'choice' (If-16): only its then branch can run: with the other, node 'swap'")
        .contains("[BRANCH_SETTLED]");
  }

  @Test
  void aBranchThatCannotRunItselfIsNotTaken() {
    var broken = branch("then", new Transpose(List.of(2, 1, 0)));
    graph.inputs().get(1).setType(x.type().with(Shape.of(3, 4)));
    settle(choice(condition, broken, branch("else", ABS)));
    assertThat(graph.nodes()).extracting(watari.graph.Node::op).containsExactly(ABS);
  }

  @Test
  void whereBothCanRunNothingIsSettled() {
    var chosen =
        choice(condition, branch("then", new Squeeze(), 2), branch("else", new Unsqueeze(), 0));
    var log = settle(build.add(ABS, chosen));
    assertThat(graph.nodes()).hasSize(2);
    assertThat(log.findings()).isEmpty();
  }

  @Test
  void whereNeitherCanRunNothingIsSettled() {
    var chosen =
        choice(condition, branch("then", new Identity()), branch("else", new Unsqueeze(), 0));
    settle(build.add(new Transpose(List.of(1, 0)), chosen));
    assertThat(graph.nodes().get(0).op()).isEqualTo(new If());
  }

  @Test
  void shapesAndSmallConstantsAreKnownInside() {
    graph.inputs().get(1).setType(x.type().with(Shape.of(3, 4, 5)));
    settle(choice(condition, branch("then", new ShapeOf(DataType.INT64)), shapes()));
    var then = graph.nodes().get(0).bodies().get(0);
    assertThat(then.inputs().get(0).shape()).isEqualTo(Shape.of(3, 4, 5));
  }

  private Graph shapes() {
    var body = new Graph("else");
    var inside = new GraphBuilder(body);
    inside.input("taken", x.type());
    body.addOutput("result", inside.vector(1, 2, 3));
    return body;
  }
}
