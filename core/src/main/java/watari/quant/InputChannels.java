package watari.quant;

import java.util.Optional;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// The weights of a product by the channel of its input that each is for.
///
/// @param channels of the input for each group
/// @param inner elements behind the axis of channels
record InputChannels(TensorData weights, int channels, int groups, long inner) {
  static InputChannels of(Node node) {
    var weights = node.input(1).constant().orElseThrow();
    var shape = weights.shape();
    int axis = 1;
    int groups = 1;
    if (node.op() instanceof Conv conv) {
      axis = conv.layout() == Layout.CHANNELS_FIRST ? 1 : shape.rank() - 1;
      groups = conv.groups();
    }
    long inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) inner *= shape.dim(i).fixed();
    return new InputChannels(weights, Math.toIntExact(shape.dim(axis).fixed()), groups, inner);
  }

  int count() {
    return channels * groups;
  }

  private int channel(int i) {
    long outputs = weights.shape().dim(0).fixed();
    int group = (int) (i / (weights.size() / outputs) / Math.max(1, outputs / groups));
    return group * channels + (int) (i / inner % channels);
  }

  /// The largest magnitude for each channel; empty where each output is for one channel alone.
  Optional<double[]> largest() {
    if (channels == 1) return Optional.empty();
    var largest = new double[count()];
    var numbers = weights.floats();
    for (int i = 0; i < numbers.length; i++) {
      int channel = channel(i);
      largest[channel] = Math.max(largest[channel], Math.abs(numbers[i]));
    }
    return Optional.of(largest);
  }

  float[] multiplied(double[] scales) {
    var numbers = weights.floats().clone();
    for (int i = 0; i < numbers.length; i++) numbers[i] *= (float) scales[channel(i)];
    return numbers;
  }
}
