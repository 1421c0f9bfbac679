package watari.quant;

import java.util.Optional;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.MatMulOp.FullyConnected;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// What rounding the weights of a product adds to the mean of each output: the rounding errors
/// times the means of the input's channels.
///
/// Source: M. Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction
/// (2019), section 4.2, with means of samples. Elements of a kernel that lie on padding see 0.
final class BiasCorrection {
  private BiasCorrection() {}

  /// Empty for products that are not known, or inputs whose channels were not seen.
  static Optional<double[]> shifts(
      Node node, TensorData weights, Quantization scales, ChannelStatistics seen) {
    return switch (node.op()) {
      case Conv conv -> {
        int rank = weights.shape().rank();
        int channelAxis = conv.layout() == Layout.CHANNELS_FIRST ? 1 : rank - 1;
        var shares = TapShares.of(conv, node.input(0).shape(), weights.shape());
        yield shifts(weights, scales, channelAxis, conv.groups(), shares, seen);
      }
      case FullyConnected _ -> shifts(weights, scales, 1, 1, new double[] {1}, seen);
      default -> Optional.empty();
    };
  }

  private static Optional<double[]> shifts(
      TensorData weights,
      Quantization scales,
      int channelAxis,
      int groups,
      double[] shares,
      ChannelStatistics seen) {
    int outputs = Math.toIntExact(weights.shape().dim(0).fixed());
    int channels = Math.toIntExact(weights.shape().dim(channelAxis).fixed());
    var means = seen.means((long) channels * groups);
    if (means.isEmpty() || outputs % groups != 0) return Optional.empty();
    long inner = 1;
    for (int i = channelAxis + 1; i < weights.shape().rank(); i++) {
      inner *= weights.shape().dim(i).fixed();
    }
    var rounded = weights.quantized(scales, DataType.INT8).dequantized(scales, DataType.FLOAT32);
    long perOutput = weights.size() / outputs;
    int perGroup = outputs / groups;
    var shifts = new double[outputs];
    for (long i = 0; i < weights.size(); i++) {
      int output = (int) (i / perOutput);
      int channel = output / perGroup * channels + (int) (i / inner % channels);
      // Elements of the kernel are the axes behind the channels, or those between outputs and them.
      int tap = (int) (inner > 1 ? i % inner : i / channels % shares.length);
      double mean = means.get()[channel] * shares[tap];
      shifts[output] += (rounded.doubleAt(i) - weights.doubleAt(i)) * mean;
    }
    return Optional.of(shifts);
  }
}
