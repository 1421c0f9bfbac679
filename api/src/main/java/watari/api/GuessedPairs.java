package watari.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.api.Pairing.Pair;
import watari.graph.Graph;
import watari.graph.Value;
import watari.pass.layout.LayoutReport;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Pairs the tensors of two models of which nothing more is known: by names, else by place; and in
/// the other layout where only that fits the shapes.
final class GuessedPairs {
  private GuessedPairs() {}

  static Pairing between(Graph a, Graph b) {
    var inputs = new ArrayList<Pair>();
    for (int i = 0; i < b.inputs().size(); i++) {
      var other = b.inputs().get(i);
      var own = value(a.inputs(), names(a.inputs()), other.name(), i, b.inputs().size());
      inputs.add(new Pair(own.name(), other.name(), own, other, permutation(own, other)));
    }
    var outputs = new ArrayList<Pair>();
    for (int i = 0; i < b.outputs().size(); i++) {
      var name = b.outputNames().get(i);
      int at = a.outputNames().indexOf(name);
      var written = Pairing.written(a, name);
      if (at < 0 && written.isPresent()) {
        var state = b.outputs().get(i);
        outputs.add(new Pair(written.name(), name, written, state, permutation(written, state)));
        continue;
      }
      if (at < 0 && i < a.outputs().size()) at = i;
      if (at < 0) continue;
      var own = a.outputs().get(at);
      var other = b.outputs().get(i);
      outputs.add(new Pair(a.outputNames().get(at), name, own, other, permutation(own, other)));
    }
    var none = new LayoutReport(List.of(), List.of(), Map.of(), List.of());
    return new Pairing(inputs, outputs, Pairing.of(a, b, none).inner());
  }

  private static List<String> names(List<Value> values) {
    return values.stream().map(Value::name).toList();
  }

  private static Value value(
      List<Value> values, List<String> names, String name, int i, int count) {
    int at = names.indexOf(name);
    if (at >= 0) return values.get(at);
    return values.size() == count ? values.get(i) : Value.ABSENT;
  }

  private static List<Integer> permutation(Value a, Value b) {
    var from = a.shape();
    var to = b.shape();
    if (!a.isPresent() || !from.isRanked() || !to.isRanked()) return List.of();
    if (from.rank() != to.rank() || from.rank() < 3 || fits(from, to)) return List.of();
    for (var layout : Layout.values()) {
      var permutation = layout.permutationTo(layout.other(), from.rank());
      if (fits(from.transposed(permutation), to)) return permutation;
    }
    return List.of();
  }

  private static boolean fits(Shape a, Shape b) {
    for (int axis = 0; axis < a.rank(); axis++) {
      boolean bothFixed = a.dim(axis).isFixed() && b.dim(axis).isFixed();
      if (bothFixed && !a.dim(axis).equals(b.dim(axis))) return false;
    }
    return true;
  }
}
