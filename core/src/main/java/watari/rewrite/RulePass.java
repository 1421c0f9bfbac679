package watari.rewrite;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import watari.graph.Graph;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Op;

/// Applies rules to every node until none fires any more.
///
/// Nodes are visited in order; after a rule fired, what it added and what uses it are visited
/// again. Rules are tried in the order given. The work is bounded: past some firings for each node
/// the pass stops with what it has, which is a valid graph.
public final class RulePass implements Pass {
  private static final int MOST_FIRINGS_PER_NODE = 16;
  private static final int FEW_USES = 2;

  /// Enough to find a value by, and not so many that long chains cost more with each step.
  private static final int MOST_SOURCE_NAMES = 16;

  private final String name;
  private final List<Rule<?>> rules;

  public RulePass(String name, List<Rule<?>> rules) {
    this.name = name;
    this.rules = List.copyOf(rules);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<Class<? extends Op>> roots() {
    return rules.stream().map(Rule::root).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void run(Graph graph, PassLog log) {
    new Run(graph, log).run();
  }

  /// One run over one graph and its bodies.
  private final class Run {
    private final PassLog log;
    private final Map<Class<?>, List<Rule<?>>> byRoot = new HashMap<>();
    private final Graph graph;
    private final Inference inference;

    Run(Graph graph, PassLog log) {
      this.graph = graph;
      this.log = log;
      inference = new Inference(graph);
    }

    void run() {
      for (var node : graph) inference.remember(node);
      fixpoint();
      for (var node : graph) for (var body : node.bodies()) new Run(body, log).run();
    }

    private void fixpoint() {
      var queue = new ArrayDeque<Node>(graph.nodes());
      Set<Node> waiting = new HashSet<>(queue);
      long budget = 1000 + (long) MOST_FIRINGS_PER_NODE * graph.size();
      while (!queue.isEmpty() && budget > 0) {
        var node = queue.poll();
        waiting.remove(node);
        if (node.isRemoved()) continue;
        var changed = visit(node);
        if (!changed.isEmpty()) budget--;
        for (var again : changed) {
          if (!again.isRemoved() && waiting.add(again)) queue.add(again);
        }
      }
    }

    /// Tries the rules on a node; the nodes to look at anew, if one fired.
    private List<Node> visit(Node node) {
      for (var rule : byRoot.computeIfAbsent(node.op().getClass(), this::rulesFor)) {
        var again = attempt(rule, node);
        if (again.isPresent()) return again.get();
      }
      return List.of();
    }

    private List<Rule<?>> rulesFor(Class<?> op) {
      return rules.stream().filter(rule -> rule.root().isAssignableFrom(op)).toList();
    }

    private <O extends Op> Optional<List<Node>> attempt(Rule<O> rule, Node node) {
      var before = node.previousNode();
      var outcome = rule.apply(new Match<>(node, rule.root().cast(node.op()), inference));
      var added = addedBetween(before, node);
      switch (outcome) {
        case Outcome.Left(var reason) -> {
          removeDead(added.reversed());
          log.left(rule.name(), node, reason);
          return Optional.empty();
        }
        case Outcome.Replaced(var values) -> {
          log.fired(rule.name());
          return Optional.of(replace(node, values, added));
        }
      }
    }

    private List<Node> replace(Node node, List<Value> values, List<Node> added) {
      if (values.size() != node.outputs().size()) {
        throw new IllegalStateException(
            name + ": " + values.size() + " values replace " + node.outputs().size());
      }
      var again = new ArrayList<>(added);
      for (int i = 0; i < values.size(); i++) {
        var old = node.output(i);
        requireSameKind(old, values.get(i));
        old.uses().forEach(use -> again.add(use.node()));
        carrySourceNames(old, values.get(i));
        graph.replaceUses(old, values.get(i));
      }
      values.forEach(value -> value.producer().ifPresent(again::add));
      removeDead(List.of(node));
      removeDead(added.reversed());
      if (node.isRemoved()) carryNames(node, values, added);
      // What lost a use may now be used by one node alone, which rules ask for.
      for (var input : node.inputs()) {
        if (input.producer().isEmpty() || input.uses().size() > FEW_USES) continue;
        input.producer().ifPresent(again::add);
        input.uses().forEach(use -> again.add(use.node()));
      }
      for (var user : again) if (!user.isRemoved()) inference.remember(user);
      return again;
    }

    /// A replacement is stored and means the same; its shape may only be known more exactly.
    private void requireSameKind(Value old, Value by) {
      if (old == by || !old.isPresent()) return;
      boolean same =
          old.dtype() == by.dtype() && old.type().quantization().equals(by.type().quantization());
      if (!same) throw new IllegalStateException(name + ": " + by + " replaces " + old);
      if (by.producer().isPresent()) {
        by.setType(by.type().with(Inference.moreExact(by.shape(), old.shape())));
      }
    }

    /// What was added for a value has its name from now on: users find their tensors in the result.
    private void carryNames(Node node, List<Value> values, List<Node> added) {
      Set<Value> unnamed = new HashSet<>();
      for (var each : added) if (!each.isRemoved()) unnamed.addAll(each.outputs());
      for (int i = 0; i < values.size(); i++) {
        var old = node.output(i);
        var by = values.get(i);
        if (!old.isPresent() || !unnamed.remove(by)) continue;
        by.setSourceNames(by.sourceNames().stream().filter(n -> !n.equals(old.name())).toList());
        graph.takeName(by, old);
      }
    }

    private static void carrySourceNames(Value old, Value by) {
      if (by.isConstant() || by.producer().isEmpty()) return;
      var names = new java.util.LinkedHashSet<>(by.sourceNames());
      names.add(old.name());
      names.addAll(old.sourceNames());
      names.remove(by.name());
      by.setSourceNames(names.stream().limit(MOST_SOURCE_NAMES).toList());
    }
  }

  /// The nodes that now stand between `before` and `node`, in order.
  private static List<Node> addedBetween(Optional<Node> before, Node node) {
    var added = new ArrayList<Node>();
    var at = node.previousNode();
    while (at.isPresent() && !at.equals(before)) {
      added.add(at.get());
      at = at.get().previousNode();
    }
    Collections.reverse(added);
    return added;
  }

  /// Removes these nodes where nothing uses them, and then what only they used.
  static void removeDead(List<Node> nodes) {
    var stack = new ArrayDeque<>(nodes);
    while (!stack.isEmpty()) {
      var node = stack.poll();
      if (node.isRemoved() || !node.op().isPure() || isUsed(node)) continue;
      var inputs = List.copyOf(node.inputs());
      node.graph().remove(node);
      for (var input : inputs) input.producer().ifPresent(stack::add);
    }
  }

  private static boolean isUsed(Node node) {
    return node.outputs().stream()
        .anyMatch(value -> !value.uses().isEmpty() || node.graph().isOutput(value));
  }
}
