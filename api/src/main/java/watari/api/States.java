package watari.api;

import java.io.IOException;
import java.util.List;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;

/// Compares the states that both models keep.
///
/// @param a the source
/// @param b the result
record States(Side a, Side b, Pairing pairing, Tolerance tolerance) {
  /// Whether a state that the last of these calls reads is far from the source's.
  boolean areFar(Calls callsA, Calls callsB) throws IOException, EngineException {
    var pairs = pairing.inner().stream().filter(pair -> isRead(pair.valueB())).toList();
    if (pairs.isEmpty()) return false;
    var runA = a.last(callsA, names(pairs.stream().map(Pair::a).toList()));
    var runB = b.last(callsB, names(pairs.stream().map(Pair::b).toList()));
    for (var pair : pairs) {
      var x = runA.tapped(pair.a());
      var y = runB.tapped(pair.b());
      if (x.isEmpty() || y.isEmpty()) continue;
      if (Verification.isFar(Layers.nearest(pair, x.get(), y.get(), tolerance))) return true;
    }
    return false;
  }

  private static List<String> names(List<String> names) {
    return names.stream().distinct().toList();
  }

  private static boolean isRead(Value value) {
    return value.producer().filter(node -> node.op() instanceof ReadState).isPresent();
  }
}
