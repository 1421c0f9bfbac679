package watari.pass.edit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Custom;
import watari.rewrite.PassLog;
import watari.tensor.Shape;

/// Makes an edited graph whole again: nodes in order, types as they follow from the edit.
final class EditedGraph {
  private EditedGraph() {}

  static Finding impossible(Node node, String why) {
    var origin = node.origin();
    var name = origin.node();
    if (name.isEmpty() && !node.outputs().isEmpty()) name = node.output(0).name();
    return Finding.error("EDIT_IMPOSSIBLE", why)
        .at(
            name,
            origin.index(),
            origin.operator().isEmpty() ? node.op().name() : origin.operator());
  }

  /// Infers what hangs on changed nodes; shapes that no change reaches stay as they are declared.
  static void inferBehind(Graph graph, Collection<Node> changed, PassLog log) {
    Set<Value> dirty = Collections.newSetFromMap(new IdentityHashMap<>());
    var inference = new Inference(graph);
    for (var node : graph) {
      boolean isReached =
          changed.contains(node) || node.inputs().stream().anyMatch(dirty::contains);
      if (!isReached) {
        inference.remember(node);
        continue;
      }
      var before = node.outputs().stream().map(Value::type).toList();
      try {
        refresh(node, inference);
      } catch (IllegalArgumentException e) {
        log.add(impossible(node, "it does not fit after the edit: " + e.getMessage()));
        return;
      }
      for (int i = 0; i < before.size(); i++) {
        boolean isIntegers = node.output(i).isPresent() && !node.output(i).dtype().isFloat();
        if (isIntegers || !node.output(i).type().equals(before.get(i))) dirty.add(node.output(i));
      }
    }
  }

  private static void refresh(Node node, Inference inference) {
    if (!(node.op() instanceof Custom)) {
      for (var output : node.outputs()) {
        if (output.isPresent()) output.setType(output.type().with(Shape.UNKNOWN));
      }
    }
    SetInputShapes.passToBodies(node);
    inference.refresh(node);
  }

  /// Puts nodes behind those that they read from, otherwise as they stand.
  ///
  /// @return false, with a finding, if nodes wait for each other
  static boolean order(Graph graph, PassLog log) {
    var nodes = graph.nodes();
    Map<Node, Integer> places = new IdentityHashMap<>();
    for (int i = 0; i < nodes.size(); i++) places.put(nodes.get(i), i);
    var missing = new int[nodes.size()];
    var users = new HashMap<Integer, List<Integer>>();
    for (int i = 0; i < missing.length; i++) {
      for (var input : nodes.get(i).inputs()) {
        var from = input.producer().map(places::get);
        if (from.isEmpty()) continue;
        missing[i]++;
        users.computeIfAbsent(from.get(), _ -> new ArrayList<>()).add(i);
      }
    }
    var ready = new PriorityQueue<Integer>();
    for (int i = 0; i < missing.length; i++) if (missing[i] == 0) ready.add(i);
    var sorted = new ArrayList<Node>();
    while (!ready.isEmpty()) {
      int next = ready.poll();
      sorted.add(nodes.get(next));
      for (int user : users.getOrDefault(next, List.of()))
        if (--missing[user] == 0) ready.add(user);
    }
    if (sorted.size() < nodes.size()) {
      nodes.removeAll(sorted);
      log.add(impossible(nodes.get(0), "it would wait for what it computes itself"));
      return false;
    }
    for (int i = sorted.size() - 2; i >= 0; i--) graph.move(sorted.get(i), sorted.get(i + 1));
    return true;
  }
}
