package watari.pass.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.Padding;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// On random graphs of up to 12 nodes without a layout of their own between convolutions that
/// demand one or the other, no choice of layouts needs fewer Transposes. All tensors have one size.
class OptimalLayoutTest {
  /// A convolution of one group wants channels last, of more groups first.
  private static Optional<Layout> demand(Op op) {
    if (!(op instanceof Conv conv)) return Optional.empty();
    return Optional.of(conv.groups() == 1 ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST);
  }

  @Test
  void noChoiceNeedsFewerTransposes() {
    for (long seed = 0; seed < 200; seed++) {
      var graph = randomGraph(new Random(seed));
      int best = bruteForce(graph);
      var report =
          AssignLayouts.run(
              graph,
              OptimalLayoutTest::demand,
              Layout.CHANNELS_LAST,
              LayoutWishes.KEEP,
              new PassLog(false));
      assertThat(Validator.check(graph)).as("seed %d", seed).isEmpty();
      assertThat(report.inserted()).as("seed %d", seed).hasSize(best);
    }
  }

  private static Graph randomGraph(Random random) {
    var graph = new Graph("g");
    var builder = new GraphBuilder(graph);
    var values = new ArrayList<Value>();
    values.add(graph.addInput("x", TensorType.of(DataType.FLOAT32, 1, 4, 4, 4)));
    int free = 0;
    while (free < 12) {
      var a = values.get(values.size() - 1 - random.nextInt(Math.min(values.size(), 4)));
      var b = values.get(random.nextInt(values.size()));
      int kind = random.nextInt(5);
      if (kind < 2) {
        values.add(conv(builder, a, kind == 0 ? 1 : 4));
        continue;
      }
      free++;
      values.add(
          kind == 2
              ? builder.add(new Unary(Unary.Kind.TANH), a)
              : builder.add(new Binary(Binary.Kind.ADD), a, b));
    }
    graph.addOutput(conv(builder, values.get(values.size() - 1), 1));
    for (var value : values) {
      if (value.uses().isEmpty()) graph.addOutput(value);
    }
    return graph;
  }

  private static Value conv(GraphBuilder builder, Value x, int groups) {
    var filter = TensorData.filled(TensorData.scalar(1f), Shape.of(4, 4 / groups, 1, 1));
    var op = new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), groups, Layout.CHANNELS_FIRST);
    return builder.add(op, x, builder.constant("w", filter));
  }

  private static int bruteForce(Graph graph) {
    var free = graph.nodes().stream().filter(n -> demand(n.op()).isEmpty()).toList();
    int best = Integer.MAX_VALUE;
    for (int choice = 0; choice < 1 << free.size(); choice++) {
      Map<Node, Layout> layouts = new HashMap<>();
      for (int i = 0; i < free.size(); i++)
        layouts.put(
            free.get(i), (choice >> i & 1) == 0 ? Layout.CHANNELS_FIRST : Layout.CHANNELS_LAST);
      best = Math.min(best, transposes(graph, layouts));
    }
    return best;
  }

  /// One Transpose for each value that a user wants otherwise than it is made.
  private static int transposes(Graph graph, Map<Node, Layout> layouts) {
    var values = new ArrayList<>(graph.inputs());
    for (var node : graph) values.add(node.output());
    int count = 0;
    for (var value : values) {
      var made = value.producer().map(n -> layout(n, layouts)).orElse(Layout.CHANNELS_FIRST);
      boolean differs =
          graph.isOutput(value) && made != Layout.CHANNELS_FIRST
              || value.uses().stream().anyMatch(use -> layout(use.node(), layouts) != made);
      if (differs) count++;
    }
    return count;
  }

  private static Layout layout(Node node, Map<Node, Layout> layouts) {
    return demand(node.op()).orElseGet(() -> layouts.get(node));
  }
}
