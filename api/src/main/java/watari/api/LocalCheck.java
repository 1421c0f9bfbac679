package watari.api;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.tensor.TensorData;

/// Tells faults from rounding that added up: every tensor of the result that has a counterpart is
/// computed from the source's own tensors before it, and must then be the source's but for one
/// rounding.
///
/// What rounding does to a tensor is bounded where its inputs are exact, however far the whole
/// networks have parted there. A node that is wrong is wrong by itself.
final class LocalCheck {
  /// Makes pieces of the result run as the result does.
  interface Pieces {
    Side of(Part part) throws EngineException;
  }

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final Tolerance tolerance;
  private final Pieces pieces;
  private final NodeRounding rounding;

  /// Tensors of the result whose counterpart can be fetched, in the result's order.
  private final Map<Value, Pair> known = new LinkedHashMap<>();

  /// Inputs of the result that are states of the source.
  private final Map<Value, Pair> states = new HashMap<>();

  LocalCheck(Side a, Side b, Pairing pairing, Tolerance tolerance, Pieces pieces) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.tolerance = tolerance;
    this.pieces = pieces;
    this.rounding = new NodeRounding(tolerance);
  }

  /// The first tensor in the last of these calls that is wrong by itself.
  Optional<Finding> firstFault(Calls callsA, Calls callsB) throws IOException, EngineException {
    findKnown();
    if (callsA.count() > 1) requireStates();
    for (var chunk : Chunks.of(List.copyOf(known.values()), b.graph())) {
      var around = new ArrayList<>(chunk);
      around.addAll(before(chunk));
      around.addAll(states.values());
      var runA = a.last(callsA, around.stream().map(Pair::a).distinct().toList());
      var runB = b.last(callsB, chunk.stream().map(p -> p.valueB().name()).toList());
      var judged = new ArrayList<Pair>();
      for (var pair : chunk) {
        boolean isPlaced = isPlaced(pair, runA, runB);
        if (isPlaced && !isRead(pair.valueB())) judged.add(known.get(pair.valueB()));
      }
      var fault = fault(judged, runA, runB);
      if (fault.isPresent()) return fault;
    }
    return Optional.empty();
  }

  private void findKnown() throws IOException, EngineException {
    var names = new ArrayList<>(pairing.inner().stream().map(Pair::a).distinct().toList());
    for (var node : a.graph()) if (isState(node)) names.add(node.output().name());
    var tappable = new HashSet<>(a.tappable(names));
    findStates(tappable);
    tappable.addAll(a.graph().outputNames());
    for (var pair : pairing.inner()) if (tappable.contains(pair.a())) know(pair);
    for (var pair : pairing.outputs()) {
      if (pair.valueB().producer().isPresent()) know(pair);
    }
  }

  private void know(Pair pair) {
    if (pair.valueA().isPresent()) known.putIfAbsent(pair.valueB(), pair);
  }

  private static boolean isRead(Value value) {
    return value.producer().filter(LocalCheck::isState).isPresent();
  }

  private static boolean isState(Node node) {
    return node.op() instanceof ReadState;
  }

  /// A piece begins with the states' first values unless it is given those of the call.
  private void requireStates() throws EngineException {
    for (var node : b.graph()) {
      if (node.op() instanceof ReadState(var state, _) && !known.containsKey(node.output())) {
        throw new EngineException("state '" + state + "' cannot be fetched");
      }
    }
  }

  /// @param tappable names of the source's tensors that can be fetched
  private void findStates(Set<String> tappable) {
    for (var node : a.graph()) {
      if (!(node.op() instanceof ReadState(var state, _))) continue;
      var read = node.output();
      for (var input : b.graph().inputs()) {
        if (!input.name().equals(state) || !tappable.contains(read.name())) continue;
        states.putIfAbsent(input, new Pair(read.name(), state, read, input, List.of()));
      }
    }
  }

  /// What the nearest known tensors before these are.
  private Set<Pair> before(List<Pair> chunk) {
    var found = new HashSet<Pair>();
    var seen = new HashSet<Value>();
    var waiting = new ArrayDeque<Value>();
    for (var pair : chunk) waiting.addAll(pair.valueB().producer().orElseThrow().inputs());
    while (!waiting.isEmpty()) {
      var value = waiting.poll();
      if (!seen.add(value)) continue;
      if (known.containsKey(value)) found.add(known.get(value));
      else value.producer().ifPresent(node -> waiting.addAll(node.inputs()));
    }
    chunk.forEach(found::remove);
    return found;
  }

  /// Finds how the axes of both lie; a pair of different shapes is known no longer.
  private boolean isPlaced(Pair pair, Side.Run runA, Side.Run runB) {
    var x = tensor(a, runA, pair.a());
    var y = tensor(b, runB, pair.valueB().name()).or(() -> tensor(b, runB, pair.b()));
    known.remove(pair.valueB());
    if (x.isEmpty()) return false;
    var placed = pair;
    if (y.isPresent()) {
      var compared = Layers.nearest(pair, x.get(), y.get(), tolerance);
      if (compared.finding().isPresent()) return false;
      placed = compared.pair();
    }
    known.put(pair.valueB(), placed);
    return true;
  }

  private static Optional<TensorData> tensor(Side side, Side.Run run, String name) {
    int at = side.graph().outputNames().indexOf(name);
    return at >= 0 ? Optional.of(run.outputs().get(at)) : run.tapped(name);
  }

  private Optional<Finding> fault(List<Pair> judged, Side.Run runA, Side.Run runB)
      throws IOException, EngineException {
    if (judged.isEmpty()) return Optional.empty();
    var part = Part.of(b.graph(), known.keySet(), judged.stream().map(Pair::valueB).toList());
    var inputs = new ArrayList<TensorData>();
    for (var value : part.inputs()) inputs.add(given(value, runA, runB));
    var outputs = pieces.of(part).run(inputs, List.of()).outputs();
    for (int i = 0; i < judged.size(); i++) {
      var pair = judged.get(i);
      var x = tensor(a, runA, pair.a()).orElseThrow();
      var fault = rounding.beyond(pair, x, outputs.get(i));
      if (fault.isEmpty()) continue;
      return Optional.of(FirstDifference.at(pair, fault.get(), known::containsKey));
    }
    return Optional.empty();
  }

  /// What an input of a piece is: the result's own input, or the source's tensor.
  private TensorData given(Value value, Side.Run runA, Side.Run runB) throws EngineException {
    var pair = known.getOrDefault(value, states.get(value));
    int at = b.graph().inputs().indexOf(value);
    if (at >= 0 && pair == null) return runB.inputs().get(at);
    if (pair == null) throw new EngineException("'" + value.name() + "' has no counterpart");
    var data = tensor(a, runA, pair.a());
    if (data.isEmpty()) throw new EngineException("'" + pair.a() + "' cannot be fetched");
    var stored = Side.as(data.get(), pair.valueA().type(), value.type());
    if (pair.permutation().isEmpty())
      return at < 0 ? stored : Feeding.fitted(stored, value.shape());
    return stored.transposed(pair.permutation());
  }
}
