package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Sampling between elements.
public sealed interface ResizeOp extends Op {
  /// How an output position maps to an input position.
  enum Coordinates {
    /// `(x + 0.5) / scale - 0.5`.
    HALF_PIXEL,
    /// The same, corrected so that the centres of both images agree though the scale was rounded.
    HALF_PIXEL_SYMMETRIC,
    /// The same, but 0 where the output has one element.
    PYTORCH_HALF_PIXEL,
    /// `x · (in - 1) / (out - 1)`, 0 where the output has one element.
    ALIGN_CORNERS,
    /// `x / scale`.
    ASYMMETRIC,
    /// Of a region of interest.
    TF_CROP_AND_RESIZE,
    /// `(x + 0.5) / scale`: TFLite's nearest with half_pixel_centers, ONNX' old
    /// tf_half_pixel_for_nn.
    TF_HALF_PIXEL_FOR_NN
  }

  /// How a position between two elements is rounded in mode NEAREST.
  enum Nearest {
    /// 0.5 goes down.
    ROUND_PREFER_FLOOR,
    /// 0.5 goes up.
    ROUND_PREFER_CEIL,
    FLOOR,
    CEIL
  }

  /// What is between elements.
  enum Mode {
    NEAREST,
    LINEAR,
    CUBIC
  }

  /// How `sizes` is meant.
  enum AspectPolicy {
    STRETCH,
    NOT_LARGER,
    NOT_SMALLER
  }

  /// Resizes the given axes.
  ///
  /// Inputs: `x`, `roi` (optional), `scales` (optional), `sizes` (optional): the last two have one
  /// entry for each of `axes` (`roi` twice as many), and exactly one of them is there. With `sizes`
  /// a scale is `out / in`; with `scales` a dim is `floor(in · scale)` and the scale stays what was
  /// given.
  ///
  /// Source: ONNX Resize-19.
  ///
  /// @param axes not negative, ascending
  /// @param cubicCoefficient `a` of the cubic kernel, usually -0.75
  /// @param excludeOutside positions outside weigh nothing, the others' weights are scaled to 1
  /// @param antialias widen the kernel when shrinking
  /// @param extrapolation value outside the region of interest
  record Resize(
      Mode mode,
      Coordinates coordinates,
      Nearest nearest,
      float cubicCoefficient,
      boolean excludeOutside,
      boolean antialias,
      float extrapolation,
      AspectPolicy policy,
      List<Integer> axes)
      implements ResizeOp {
    public Resize {
      axes = List.copyOf(axes);
    }

    /// The same along other axes.
    public Resize withAxes(List<Integer> others) {
      return new Resize(
          mode,
          coordinates,
          nearest,
          cubicCoefficient,
          excludeOutside,
          antialias,
          extrapolation,
          policy,
          others);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var shape = x;
      var resized = dims(in, x);
      for (int i = 0; i < axes.size(); i++) {
        shape = shape.with(axes.get(i), resized.isEmpty() ? in.unknown() : resized.get().get(i));
      }
      return List.of(new TensorType(in.dtype(0), shape));
    }

    private Optional<List<Dim>> dims(InferContext in, Shape x) {
      if (in.has(3)) {
        var sizes = in.integers(3);
        return policy == AspectPolicy.STRETCH ? sizes : sizes.flatMap(s -> kept(s, x));
      }
      if (!in.has(2)) return Optional.empty();
      var roi = in.has(1) ? in.constant(1) : Optional.<watari.tensor.TensorData>empty();
      if (coordinates == Coordinates.TF_CROP_AND_RESIZE && roi.isEmpty()) return Optional.empty();
      return in.constant(2)
          .map(scales ->
              IntStream.range(0, axes.size())
                  .mapToObj(i -> scaled(x.dim(axes.get(i)), scales.doubleAt(i), extent(roi, i), in))
                  .toList());
    }

    private float extent(Optional<watari.tensor.TensorData> roi, int i) {
      if (coordinates != Coordinates.TF_CROP_AND_RESIZE || roi.isEmpty()) return 1;
      return (float) (roi.get().doubleAt(i + (long) axes.size()) - roi.get().doubleAt(i));
    }

    private static Dim scaled(Dim dim, double scale, float extent, InferContext in) {
      if (dim.isFixed()) {
        return Dim.of((long) Math.floor((float) dim.fixed() * extent * (float) scale));
      }
      return scale == Math.rint(scale) && extent == 1 ? dim.times((long) scale) : in.unknown();
    }

    /// Sizes with the aspect ratio kept.
    private Optional<List<Dim>> kept(List<Dim> sizes, Shape x) {
      var ratios = new double[axes.size()];
      for (int i = 0; i < ratios.length; i++) {
        if (!sizes.get(i).isFixed() || !x.dim(axes.get(i)).isFixed()) return Optional.empty();
        ratios[i] = (float) sizes.get(i).fixed() / x.dim(axes.get(i)).fixed();
      }
      var all = java.util.Arrays.stream(ratios);
      double ratio = (policy == AspectPolicy.NOT_LARGER ? all.min() : all.max()).orElse(1);
      var dims = new ArrayList<Dim>();
      for (int axis : axes) dims.add(Dim.of(Math.round(x.dim(axis).fixed() * ratio)));
      return Optional.of(dims);
    }
  }

  /// Samples `x` (`[N, C, spatial…]`) at the positions of `grid` (`[N, out…, n]`, in `[-1, 1]`, the
  /// last spatial axis first). Channels-last where `layout` says so.
  ///
  /// Source: ONNX GridSample-22.
  record GridSample(Mode mode, Outside outside, boolean alignCorners, Layout layout)
      implements ResizeOp {
    /// What is beyond the edges.
    public enum Outside {
      ZEROS,
      BORDER,
      REFLECTION
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var grid = in.shape(1);
      if (!x.isRanked() || !grid.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var shape = x;
      for (int i = 0; i < x.rank() - 2; i++) {
        shape = shape.with(layout.firstSpatialAxis() + i, grid.dim(i + 1));
      }
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }
}
