package watari.quant;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.PRelu;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.TensorData;

/// `Product₂(f(Product₁(x)))` → the same, with channel `c` between them smaller by `s[c]`: what
/// `Product₁` gives is divided, what `Product₂` takes is multiplied by it.
///
/// True where `f(x / s) = f(x) / s` for all `s > 0`, nothing else uses what is between, and both
/// have constant weights. Channels of small numbers grow to the size of large ones, with which they
/// share a scale, as far as the weights of `Product₂` allow that. Where `f` limits numbers to `b`,
/// channels only grow, and as far as `b`: what was never seen may be limited earlier, as a
/// calibrated range would limit it.
///
/// Source: M. Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction
/// (2019), section 4.1, with the ranges of samples for those of `Product₁`'s weights, which have a
/// scale for each output.
public final class EqualizeChannels implements Pass {
  /// No channel grows by more against another.
  private static final double MOST = 32;

  private final Map<String, ChannelStatistics> seen;

  /// @param seen by the names of [#asked]
  public EqualizeChannels(Map<String, ChannelStatistics> seen) {
    this.seen = Map.copyOf(seen);
  }

  /// @param bound what numbers between the two are limited to
  private record Pair(Node first, Node second, Value between, double bound) {}

  /// The values whose channels are to be looked at, by name.
  public static Map<String, ChannelStatistics> asked(Graph graph, QuantizationRules rules) {
    var asked = new LinkedHashMap<String, ChannelStatistics>();
    for (var pair : pairs(graph)) {
      if (rules.of(pair.first).isEmpty() || rules.of(pair.second).isEmpty()) continue;
      int axis = ChannelStatistics.channelAxis(pair.second).orElseThrow();
      asked.put(pair.between.name(), new ChannelStatistics(axis));
    }
    return asked;
  }

  @Override
  public String name() {
    return "equalize-channels";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var pair : pairs(graph)) {
      var channels = seen.get(pair.between.name());
      if (channels == null) continue;
      var taken = InputChannels.of(pair.second);
      var peaks = channels.peaks(pair.first.input(1).shape().dim(0).fixed());
      if (peaks.isEmpty() || taken.count() != peaks.get().length) continue;
      var scales = scales(peaks.get(), taken.largest(), pair.bound);
      divide(graph, pair.first, scales);
      graph.setInput(pair.second, 1, copy(graph, pair.second.input(1), taken.multiplied(scales)));
      log.fired(name());
    }
  }

  // ---- where

  private static List<Pair> pairs(Graph graph) {
    var pairs = new ArrayList<Pair>();
    for (var node : graph) {
      if (isProduct(node)) pair(node).ifPresent(pairs::add);
    }
    return pairs;
  }

  private static boolean isProduct(Node node) {
    boolean isKnown = node.op() instanceof Conv || node.op() instanceof FullyConnected;
    if (!isKnown || !isConstant(node.input(1))) return false;
    return !node.input(2).isPresent() || isConstant(node.input(2));
  }

  private static boolean isConstant(Value value) {
    return value.isConstant() && QuantizationPlan.isReal(value);
  }

  private static Optional<Pair> pair(Node first) {
    var at = first.output();
    var between = at;
    double bound = Double.POSITIVE_INFINITY;
    while (at.uses().size() == 1 && !at.producer().orElseThrow().graph().isOutput(at)) {
      var use = at.uses().iterator().next();
      var next = use.node();
      if (use.index() != 0) return Optional.empty();
      if (isProduct(next)) {
        boolean isSameKind = next.op().getClass() == first.op().getClass();
        return isSameKind ? Optional.of(new Pair(first, next, between, bound)) : Optional.empty();
      }
      if (!keepsProportions(next)) return Optional.empty();
      if (next.op() instanceof Clip(_, double max)) bound = Math.min(bound, max);
      at = next.output();
      if (isActivation(next)) between = at;
    }
    return Optional.empty();
  }

  /// Whether each channel of the result is as much smaller as that of the operand.
  private static boolean keepsProportions(Node node) {
    return switch (node.op()) {
      case Identity _, MaxPool _, AveragePool _ -> true;
      default -> isActivation(node);
    };
  }

  private static boolean isActivation(Node node) {
    return switch (node.op()) {
      case Unary(var kind) -> kind == Unary.Kind.RELU;
      case Clip(double min, double max) -> min == 0 && max > 0;
      case LeakyRelu _, PRelu _ -> true;
      default -> false;
    };
  }

  // ---- how much

  private static double[] scales(double[] peaks, Optional<double[]> weights, double bound) {
    var scales = new double[peaks.length];
    double largest = 0;
    for (int i = 0; i < scales.length; i++) {
      // What has scales of its own for each channel does not mind how large a channel is.
      scales[i] = weights.isEmpty() ? peaks[i] : Math.sqrt(peaks[i] / weights.get()[i]);
      if (!Double.isFinite(scales[i])) scales[i] = 0;
      largest = Math.max(largest, scales[i]);
    }
    if (largest == 0) largest = 1;
    for (int i = 0; i < scales.length; i++) {
      scales[i] = Math.max(scales[i] / largest, 1 / MOST);
      if (Double.isFinite(bound))
        scales[i] = Math.clamp(scales[i], Math.min(peaks[i] / bound, 1), 1);
    }
    return scales;
  }

  // ---- what changes

  private static void divide(Graph graph, Node first, double[] scales) {
    var weights = first.input(1);
    graph.setInput(first, 1, copy(graph, weights, divided(weights, scales)));
    var bias = first.input(2);
    if (bias.isPresent()) graph.setInput(first, 2, copy(graph, bias, divided(bias, scales)));
  }

  private static float[] divided(Value constant, double[] scales) {
    var numbers = constant.constant().orElseThrow().floats().clone();
    int perOutput = numbers.length / scales.length;
    for (int i = 0; i < numbers.length; i++) numbers[i] /= (float) scales[i / perOutput];
    return numbers;
  }

  private static Value copy(Graph graph, Value old, float... numbers) {
    var data = TensorData.ofFloats(old.constant().orElseThrow().shape(), numbers);
    var value = graph.addConstant(old.name(), data);
    value.setSourceNames(old.sourceNames());
    return value;
  }
}
