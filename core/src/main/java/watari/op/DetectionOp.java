package watari.op;

import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// What comes after a detector.
public sealed interface DetectionOp extends Op {
  /// Greedy non-maximum suppression of each class of each image.
  ///
  /// Inputs: `boxes` (`[N, B, 4]`: y1, x1, y2, x2, or centre x, y, width, height), `scores` (`[N,
  /// C, B]`), `maxOutputs` (scalar per class, optional: 0), `iouThreshold` (scalar, optional: 0),
  /// `scoreThreshold` (scalar, optional: none). Output: `[count, 3]` of batch, class and box index,
  /// int64.
  ///
  /// Source: ONNX NonMaxSuppression-11.
  record NonMaxSuppression(boolean centerPointBox) implements DetectionOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(DataType.INT64, Shape.of(in.unknown(), Dim.of(3))));
    }
  }

  /// Non-maximum suppression of one image and class to a fixed number of outputs.
  ///
  /// Inputs: `boxes` (`[B, 4]`), `scores` (`[B]`), `maxOutputs`, `iouThreshold`, `scoreThreshold`
  /// (scalars), of the soft form also `sigma` (scalar). Outputs: indices (int32 `[maxOutputs]`, 0
  /// where unused), of the soft form the scores (`[maxOutputs]`), the count (int32 scalar).
  ///
  /// Source: TFLite NON_MAX_SUPPRESSION_V4 and V5 (soft).
  record PaddedNonMaxSuppression(boolean soft) implements DetectionOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var max = in.integers(2).map(all -> all.get(0)).orElseGet(in::unknown);
      var indices = new TensorType(DataType.INT32, Shape.of(max));
      var count = new TensorType(DataType.INT32, Shape.SCALAR);
      return soft
          ? List.of(indices, new TensorType(in.dtype(1), Shape.of(max)), count)
          : List.of(indices, count);
    }
  }

  /// Decodes boxes by anchors and suppresses overlaps.
  ///
  /// Inputs: `encodings` (`[1, B, 4+]`), `scores` (`[1, B, classes (+ background)]`), `anchors`
  /// (`[B, 4]`). Outputs: boxes (`[1, n, 4]`), classes (`[1, n]`), scores (`[1, n]`), count of
  /// selected boxes (`[1]`), all float32. Where classes are not suppressed by themselves
  /// (`regularNms`), the best classes of a box have `maxClassesPerDetection` places one behind the
  /// other.
  ///
  /// Source: TFLite custom operator TFLite_Detection_PostProcess.
  record DetectionPostProcess(
      int maxDetections,
      int maxClassesPerDetection,
      int detectionsPerClass,
      boolean regularNms,
      float scoreThreshold,
      float iouThreshold,
      int classes,
      float yScale,
      float xScale,
      float heightScale,
      float widthScale)
      implements DetectionOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(
          TensorType.of(DataType.FLOAT32, 1, slots(), 4),
          TensorType.of(DataType.FLOAT32, 1, slots()),
          TensorType.of(DataType.FLOAT32, 1, slots()),
          TensorType.of(DataType.FLOAT32, 1));
    }

    /// Places for detections.
    public long slots() {
      return (long) maxDetections * maxClassesPerDetection;
    }
  }
}
