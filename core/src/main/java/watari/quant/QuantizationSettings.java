package watari.quant;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.tensor.DataType;

/// How a graph is quantized.
///
/// @param activations INT8 or INT16
/// @param perTensor whether weights have one scale for the whole tensor
/// @param ranges of values by name; what has none stays float
/// @param means of inputs of products by name; biases are corrected by them
/// @param floats names of the first outputs of nodes that stay on floats
public record QuantizationSettings(
    DataType activations,
    boolean perTensor,
    Map<String, Range> ranges,
    Map<String, ChannelStatistics> means,
    Set<String> floats) {
  public QuantizationSettings {
    ranges = Map.copyOf(ranges);
    means = Map.copyOf(means);
    floats = Set.copyOf(floats);
  }

  public QuantizationSettings withFloats(Set<String> others) {
    return new QuantizationSettings(activations, perTensor, ranges, means, others);
  }

  Optional<Range> range(String value) {
    return Optional.ofNullable(ranges.get(value));
  }
}
