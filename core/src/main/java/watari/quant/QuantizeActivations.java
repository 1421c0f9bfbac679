package watari.quant;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// Stores the values of a graph as integers by a target's table and calibrated ranges: operators in
/// the table take and give quantized types, with a `Convert` where floats meet them.
///
/// Inputs and outputs of the graph stay floats.
public final class QuantizeActivations implements Pass {
  private final QuantizationRules rules;
  private final QuantizationSettings settings;

  public QuantizeActivations(QuantizationRules rules, QuantizationSettings settings) {
    this.rules = rules;
    this.settings = settings;
  }

  /// The values whose ranges are asked for.
  public static Set<Value> asked(Graph graph, QuantizationRules rules) {
    return QuantizationPlan.asked(graph, rules);
  }

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    new Run(graph, log).run();
  }

  private final class Run {
    private final Graph graph;
    private final PassLog log;
    private final QuantizationPlan plan;
    private final Inference inference;
    private final ProductConstants products;
    private final Map<Value, Value> converted = new IdentityHashMap<>();

    Run(Graph graph, PassLog log) {
      this.graph = graph;
      this.log = log;
      plan = new QuantizationPlan(graph, rules, settings);
      inference = new Inference(graph);
      products = new ProductConstants(graph, settings, rules.hasFloatBias());
    }

    void run() {
      for (var node : graph.nodes()) {
        if (!plan.isQuantized(node)) continue;
        if (isProduct(node)) products.remember(node);
        for (int i : plan.operands(node)) graph.setInput(node, i, stored(node, i));
        for (var output : node.outputs()) if (plan.isStored(output)) store(output, node);
        log.fired(name());
      }
      for (var node : graph) {
        if (plan.isQuantized(node) && isProduct(node)) products.quantize(node);
      }
    }

    private boolean isProduct(Node node) {
      return rules
          .of(node)
          .filter(rule -> rule.operands() == OperatorRule.Operands.PRODUCT)
          .isPresent();
    }

    // ---- operands

    private Value stored(Node node, int i) {
      var value = node.input(i);
      var wanted = plan.stored(node, i);
      if (value.isConstant()) return constant(value, type(value, wanted));
      var stored = isMadeStored(value) ? value : converted.computeIfAbsent(value, this::convert);
      if (wanted.equals(plan.stored(value))) return stored;
      var dtype = settings.activations();
      return GraphBuilder.before(node, inference)
          .addQuantized(new Convert(dtype), dtype, wanted, stored);
    }

    private TensorType type(Value value, PerTensor stored) {
      return new TensorType(settings.activations(), value.shape(), stored);
    }

    private boolean isMadeStored(Value value) {
      return value.producer().filter(plan::isQuantized).isPresent();
    }

    /// A float that comes from elsewhere, stored right behind.
    private Value convert(Value value) {
      var place = value.producer().map(Node::nextNode).orElse(graph.firstNode());
      var origins = value.producer().map(Node::origins).orElse(List.of());
      var type = type(value, plan.stored(value));
      var stored =
          GraphBuilder.at(graph, place, inference)
              .from(origins)
              .addNamed(value.name() + "_" + type.dtype(), new Convert(type.dtype()), value);
      stored.setType(type.with(stored.shape()));
      return stored;
    }

    private Value constant(Value value, TensorType type) {
      var data = value.constant().orElseThrow().quantized(type.quantization(), type.dtype());
      return graph.addConstant(value.name() + "_" + type.dtype(), type, data);
    }

    // ---- results

    /// The result is stored; users that want a float get one.
    private void store(Value value, Node node) {
      var type = type(value, plan.stored(value));
      var floats = value.uses().stream().filter(use -> !takesStored(use)).toList();
      value.setType(type);
      if (graph.isOutput(value)) {
        decodeOutput(value, node, floats);
      } else if (!floats.isEmpty()) {
        var real = decoded(value.name() + "_float", value, node);
        for (var use : floats) graph.setInput(use.node(), use.index(), real);
      }
    }

    private boolean takesStored(Value.Use use) {
      return plan.isQuantized(use.node()) && plan.operands(use.node()).contains(use.index());
    }

    private void decodeOutput(Value value, Node node, List<Value.Use> floats) {
      var name = value.name();
      graph.rename(value, name + "_" + value.dtype());
      var real = decoded(name, value, node);
      real.setSourceNames(value.sourceNames());
      value.setSourceNames(List.of());
      for (var use : floats) graph.setInput(use.node(), use.index(), real);
      for (int i = 0; i < graph.outputs().size(); i++) {
        if (graph.outputs().get(i) == value) graph.setOutput(i, real);
      }
    }

    private Value decoded(String name, Value value, Node node) {
      return GraphBuilder.at(graph, node.nextNode(), inference)
          .from(node.origins())
          .addNamed(name, new Convert(DataType.FLOAT32), value);
    }
  }

  /// The scale of an activation.
  static float scale(Value value) {
    return ((PerTensor) value.type().quantization()).scale();
  }
}
