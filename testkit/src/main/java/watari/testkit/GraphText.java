package watari.testkit;

import static java.util.stream.Collectors.joining;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import watari.graph.Graph;
import watari.graph.Value;

/// A graph as a line of text: `Conv(x, const, const) Clip(#0)`.
///
/// Graph inputs appear by name, constants as `const`, other values as the number of their node,
/// with the output behind a dot if it is not the first.
public final class GraphText {
  private GraphText() {}

  public static String of(Graph graph) {
    Map<Value, String> names = new HashMap<>();
    graph.inputs().forEach(input -> names.put(input, input.name()));
    var nodes = graph.nodes();
    for (int n = 0; n < nodes.size(); n++) {
      var outputs = nodes.get(n).outputs();
      for (int i = 0; i < outputs.size(); i++) {
        names.put(outputs.get(i), "#" + n + (i == 0 ? "" : "." + i));
      }
    }
    return IntStream.range(0, nodes.size())
        .mapToObj(n ->
            nodes.get(n).op().name()
                + nodes.get(n).inputs().stream()
                    .map(value -> name(value, names))
                    .collect(joining(", ", "(", ")")))
        .collect(joining(" "));
  }

  private static String name(Value value, Map<Value, String> names) {
    if (!value.isPresent()) return "-";
    return value.isConstant() ? "const" : names.getOrDefault(value, "?");
  }
}
