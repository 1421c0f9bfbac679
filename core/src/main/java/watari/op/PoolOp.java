package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Windows that bring the elements below them to one, channel by channel. Input `x`: `[N, C,
/// spatial…]` channels-first, `[N, spatial…, C]` channels-last.
public sealed interface PoolOp extends Op {
  /// The largest element under the window; padding never wins.
  ///
  /// With two outputs the second has, as int64, the flat index of each maximum in all of `x` read
  /// channels-first; with `columnMajor` the spatial axes are counted with the first one fastest.
  record MaxPool(Window window, Layout layout, boolean columnMajor) implements PoolOp {
    public MaxPool(Window window, Layout layout) {
      this(window, layout, false);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = window.output(in.shape(0), layout);
      var values = new TensorType(in.dtype(0), shape);
      return in.outputCount() < 2
          ? List.of(values)
          : List.of(values, new TensorType(DataType.INT64, shape));
    }
  }

  /// The mean of the elements under the window; `countPadding` decides whether explicit padding
  /// counts as zeros (what `ceil` adds beyond it never counts).
  record AveragePool(Window window, Layout layout, boolean countPadding) implements PoolOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), window.output(in.shape(0), layout)));
    }
  }

  /// `(Σ |x|^p)^(1/p)` over the elements under the window.
  ///
  /// Source: ONNX LpPool-18. TFLite's L2_POOL_2D is the root of a *mean* of squares, and is read as
  /// such.
  record LpPool(Window window, Layout layout, int p) implements PoolOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), window.output(in.shape(0), layout)));
    }
  }

  /// Puts elements back where a MaxPool found them, and zeros elsewhere.
  ///
  /// Inputs: `x`, `indices` (int64, as MaxPool gives them), `outputShape` (optional).
  /// Channels-first. Source: ONNX MaxUnpool-11.
  record MaxUnpool(Window window) implements PoolOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (in.has(2)) {
        var dims = in.integers(2);
        var shape =
            dims.map(Shape::of).orElse(x.isRanked() ? in.unknownShape(x.rank()) : Shape.UNKNOWN);
        return List.of(new TensorType(in.dtype(0), shape));
      }
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var dims = new ArrayList<Dim>(x.dims());
      var pads = (Padding.Explicit) window.padding();
      for (int i = 0; i < window.kernel().size(); i++) {
        var dim =
            x.dim(i + 2)
                .minus(1)
                .times(window.strides().get(i))
                .plus(window.kernel().get(i) - pads.begins().get(i) - pads.ends().get(i));
        dims.set(i + 2, dim);
      }
      return List.of(new TensorType(in.dtype(0), Shape.of(dims)));
    }
  }

  /// Pools regions of interest to a fixed size by bilinear samples.
  ///
  /// Inputs: `x` (`[N, C, H, W]`), `rois` (`[R, 4]`: x1, y1, x2, y2), `batchIndices` (`[R]`).
  /// Source: ONNX RoiAlign-16.
  ///
  /// @param average the mean of the samples, else their maximum
  /// @param halfPixel shift coordinates by half a pixel
  record RoiAlign(
      boolean average,
      boolean halfPixel,
      int outputHeight,
      int outputWidth,
      int samplingRatio,
      float spatialScale)
      implements PoolOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), roiShape(in, outputHeight, outputWidth)));
    }
  }

  /// Pools regions of interest to a fixed size by maxima of whole cells.
  ///
  /// Inputs: `x` (`[N, C, H, W]`), `rois` (`[R, 5]`: batch index, x1, y1, x2, y2). Source: ONNX
  /// MaxRoiPool-1.
  record MaxRoiPool(int outputHeight, int outputWidth, float spatialScale) implements PoolOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), roiShape(in, outputHeight, outputWidth)));
    }
  }

  private static Shape roiShape(InferContext in, int height, int width) {
    var rois = in.shape(1).isRanked() ? in.shape(1).dim(0) : in.unknown();
    var channels = in.shape(0).isRanked() ? in.shape(0).dim(1) : in.unknown();
    return Shape.of(rois, channels, Dim.of(height), Dim.of(width));
  }
}
