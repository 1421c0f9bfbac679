package watari.quant;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.MatMulOp.FullyConnected;
import watari.tensor.TensorData;

/// The mean, and the largest magnitude, of each channel of a tensor over samples.
public final class ChannelStatistics {
  private final int axis;
  private double[] sums = new double[0];
  private double[] peaks = new double[0];
  private long count;

  public ChannelStatistics(int axis) {
    this.axis = axis;
  }

  /// The inputs of products whose means tell what rounding the weights moves, by name.
  public static Map<String, ChannelStatistics> asked(Graph graph, QuantizationRules rules) {
    var asked = new LinkedHashMap<String, ChannelStatistics>();
    for (var node : graph) {
      var axis = channelAxis(node);
      if (axis.isEmpty() || rules.of(node).isEmpty() || !node.input(1).isConstant()) continue;
      asked.put(node.input(0).name(), new ChannelStatistics(axis.getAsInt()));
    }
    return asked;
  }

  static OptionalInt channelAxis(Node node) {
    Value x = node.input(0);
    if (!x.shape().isRanked()) return OptionalInt.empty();
    return switch (node.op()) {
      case Conv conv -> OptionalInt.of(conv.layout().channelAxis(x.shape().rank()));
      case FullyConnected _ -> OptionalInt.of(x.shape().rank() - 1);
      default -> OptionalInt.empty();
    };
  }

  public void add(TensorData data) {
    var shape = data.shape();
    if (shape.rank() <= axis) return;
    int channels = Math.toIntExact(shape.dim(axis).fixed());
    if (sums.length == 0) {
      sums = new double[channels];
      peaks = new double[channels];
    }
    if (sums.length != channels || channels == 0) return;
    long inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) inner *= shape.dim(i).fixed();
    var floats = data.floats();
    for (int i = 0; i < floats.length; i++) {
      float x = floats[i];
      if (!Float.isFinite(x)) continue;
      int channel = (int) (i / inner % channels);
      sums[channel] += x;
      peaks[channel] = Math.max(peaks[channel], Math.abs(x));
    }
    count += floats.length / channels;
  }

  /// A mean for each channel; empty where not so many channels were seen.
  Optional<double[]> means(long channels) {
    if (count == 0 || sums.length != channels) return Optional.empty();
    var means = new double[sums.length];
    for (int i = 0; i < means.length; i++) means[i] = sums[i] / count;
    return Optional.of(means);
  }

  /// The largest magnitude of each channel; empty where not so many channels were seen.
  Optional<double[]> peaks(long channels) {
    return count == 0 || peaks.length != channels ? Optional.empty() : Optional.of(peaks.clone());
  }
}
