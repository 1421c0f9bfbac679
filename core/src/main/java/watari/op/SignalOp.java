package watari.op;

import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Fourier transforms and complex numbers.
public sealed interface SignalOp extends Op {
  /// Discrete Fourier transform along an axis. Complex numbers are pairs along the last axis (of 1,
  /// if the input is real, or 2).
  ///
  /// Inputs: `x`, `length` (scalar, optional), `axis` (scalar, optional: -2). Source: ONNX DFT-20.
  record Dft(boolean inverse, boolean oneSided) implements SignalOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), x));
      var given = in.has(2) ? in.fixedIntegers(2).map(a -> a[0]) : java.util.Optional.of(-2L);
      if (given.isEmpty()) {
        return List.of(new TensorType(in.dtype(0), in.unknownShape(x.rank())));
      }
      int axis = Shapes.axis(given.get(), x.rank());
      var length =
          in.has(1) ? in.integers(1).map(all -> all.get(0)).orElseGet(in::unknown) : x.dim(axis);
      // A one-sided inverse makes a real signal of the bins' half.
      boolean toReal = inverse && oneSided;
      Dim bins = length;
      if (oneSided && !inverse) bins = length.floorDiv(2).plus(1);
      if (toReal && !in.has(1)) bins = length.minus(1).times(2);
      var shape = x.with(axis, bins).with(-1, Dim.of(toReal ? 1 : 2));
      return List.of(new TensorType(in.dtype(0), shape));
    }
  }

  /// Short-time Fourier transform. Inputs: `signal` (`[N, L, 1|2]`), `step` (scalar), `window`
  /// (optional), `length` (scalar, optional). Output `[N, frames, bins, 2]`. Source: ONNX STFT-17.
  record Stft(boolean oneSided) implements SignalOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var step = in.integers(1).map(all -> all.get(0)).orElseGet(in::unknown);
      var length = in.unknown();
      if (in.has(3)) length = in.integers(3).map(all -> all.get(0)).orElse(length);
      else if (in.has(2) && in.shape(2).isRanked()) length = in.shape(2).dim(0);
      var bins = oneSided ? length.floorDiv(2).plus(1) : length;
      var frames = in.unknown();
      if (x.isRanked() && !step.is(0)) {
        frames = x.dim(1).minus(length).floorDiv(step).plus(1);
      }
      var batch = x.isRanked() ? x.dim(0) : in.unknown();
      return List.of(new TensorType(in.dtype(0), Shape.of(batch, frames, bins, Dim.of(2))));
    }
  }

  /// Fourier transform of the last two axes of a real tensor to complex64; the last keeps half its
  /// bins.
  ///
  /// Inputs: `x`, `lengths` (2 integers). Source: TFLite RFFT2D.
  record RealFft2d() implements SignalOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      if (!x.isRanked()) return List.of(new TensorType(DataType.COMPLEX64, x));
      var lengths = in.integers(1).orElseGet(() -> in.unknownShape(2).dims());
      var shape = x.with(-2, lengths.get(0)).with(-1, lengths.get(1).floorDiv(2).plus(1));
      return List.of(new TensorType(DataType.COMPLEX64, shape));
    }
  }

  /// A part of complex numbers, or their size. Source: TFLite REAL, IMAG, COMPLEX_ABS.
  record ComplexPart(Part part) implements SignalOp {
    /// Which part.
    public enum Part {
      REAL,
      IMAGINARY,
      ABS
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var part = in.dtype(0) == DataType.COMPLEX128 ? DataType.FLOAT64 : DataType.FLOAT32;
      return List.of(new TensorType(part, in.shape(0)));
    }
  }
}
