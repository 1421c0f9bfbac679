package watari.op;

import java.util.List;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// An operator that no record of ours says. It survives a round trip in its own format; every other
/// writer refuses it.
///
/// Where its definition is known, its node has a body of standard operators that compute the same:
/// a parameter for each input that is there, an output for each output. It stands for the node
/// wherever the operator itself cannot.
///
/// @param domain the format, and where it has domains the domain: `tflite`, `onnx:`,
///   `onnx:com.microsoft`
/// @param version of the operator, or of its domain
/// @param attributes in the file's order
/// @param outputs declared types, since nothing can be inferred
/// @param isPure whether it may be shared or removed when unused
public record Custom(
    String domain,
    String name,
    int version,
    List<Attribute> attributes,
    List<TensorType> outputs,
    boolean isPure)
    implements Op {
  public Custom {
    attributes = List.copyOf(attributes);
    outputs = List.copyOf(outputs);
  }

  /// An attribute in its format's own encoding.
  ///
  /// @param encoded bytes as the file has them (uint8)
  public record Attribute(String name, TensorData encoded) {}

  @Override
  public List<TensorType> infer(InferContext in) {
    return outputs;
  }
}
