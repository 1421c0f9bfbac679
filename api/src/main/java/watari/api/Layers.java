package watari.api;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.graph.Node;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// Looks for the first inner tensor, in the result's order, that differs from the source's.
///
/// Tensors are fetched a few at a time, so that memory stays bounded.
final class Layers {
  private static final int MOST_SUSPECTS = 8;
  private static final int MOST_TENSORS = 64;
  private static final long MOST_BYTES = 256L << 20;

  /// A tensor of unknown size counts as so many bytes.
  private static final long UNKNOWN_BYTES = 4L << 20;

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final Tolerance tolerance;

  /// Tensors of the result that do not differ.
  private final Set<String> equal = new HashSet<>();

  private final Optional<SuddenLoss> sudden;

  /// @param isQuantized whether rounding may add up from node to node: then a tensor differs only
  ///   where much is lost at once
  Layers(Side a, Side b, Pairing pairing, Tolerance tolerance, boolean isQuantized) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.tolerance = tolerance;
    this.sudden = isQuantized ? Optional.of(new SuddenLoss()) : Optional.empty();
  }

  Optional<Finding> firstDifference(List<TensorData> inputsA, List<TensorData> inputsB)
      throws IOException, EngineException {
    for (var chunk : chunks(pairing.inner())) {
      var runA = a.run(inputsA, chunk.stream().map(Pair::a).distinct().toList());
      var runB = b.run(inputsB, chunk.stream().map(Pair::b).distinct().toList());
      for (var pair : chunk) {
        int atA = runA.taps().indexOf(pair.a());
        int atB = runB.taps().indexOf(pair.b());
        if (atA < 0 || atB < 0) continue;
        var found = nearest(pair, runA.tapped().get(atA), runB.tapped().get(atB));
        if (differs(found)) return Optional.of(finding(pair, found));
        equal.add(pair.b());
      }
    }
    return Optional.empty();
  }

  /// Whether the node of the result's tensor is wrong, when asked in the result's order.
  boolean differs(Compared compared) {
    return sudden.map(loss -> loss.isAt(compared)).orElse(compared.verdict() == Verdict.DIFFERENT);
  }

  private static List<List<Pair>> chunks(List<Pair> pairs) {
    var chunks = new ArrayList<List<Pair>>();
    var chunk = new ArrayList<Pair>();
    long bytes = 0;
    for (var pair : pairs) {
      chunk.add(pair);
      var shape = pair.valueB().shape();
      bytes += shape.isFixed() ? shape.elements().fixed() * 8 : UNKNOWN_BYTES;
      if (chunk.size() < MOST_TENSORS && bytes < MOST_BYTES) continue;
      chunks.add(List.copyOf(chunk));
      chunk.clear();
      bytes = 0;
    }
    if (!chunk.isEmpty()) chunks.add(chunk);
    return chunks;
  }

  /// Nodes between this one and what was found to be equal: they may be what is wrong.
  private List<String> suspects(Node last) {
    var found = new LinkedHashSet<String>();
    var waiting = new ArrayDeque<>(List.of(last));
    while (!waiting.isEmpty() && found.size() < MOST_SUSPECTS) {
      for (var input : waiting.poll().inputs()) {
        var producer = input.producer();
        if (producer.isEmpty() || equal.contains(input.name())) continue;
        var name = producer.get().origin().node();
        if (found.add("'" + (name.isEmpty() ? input.name() : name) + "'")) {
          waiting.add(producer.get());
        }
      }
    }
    return List.copyOf(found);
  }

  /// The comparison in the layout that is known, or else in the one in which they are nearest.
  private Compared nearest(Pair pair, TensorData x, TensorData y) {
    var best = new Compared(pair, x, y, tolerance);
    int rank = x.shape().rank();
    if (!pair.permutation().isEmpty() || rank < 3 || best.verdict() != Verdict.DIFFERENT) {
      return best;
    }
    for (var from : Layout.values()) {
      var permutation = from.permutationTo(from.other(), rank);
      var other = new Pair(pair.a(), pair.b(), pair.valueA(), pair.valueB(), permutation);
      var compared = new Compared(other, x, y, tolerance);
      if (compared.error().scaled() < best.error().scaled()) best = compared;
    }
    return best;
  }

  Finding finding(Pair pair, Compared compared) {
    var node = pair.valueB().producer().orElseThrow();
    var origin = node.origin();
    var why =
        "source tensor '%s' and result tensor '%s' are the first that differ: error %.3g of the range"
            .formatted(pair.a(), pair.b(), compared.error().scaled());
    var before = suspects(node);
    if (!before.isEmpty()) why += "; it may also come from " + String.join(", ", before);
    var operator = origin.operator().isEmpty() ? node.op().name() : origin.operator();
    return Finding.error("FIRST_DIFFERENCE", why).at(origin.node(), origin.index(), operator);
  }
}
