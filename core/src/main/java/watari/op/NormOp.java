package watari.op;

import java.util.List;
import watari.tensor.Layout;
import watari.tensor.TensorType;

/// Normalisations and softmaxes; the output has the type of input 0.
public sealed interface NormOp extends Op {
  @Override
  default List<TensorType> infer(InferContext in) {
    return List.of(in.type(0).withoutQuantization());
  }

  /// `(x - mean) / sqrt(variance + epsilon) · scale + bias` by given statistics.
  ///
  /// Inputs: `x`, `scale`, `bias`, `mean`, `variance`, each `[C]`. For `x` of rank 1 or 2 the
  /// channel axis is the last in either layout (rank 2: `[N, C]`).
  record BatchNorm(float epsilon, Layout layout) implements NormOp {}

  /// The same with the statistics of each channel of each sample over the spatial axes.
  ///
  /// Inputs: `x`, `scale`, `bias` (`[C]`).
  record InstanceNorm(float epsilon, Layout layout) implements NormOp {}

  /// The same with the statistics of groups of neighbouring channels of each sample.
  ///
  /// Inputs: `x`, `scale`, `bias` (`[C]`). Source: ONNX GroupNormalization-21.
  record GroupNorm(int groups, float epsilon, Layout layout) implements NormOp {}

  /// The same with the statistics of all axes from `axis` on.
  ///
  /// Inputs: `x`, `scale`, `bias` (optional), which broadcast to the normalised axes. Source: ONNX
  /// LayerNormalization-17.
  record LayerNorm(int axis, float epsilon) implements NormOp {}

  /// `x / sqrt(mean(x²) + epsilon) · scale` over all axes from `axis` on.
  ///
  /// Inputs: `x`, `scale`. Source: ONNX RMSNormalization-23.
  record RmsNorm(int axis, float epsilon) implements NormOp {}

  /// `x / (bias + alpha / size · Σ x²)^beta`, the sum over the channels from `c - floor((size - 1)
  /// / 2)` to `c + ceil((size - 1) / 2)`.
  ///
  /// Source: ONNX LRN-13. TFLite's alpha is not divided by the size.
  record Lrn(int size, float alpha, float beta, float bias, Layout layout) implements NormOp {}

  /// `x / max(‖x‖_p, epsilon)` along `axis` (`p` is 1 or 2).
  ///
  /// ONNX LpNormalization has epsilon 0 and gives 0 for a norm of 0; TFLite's L2_NORMALIZATION has
  /// 1e-6.
  record LpNorm(int axis, int p, float epsilon) implements NormOp {}

  /// `exp(x) / Σ exp(x)` along `axis`.
  record Softmax(int axis) implements NormOp {}

  /// `log(softmax(x))` along `axis`.
  record LogSoftmax(int axis) implements NormOp {}

  /// 1 at the first maximum along `axis`, else 0.
  record Hardmax(int axis) implements NormOp {}
}
