package watari.quant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Stores the weights and biases of products: int8, and integers that count products of a step of
/// the input and one of the weights.
final class ProductConstants {
  /// Sums of 32 bits keep room for what is added to the bias.
  private static final double LARGEST_BIAS = 1 << 30;

  private final Graph graph;
  private final QuantizationSettings settings;
  private final boolean hasFloatBias;
  private final Map<Node, ChannelStatistics> means = new IdentityHashMap<>();

  ProductConstants(Graph graph, QuantizationSettings settings, boolean hasFloatBias) {
    this.graph = graph;
    this.settings = settings;
    this.hasFloatBias = hasFloatBias;
  }

  /// Looks at a product while its input is the float that was seen.
  void remember(Node node) {
    var seen = settings.means().get(node.input(0).name());
    if (seen != null) means.put(node, seen);
  }

  void quantize(Node node) {
    var weights = node.input(1);
    if (!weights.isConstant() || weights.type().isQuantized()) return;
    var data = weights.constant().orElseThrow();
    int axis = settings.perTensor() ? WeightScales.WHOLE : WeightScales.outputAxis(node);
    correctBias(node, data, axis);
    var bias = node.input(2);
    float step = QuantizeActivations.scale(node.input(0));
    var scales = WeightScales.of(data, axis).orElseThrow();
    boolean isNarrow = node.input(0).dtype() != DataType.INT16;
    if (bias.isPresent() && !hasFloatBias && isNarrow) scales = widened(scales, bias, step);
    graph.setInput(node, 1, stored(weights, DataType.INT8, scales));
    if (!bias.isPresent() || hasFloatBias) return;
    var wide = isNarrow ? DataType.INT32 : DataType.INT64;
    graph.setInput(node, 2, stored(bias, wide, biasScales(scales, step)));
  }

  /// Takes from the bias what rounding the weights adds to the mean.
  private void correctBias(Node node, TensorData weights, int axis) {
    var seen = Optional.ofNullable(means.get(node));
    var scales = WeightScales.of(weights, axis).orElseThrow();
    var shifts = seen.flatMap(each -> BiasCorrection.shifts(node, weights, scales, each));
    if (shifts.isEmpty()) return;
    var old = node.input(2);
    var corrected = new float[shifts.get().length];
    for (int i = 0; i < corrected.length; i++) {
      double bias = old.isPresent() ? old.constant().orElseThrow().doubleAt(i) : 0;
      corrected[i] = (float) (bias - shifts.get()[i]);
    }
    var name = old.isPresent() ? old.name() : node.output(0).name() + "_bias";
    var value = graph.addConstant(name, TensorData.ofFloats(Shape.of(corrected.length), corrected));
    graph.setInputAt(node, 2, value);
  }

  private Value stored(Value value, DataType dtype, Quantization scales) {
    var data = value.constant().orElseThrow().quantized(scales, dtype);
    var type = new TensorType(dtype, value.shape(), scales);
    var stored = graph.addConstant(value.name() + "_" + dtype, type, data);
    stored.setSourceNames(value.sourceNames());
    return stored;
  }

  static Quantization biasScales(Quantization weights, float step) {
    return switch (weights) {
      case PerTensor(float scale, _) -> new PerTensor(positive(scale * step), 0);
      case PerAxis(_, var scales, var zeros) ->
          new PerAxis(0, scales.stream().map(scale -> positive(scale * step)).toList(), zeros);
      case Quantization.None _, Quantization.Blocked _ ->
          throw new IllegalArgumentException("weights have scales");
    };
  }

  private static float positive(float scale) {
    return Math.max(scale, Float.MIN_NORMAL);
  }

  /// Coarser weights where the bias would not fit into its integers.
  private static Quantization widened(Quantization weights, Value bias, float step) {
    var data = bias.constant().orElseThrow();
    return switch (weights) {
      case PerTensor(float scale, long zero) ->
          new PerTensor(atLeast(scale, largest(data), step), zero);
      case PerAxis(int axis, var scales, var zeros) -> {
        List<Float> wide = new ArrayList<>();
        for (int i = 0; i < scales.size(); i++) {
          wide.add(atLeast(scales.get(i), Math.abs(data.doubleAt(i)), step));
        }
        yield new PerAxis(axis, wide, Collections.nCopies(zeros.size(), 0L));
      }
      case Quantization.None _, Quantization.Blocked _ ->
          throw new IllegalArgumentException("weights have scales");
    };
  }

  private static float atLeast(float scale, double bias, float step) {
    return (float) Math.max(scale, bias / LARGEST_BIAS / step);
  }

  private static double largest(TensorData data) {
    double largest = 0;
    for (long i = 0; i < data.size(); i++) largest = Math.max(largest, Math.abs(data.doubleAt(i)));
    return largest;
  }
}
