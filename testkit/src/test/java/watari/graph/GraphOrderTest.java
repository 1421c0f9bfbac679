package watari.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// The order of nodes where many come to one place.
class GraphOrderTest {
  private static final TensorType TYPE = TensorType.of(DataType.FLOAT32, 4);

  private final Graph graph = new Graph("g");
  private final Value x = graph.addInput("x", TYPE);

  private Node insert(Optional<Node> place) {
    return graph.insert(
        place,
        new Unary(Unary.Kind.SIN),
        List.of(x),
        List.of("y"),
        List.of(TYPE),
        List.of(),
        List.of());
  }

  /// @param next where to insert after a node was inserted
  private void expand(int count, Node first, UnaryOperator<Node> next) {
    var threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    Node place = first;
    for (int i = 0; i < count; i++) place = next.apply(insert(Optional.of(place)));
    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - start))
        .isLessThan(Duration.ofSeconds(4));
    assertOrdered();
  }

  private void assertOrdered() {
    Node before = null;
    for (var node : graph) {
      if (before != null) {
        assertThat(Graph.isBefore(before, node)).isTrue();
        assertThat(Graph.isBefore(node, before)).isFalse();
      }
      before = node;
    }
  }

  /// As many nodes as a large model has, around the place.
  private Node middle() {
    for (int i = 0; i < 100_000; i++) insert(Optional.empty());
    return graph.nodes().get(50_000);
  }

  @Test
  void aNodeExpandsIntoManyBeforeIt() {
    var place = middle();
    expand(100_000, place, _ -> place);
  }

  @Test
  void manyNodesComeEachBeforeTheLatest() {
    expand(100_000, middle(), made -> made);
  }

  @Test
  void nodesKeepTheirOrderWhereverOthersCome() {
    var random = new Random(1);
    insert(Optional.empty());
    for (int i = 0; i < 2_000; i++) {
      var nodes = graph.nodes();
      var place = nodes.get(random.nextInt(nodes.size()));
      int count = random.nextInt(30);
      for (int j = 0; j < count; j++) insert(Optional.of(place));
      if (i > 20 && nodes.size() > 3_000) nodes.subList(0, 2_000).forEach(graph::remove);
      if (i % 10 == 0) assertOrdered();
    }
    assertOrdered();
  }
}
