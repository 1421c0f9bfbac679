package watari.op;

import java.util.List;
import java.util.Optional;
import watari.tensor.Dim;
import watari.tensor.TensorType;

/// What a node computes: an immutable record that says its operator's parameters, checks them and
/// infers its output types. It knows no formats, no passes and no kernels.
///
/// Names and semantics are ONNX's wherever ONNX has the operator; where a record is richer, its
/// documentation says so. What ONNX takes as an input is an input here.
public sealed interface Op
    permits ElementwiseOp,
        BinaryOp,
        ReduceOp,
        ConvOp,
        PoolOp,
        NormOp,
        ShapeOp,
        IndexOp,
        MatMulOp,
        ResizeOp,
        RecurrentOp,
        SequenceOp,
        ControlOp,
        SignalOp,
        DetectionOp,
        QuantizeOp,
        Custom {

  /// Element types and shapes of the outputs; never their quantization.
  ///
  /// @throws IllegalArgumentException with a sentence for the user, if the inputs do not fit
  List<TensorType> infer(InferContext in);

  /// The elements of output 0 where they are integers computed from known integers, dims included:
  /// the arithmetic on shapes that models carry.
  default Optional<List<Dim>> inferIntegers(InferContext in) {
    return Optional.empty();
  }

  /// Whether equal inputs give equal outputs and nothing else happens: what may be folded, shared
  /// and removed.
  default boolean isPure() {
    return true;
  }

  /// The operator's name, for messages.
  default String name() {
    return getClass().getSimpleName();
  }
}
