package watari.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import watari.eval.PlainEvaluator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Says what a rule or pass makes of a graph, and that the graph then computes the same.
public final class RuleAssert {
  private static final double ROUNDING = 1e-5;

  private final Pass pass;
  private final Consumer<GraphBuilder> graph;
  private final double tolerance;

  private RuleAssert(Pass pass, Consumer<GraphBuilder> graph, double tolerance) {
    this.pass = pass;
    this.graph = graph;
    this.tolerance = tolerance;
  }

  public static RuleAssert assertRule(Rule<?>... rules) {
    return assertPass(new RulePass("under test", List.of(rules)));
  }

  public static RuleAssert assertPass(Pass pass) {
    return new RuleAssert(pass, builder -> {}, ROUNDING);
  }

  /// The graph to work on: `build` adds inputs, nodes and outputs.
  public RuleAssert on(Consumer<GraphBuilder> build) {
    return new RuleAssert(pass, build, tolerance);
  }

  /// How far elements may be off, in parts of the largest one.
  public RuleAssert within(double parts) {
    return new RuleAssert(pass, graph, parts);
  }

  /// The graph becomes this, see [GraphText], and still gives the same.
  public RuleAssert becomes(String... nodes) {
    var before = built();
    var after = built();
    pass.run(after, new PassLog(true));
    Validator.require(after);
    assertThat(GraphText.of(after)).isEqualTo(String.join(" ", nodes));
    assertSame(before, after);
    return this;
  }

  /// The graph stays as it is, and one reason for it is this.
  public RuleAssert leaves(String reason) {
    var before = built();
    var log = new PassLog(true);
    var after = built();
    pass.run(after, log);
    assertThat(GraphText.of(after)).isEqualTo(GraphText.of(before));
    assertThat(log.left()).extracting(PassLog.Left::reason).contains(reason);
    return this;
  }

  /// The graph stays as it is.
  public RuleAssert leaves() {
    var after = built();
    pass.run(after, new PassLog(true));
    assertThat(GraphText.of(after)).isEqualTo(GraphText.of(built()));
    return this;
  }

  /// The graph that the pass makes, checked to give the same.
  public Graph result() {
    var after = built();
    pass.run(after, new PassLog(true));
    Validator.require(after);
    assertSame(built(), after);
    return after;
  }

  private Graph built() {
    var made = new Graph("test");
    graph.accept(new GraphBuilder(made));
    Validator.require(made);
    return made;
  }

  private void assertSame(Graph before, Graph after) {
    assertThat(after.outputNames()).isEqualTo(before.outputNames());
    for (int seed = 1; seed < 4; seed++) {
      var expected = run(before, seed);
      var actual = run(after, seed);
      for (int i = 0; i < expected.size(); i++) {
        Tensors.assertClose(actual.get(i), expected.get(i), tolerance);
      }
    }
  }

  /// The outputs for random inputs; the same seed gives the same inputs to equal interfaces.
  static List<TensorData> run(Graph graph, long seed) {
    var random = new Random(seed);
    Map<Value, TensorData> inputs = new HashMap<>();
    for (var input : graph.inputs())
      inputs.put(input, Tensors.random(settled(input.type()), random));
    return new PlainEvaluator().run(graph, inputs);
  }

  /// The type with 3 for each dim that is not known.
  private static TensorType settled(TensorType type) {
    return type.with(
        Shape.of(
            type.shape().dims().stream().map(dim -> dim.isFixed() ? dim : Dim.of(3)).toList()));
  }
}
