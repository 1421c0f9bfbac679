package watari.api;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Predicate;
import watari.api.Pairing.Pair;
import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;

/// Names the node where two models part.
final class FirstDifference {
  private static final int MOST_SUSPECTS = 8;

  private FirstDifference() {}

  /// @param cleared whether a value of the result is known to be right
  static Finding at(Pair pair, OutputError error, Predicate<Value> cleared) {
    var node = pair.valueB().producer().orElseThrow();
    var origin = node.origin();
    var why =
        "source tensor '%s' and result tensor '%s' are the first that differ: error %.3g of the range"
            .formatted(pair.a(), pair.b(), error.scaled());
    var before = suspects(node, cleared);
    if (!before.isEmpty()) why += "; it may also come from " + String.join(", ", before);
    var operator = origin.operator().isEmpty() ? node.op().name() : origin.operator();
    return Finding.error("FIRST_DIFFERENCE", why).at(origin.node(), origin.index(), operator);
  }

  /// Nodes between this one and what is right: they may be what is wrong.
  private static List<String> suspects(Node last, Predicate<Value> cleared) {
    var found = new LinkedHashSet<String>();
    var waiting = new ArrayDeque<>(List.of(last));
    while (!waiting.isEmpty() && found.size() < MOST_SUSPECTS) {
      for (var input : waiting.poll().inputs()) {
        var producer = input.producer();
        if (producer.isEmpty() || cleared.test(input)) continue;
        var name = producer.get().origin().node();
        if (found.add("'" + (name.isEmpty() ? input.name() : name) + "'")) {
          waiting.add(producer.get());
        }
      }
    }
    return List.copyOf(found);
  }
}
