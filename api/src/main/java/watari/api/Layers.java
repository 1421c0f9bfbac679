package watari.api;

import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.graph.Value;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// Looks for the first inner tensor, in the result's order, that differs from the source's.
///
/// Tensors are fetched a few at a time, so that memory stays bounded.
final class Layers {
  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final Tolerance tolerance;

  /// Tensors of the result that do not differ.
  private final Set<Value> equal = new HashSet<>();

  Layers(Side a, Side b, Pairing pairing, Tolerance tolerance) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.tolerance = tolerance;
  }

  /// The first that differs in the last of these calls.
  Optional<Finding> firstDifference(Calls callsA, Calls callsB)
      throws IOException, EngineException {
    for (var chunk : Chunks.of(pairing.inner(), b.graph())) {
      var runA = a.last(callsA, chunk.stream().map(Pair::a).distinct().toList());
      var runB = b.last(callsB, chunk.stream().map(Pair::b).distinct().toList());
      for (var pair : chunk) {
        var x = runA.tapped(pair.a());
        var y = runB.tapped(pair.b());
        if (x.isEmpty() || y.isEmpty()) continue;
        var found = nearest(pair, x.get(), y.get(), tolerance);
        if (found.verdict() == Verdict.DIFFERENT) return Optional.of(finding(found));
        equal.add(pair.valueB());
      }
    }
    return Optional.empty();
  }

  Finding finding(Compared compared) {
    return FirstDifference.at(compared.pair(), compared.error(), equal::contains);
  }

  /// The comparison in the layout that is known, or else in the one in which they are nearest.
  static Compared nearest(Pair pair, TensorData x, TensorData y, Tolerance tolerance) {
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
}
