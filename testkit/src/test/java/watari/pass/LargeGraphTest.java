package watari.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Graphs of many nodes: what is not near linear takes minutes on them.
class LargeGraphTest {
  private static final int NODES = 30_000;
  private static final Duration SECONDS = Duration.ofSeconds(8);

  private static Graph canonical(BiFunction<GraphBuilder, Value, Value> step) {
    var graph = new Graph("large");
    var builder = new GraphBuilder(graph);
    var y = builder.input("x", TensorType.of(DataType.FLOAT32, 4, 6));
    for (int i = 0; i < NODES; i++) y = step.apply(builder, y);
    graph.addOutput("y", y);
    runCanonical(graph);
    Validator.require(graph);
    return graph;
  }

  /// Measured in processor time, which does not count what else the machine does.
  private static void runCanonical(Graph graph) {
    var threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    for (var pass : Pipelines.canonical()) pass.run(graph, new PassLog(false));
    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - start)).isLessThan(SECONDS);
  }

  @Test
  void aLongChainOfTransposesGoes() {
    assertThat(canonical((b, x) -> b.add(new Transpose(List.of(0, 1)), x)).size()).isZero();
    var graph = canonical((b, x) -> b.add(new Transpose(List.of(1, 0)), x));
    assertThat(graph.size()).isZero();
  }

  @Test
  void aLongChainOfReshapesBecomesOne() {
    var graph = canonical((b, x) -> b.add(new Reshape(false), x, b.vector(8, 3)));
    assertThat(graph.size()).isEqualTo(1);
  }

  @Test
  void productsWithOneSharedConstantStay() {
    var graph =
        canonical((b, x) ->
            b.add(new Binary(Binary.Kind.MUL), b.add(new Unary(Unary.Kind.SIN), x), b.scalar(2f)));
    assertThat(graph.size()).isEqualTo(2 * NODES);
  }

  @Test
  void manyReadersOfOneValueBecomeOne() {
    var graph = new Graph("wide");
    var builder = new GraphBuilder(graph);
    var x = builder.input("x", TensorType.of(DataType.FLOAT32, 4, 6));
    Value sum = x;
    for (int i = 0; i < NODES; i++) {
      var turned =
          builder.add(new Transpose(List.of(1, 0)), builder.add(new Transpose(List.of(1, 0)), x));
      sum = builder.add(new Binary(Binary.Kind.SUB), turned, sum);
    }
    graph.addOutput("y", sum);
    runCanonical(graph);
    assertThat(graph.size()).isEqualTo(NODES);
  }
}
