package watari.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Value;
import watari.op.ControlOp.WriteState;
import watari.pass.layout.LayoutReport;
import watari.tensor.Shape;

/// Which tensors of two models hold the same numbers.
///
/// @param inputs a pair for each input of the result
/// @param outputs a pair for each output of the result
/// @param inner pairs of inner tensors, in the result's order
record Pairing(List<Pair> inputs, List<Pair> outputs, List<Pair> inner) {
  /// A tensor of the source and one of the result.
  ///
  /// @param a in the source
  /// @param b in the result
  /// @param permutation axis `i` of `b` is axis `permutation[i]` of `a`; empty if none moved
  record Pair(String a, String b, Value valueA, Value valueB, List<Integer> permutation) {}

  /// The pairs of a source and what it became.
  static Pairing of(Graph source, Graph result, LayoutReport layouts) {
    var inputs = new ArrayList<Pair>();
    var sourceInputs = byName(source.inputs());
    var sourceValues = values(source);
    for (int i = 0; i < result.inputs().size(); i++) {
      var b = result.inputs().get(i);
      var a = sourceInputs.getOrDefault(b.name(), Value.ABSENT);
      if (!a.isPresent() && result.inputs().size() == source.inputs().size()) {
        a = source.inputs().get(i);
      }
      if (!a.isPresent()) a = sourceValues.getOrDefault(b.name(), Value.ABSENT);
      inputs.add(new Pair(a.name(), b.name(), a, b, at(layouts.inputs(), i)));
    }
    return new Pairing(inputs, outputs(source, result, layouts), inner(source, result, layouts));
  }

  private static List<Pair> outputs(Graph source, Graph result, LayoutReport layouts) {
    var outputs = new ArrayList<Pair>();
    var values = values(source);
    for (int i = 0; i < result.outputs().size(); i++) {
      var name = result.outputNames().get(i);
      int at = source.outputNames().indexOf(name);
      var a = at >= 0 ? source.outputs().get(at) : values.getOrDefault(name, Value.ABSENT);
      var b = result.outputs().get(i);
      if (!a.isPresent()) a = written(source, name);
      outputs.add(
          new Pair(
              a.isPresent() && at < 0 ? a.name() : name, name, a, b, at(layouts.outputs(), i)));
    }
    return outputs;
  }

  /// What the source stores in the state that an output stands for.
  static Value written(Graph source, String output) {
    var last = Value.ABSENT;
    for (var node : source) {
      if (node.op() instanceof WriteState(var state) && output.equals(state + "_out")) {
        last = node.input(0);
      }
    }
    return last;
  }

  private static List<Pair> inner(Graph source, Graph result, LayoutReport layouts) {
    var pairs = new ArrayList<Pair>();
    var values = values(source);
    var own = values(result);
    for (var node : result) {
      for (var b : node.outputs()) {
        var permutation = layouts.values().getOrDefault(b.name(), List.of());
        for (var name : namesOf(b)) {
          var a = values.get(name);
          if (a == null || own.getOrDefault(name, b) != b) continue;
          if (!name.equals(b.name()) && !mayHold(a.shape(), b.shape())) continue;
          pairs.add(new Pair(name, b.name(), a, b, permutation));
          break;
        }
      }
    }
    return pairs;
  }

  /// Whether tensors of the shapes may hold the same numbers in some order of axes: a further name
  /// may be that of a node that computed another tensor.
  private static boolean mayHold(Shape a, Shape b) {
    if (!a.isFixed() || !b.isFixed()) return true;
    long[] dimsA = a.fixedDims().clone();
    long[] dimsB = b.fixedDims().clone();
    Arrays.sort(dimsA);
    Arrays.sort(dimsB);
    return Arrays.equals(dimsA, dimsB);
  }

  private static LinkedHashSet<String> namesOf(Value value) {
    var names = new LinkedHashSet<String>();
    names.add(value.name());
    names.addAll(value.sourceNames());
    return names;
  }

  private static Map<String, Value> values(Graph graph) {
    var values = new HashMap<String, Value>();
    for (var node : graph) node.outputs().forEach(value -> values.put(value.name(), value));
    return values;
  }

  private static Map<String, Value> byName(List<Value> values) {
    var map = new LinkedHashMap<String, Value>();
    values.forEach(value -> map.put(value.name(), value));
    return map;
  }

  private static List<Integer> at(List<List<Integer>> permutations, int i) {
    return i < permutations.size() ? permutations.get(i) : List.of();
  }
}
