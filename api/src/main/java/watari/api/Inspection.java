package watari.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.tensor.TensorType;

/// What is in a model.
///
/// @param operators how many nodes of each of the source format's operators there are
/// @param parameters elements of all constants but those of shape arithmetic
/// @param weightBytes bytes of all constants
/// @param multiplyAdds for one run, with unknown dims counted as 1
/// @param peakActivationBytes the most that intermediate tensors take at once, with unknown dims
///   counted as 1
/// @param dynamicDims names of unknown dims
/// @param targets what each target would refuse
public record Inspection(
    String model,
    String format,
    List<Tensor> inputs,
    List<Tensor> outputs,
    Map<String, Integer> operators,
    long parameters,
    long weightBytes,
    long multiplyAdds,
    long peakActivationBytes,
    List<String> dynamicDims,
    Map<String, String> metadata,
    List<Layer> layers,
    List<Target> targets,
    List<Finding> findings,
    Ending ending) {
  /// An input or output.
  ///
  /// @param layout `nchw`, `nhwc` or the like, where operators prove what the axes are; else empty
  public record Tensor(String name, TensorType type, String layout) {}

  /// A node of the model.
  public record Layer(
      String name,
      String operator,
      List<String> inputs,
      List<String> outputs,
      long parameters,
      long multiplyAdds) {}

  /// What a target would say.
  public record Target(String format, List<Finding> findings) {
    public boolean isExpressible() {
      return findings.stream().noneMatch(Finding::isError);
    }
  }

  public Inspection {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    operators = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(operators));
    metadata = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  static Inspection failed(String model, List<Finding> findings, Ending ending) {
    return new Inspection(
        model, "", List.of(), List.of(), Map.of(), 0, 0, 0, 0, List.of(), Map.of(), List.of(),
        List.of(), findings, ending);
  }
}
