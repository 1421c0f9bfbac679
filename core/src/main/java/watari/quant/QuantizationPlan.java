package watari.quant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.quant.OperatorRule.Result;
import watari.tensor.DataType;
import watari.tensor.Quantization.PerTensor;

/// Which nodes of a graph work on stored integers, and how their operands and results are stored.
final class QuantizationPlan {
  /// An operand that is stored otherwise than the node wants it.
  record Operand(Node node, int index) {}

  private final Graph graph;
  private final QuantizationRules rules;
  private final QuantizationSettings settings;
  private final Set<Node> nodes = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Value> inner = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Node, OperatorRule> ruleOf = new IdentityHashMap<>();
  private final Map<Node, List<Integer>> operandsOf = new IdentityHashMap<>();
  private final Set<Operand> requantized = new LinkedHashSet<>();
  private final SharedScales scales;

  QuantizationPlan(Graph graph, QuantizationRules rules, QuantizationSettings settings) {
    this.graph = graph;
    this.rules = rules;
    this.settings = settings;
    scales = new SharedScales(settings.activations());
    chooseNodes();
    dropLoneMovements();
    findOperands();
    addValues();
    share();
  }

  /// The values whose ranges are asked for: floats that the table may store.
  static Set<Value> asked(Graph graph, QuantizationRules rules) {
    var asked = new LinkedHashSet<Value>();
    for (var value : graph.inputs()) if (isReal(value)) asked.add(value);
    for (var node : graph) {
      var rule = rules.of(node);
      if (rule.isEmpty()) continue;
      for (int i : operands(node, rule.get())) {
        var operand = node.input(i);
        if (isReal(operand) && !operand.isConstant()) asked.add(operand);
      }
      for (var output : node.outputs()) if (isReal(output)) asked.add(output);
    }
    for (var value : graph.outputs()) if (isReal(value) && !value.isConstant()) asked.add(value);
    for (var node : graph) if (rules.isFused(node)) asked.remove(node.input(0));
    return asked;
  }

  boolean isQuantized(Node node) {
    return nodes.contains(node);
  }

  boolean isInner(Value value) {
    return inner.contains(value);
  }

  boolean isStored(Value value) {
    return scales.has(value);
  }

  /// How a value that is no constant is stored.
  PerTensor stored(Value value) {
    return scales.stored(value);
  }

  /// The operands of a node that are stored activations.
  List<Integer> operands(Node node) {
    return operandsOf.getOrDefault(node, List.of());
  }

  /// Found once, while all values are floats.
  private void findOperands() {
    for (var node : nodes) {
      var all = operands(node, Objects.requireNonNull(ruleOf.get(node)));
      operandsOf.put(node, all.stream().filter(i -> !inner.contains(node.input(i))).toList());
    }
  }

  private static List<Integer> operands(Node node, OperatorRule rule) {
    return switch (rule.operands()) {
      case ALL ->
          IntStream.range(0, node.inputs().size())
              .filter(i -> isReal(node.input(i)))
              .boxed()
              .toList();
      case FIRST -> List.of(0);
      case PRODUCT -> node.input(1).isConstant() ? List.of(0) : List.of(0, 1);
    };
  }

  static boolean isReal(Value value) {
    return value.isPresent() && value.dtype() == DataType.FLOAT32 && !value.type().isQuantized();
  }

  // ---- nodes

  private void chooseNodes() {
    for (var node : graph) {
      if (rules.isFused(node) && followsProducer(node)) continue;
      choose(node);
    }
  }

  private void choose(Node node) {
    var rule = rules.of(node).filter(each -> isPossible(node, each));
    if (rule.isEmpty()) return;
    nodes.add(node);
    ruleOf.put(node, rule.get());
  }

  /// What is computed along with the operator before it does as that does.
  private boolean followsProducer(Node node) {
    var producer = node.input(0).producer().orElseThrow();
    if (!nodes.contains(producer)) return true;
    var rule = rules.of(node);
    if (rule.isEmpty() || !isKnown(node.output())) return false;
    inner.add(node.input(0));
    nodes.add(node);
    ruleOf.put(node, rule.get());
    return true;
  }

  private boolean isPossible(Node node, OperatorRule rule) {
    if (settings.floats().contains(node.output(0).name())) return false;
    var operands = operands(node, rule);
    if (operands.isEmpty()) return false;
    for (int i : operands) {
      var operand = node.input(i);
      if (!isReal(operand) || !operand.isConstant() && !isKnown(operand)) return false;
    }
    boolean allConstant = operands.stream().allMatch(i -> node.input(i).isConstant());
    if (allConstant || rule.operands() == OperatorRule.Operands.PRODUCT && !hasGoodWeights(node)) {
      return false;
    }
    return node.outputs().stream().allMatch(v -> !isReal(v) || isKnown(v) || isFusedAway(v));
  }

  private static boolean hasGoodWeights(Node node) {
    var weights = node.input(1);
    var bias = node.input(2);
    if (bias.isPresent() && !bias.isConstant()) return false;
    return !weights.isConstant()
        || isReal(weights)
            && WeightScales.of(weights.constant().orElseThrow(), WeightScales.WHOLE).isPresent();
  }

  private boolean isKnown(Value value) {
    return settings.ranges().containsKey(value.name());
  }

  private boolean isFusedAway(Value value) {
    return value.uses().size() == 1
        && value.uses().stream().allMatch(use -> rules.isFused(use.node()) && use.index() == 0);
  }

  /// Movements between floats stay on floats.
  private void dropLoneMovements() {
    var all = new ArrayList<>(graph.nodes());
    Set<Node> kept = Collections.newSetFromMap(new IdentityHashMap<>());
    for (var node : all) if (nodes.contains(node) && !isShared(node)) kept.add(node);
    for (var node : all) {
      if (nodes.contains(node) && node.inputs().stream().anyMatch(v -> isMadeBy(v, kept))) {
        kept.add(node);
      }
    }
    for (var node : all.reversed()) {
      if (nodes.contains(node) && node.outputs().stream().anyMatch(v -> isTakenBy(v, kept))) {
        kept.add(node);
      }
    }
    nodes.retainAll(kept);
  }

  private boolean isShared(Node node) {
    return Optional.ofNullable(ruleOf.get(node))
        .filter(rule -> rule.result() instanceof Result.Shared)
        .isPresent();
  }

  private static boolean isMadeBy(Value value, Set<Node> kept) {
    return isReal(value) && value.producer().filter(kept::contains).isPresent();
  }

  private static boolean isTakenBy(Value value, Set<Node> kept) {
    return isReal(value) && value.uses().stream().anyMatch(use -> kept.contains(use.node()));
  }

  // ---- values

  private void addValues() {
    for (var node : graph) {
      if (!nodes.contains(node)) continue;
      for (int i : operands(node)) if (!node.input(i).isConstant()) add(node.input(i));
      for (var output : node.outputs()) if (isStoredResult(output, node)) add(output);
      var rule = ruleOf.get(node);
      if (rule != null && rule.result() instanceof Result.Fixed(var eight, var sixteen)) {
        boolean isWide = settings.activations() == DataType.INT16;
        scales.fix(node.output(), isWide ? sixteen : eight);
      }
    }
  }

  /// A target may leave results as floats that nothing takes as integers.
  private boolean isStoredResult(Value output, Node node) {
    if (!isReal(output) || inner.contains(output)) return false;
    return !rules.leavesFloats() || isShared(node) || output.uses().stream().anyMatch(this::takes);
  }

  private boolean takes(Value.Use use) {
    return nodes.contains(use.node()) && operands(use.node()).contains(use.index());
  }

  private void add(Value value) {
    scales.add(value, settings.range(value.name()).orElse(Range.ZERO));
  }

  private void share() {
    for (var node : graph) {
      if (!nodes.contains(node) || !isShared(node)) continue;
      for (var output : node.outputs()) {
        if (!isStored(output)) continue;
        for (int i : operands(node)) {
          if (node.input(i).isConstant()) widen(output, node, node.input(i));
          else if (!scales.unite(node.input(i), output)) requantized.add(new Operand(node, i));
        }
      }
    }
  }

  /// Constants that come out again are stored as the rest; bounds only are, as far as they fit.
  private void widen(Value output, Node node, Value constant) {
    if (node.op() instanceof Binary) return;
    scales.widen(output, ActivationScales.range(constant.constant().orElseThrow()));
  }

  /// How an operand is stored.
  PerTensor stored(Node node, int i) {
    var value = node.input(i);
    if (isShared(node) && (value.isConstant() || requantized.contains(new Operand(node, i)))) {
      return scales.stored(node.output(0));
    }
    return value
        .constant()
        .map(data -> ActivationScales.of(ActivationScales.range(data), settings.activations()))
        .orElseGet(() -> scales.stored(value));
  }
}
