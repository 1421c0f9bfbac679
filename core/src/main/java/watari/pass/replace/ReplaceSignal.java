package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.MatMulOp.MatMul;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Dft, Stft → products with constant matrices of cosines and sines.
///
/// Holds for fixed lengths.
public final class ReplaceSignal {
  private static final long MOST_WEIGHTS = 1L << 24;

  private ReplaceSignal() {}

  public static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("ReplaceDft", Dft.class, ReplaceSignal::dft),
        new Replacement<>("ReplaceStft", Stft.class, ReplaceSignal::stft));
  }

  /// A transform of `length` points.
  ///
  /// @param parts of a number that comes in: 1 where it is real
  private record Transform(int length, int parts, boolean inverse, boolean oneSided) {
    int half() {
      return length / 2 + 1;
    }

    int bins() {
      return oneSided && !inverse ? half() : length;
    }

    int taken() {
      return oneSided && inverse ? half() : length;
    }

    int given() {
      return oneSided && inverse ? 1 : 2;
    }

    /// `[taken · parts, bins · given]`.
    TensorData matrix() {
      int columns = bins() * given();
      var weights = new float[taken() * parts * columns];
      for (int i = 0; i < taken(); i++) {
        double share = (inverse ? 1.0 / length : 1) * mirrored(i);
        for (int k = 0; k < bins(); k++) {
          double angle = 2 * Math.PI * ((long) i * k % length) / length * (inverse ? 1 : -1);
          float cosine = (float) (share * Math.cos(angle));
          float sine = (float) (share * Math.sin(angle));
          int at = i * parts * columns + k * given();
          weights[at] = cosine;
          if (given() == 2) weights[at + 1] = sine;
          if (parts == 1) continue;
          weights[at + columns] = -sine;
          if (given() == 2) weights[at + columns + 1] = cosine;
        }
      }
      return TensorData.ofFloats(Shape.of((long) taken() * parts, columns), weights);
    }

    /// How often a bin counts whose mirror is left out.
    private int mirrored(int bin) {
      boolean isHalf = oneSided && inverse;
      return !isHalf || bin == 0 || 2 * bin == length ? 1 : 2;
    }

    boolean isTooLarge() {
      return (long) taken() * parts * bins() * given() > MOST_WEIGHTS;
    }
  }

  private static Outcome dft(Dft op, Match<Dft> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked() || !x.dtype().isFloat()) return Replacement.left("no known floats");
    int rank = x.shape().rank();
    var axes =
        match.input(2).isPresent() ? match.integers(2) : java.util.Optional.of(new long[] {-2});
    if (axes.isEmpty()) return Replacement.left("its axis is computed");
    int axis = Shapes.axis(axes.get()[0], rank);
    var dim = x.shape().dim(axis);
    var parts = x.shape().dim(-1);
    if (!dim.isFixed() || !parts.isFixed() || axis == rank - 1) {
      return Replacement.left("its dims are not fixed");
    }
    long length = op.inverse() && op.oneSided() ? 2 * (dim.fixed() - 1) : dim.fixed();
    if (match.input(1).isPresent()) {
      var given = match.integers(1);
      if (given.isEmpty()) return Replacement.left("its length is computed");
      length = given.get()[0];
    }
    var transform = new Transform((int) length, (int) parts.fixed(), op.inverse(), op.oneSided());
    if (length < 1 || transform.isTooLarge()) return Replacement.left("its length is " + length);
    var swapped = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.swap(swapped, axis, rank - 2);
    var moved = f.transpose(fitted(x, axis, transform.taken(), f), swapped);
    if (unknowns(moved.shape()) > 1) return Replacement.left("its dims are not fixed");
    return match.replaceWith(f.transpose(transformed(moved, transform, f), swapped));
  }

  private static long unknowns(Shape shape) {
    return shape.dims().stream().filter(dim -> !dim.isFixed()).count();
  }

  /// Cut or filled with zeros to a length.
  private static Value fitted(Value x, int axis, long length, Formula f) {
    long dim = x.shape().dim(axis).fixed();
    if (dim > length) return f.slice(x, axis, 0, length);
    if (dim == length) return x;
    var pads = new long[2 * x.shape().rank()];
    pads[x.shape().rank() + axis] = length - dim;
    return f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads));
  }

  /// Along the last axis but one.
  private static Value transformed(Value x, Transform transform, Formula f) {
    var shape = x.shape();
    var flat = f.reshape(x, -1, (long) transform.taken() * transform.parts());
    var weights = f.cast(f.constant(transform.matrix()), x.dtype());
    var product = f.op(new MatMul(false, false), flat, weights);
    var outer = shape.slice(0, shape.rank() - 2);
    var inner = Shape.of(transform.bins(), transform.given());
    return f.reshape(product, outer.concat(inner));
  }

  private static Outcome stft(Stft op, Match<Stft> match, Formula f) {
    var x = match.input(0);
    var step = match.integers(1);
    if (!x.shape().hasRank(3) || step.isEmpty()) return Replacement.left("its step is computed");
    var window = match.input(2);
    long length = 0;
    if (match.input(3).isPresent()) length = match.integers(3).map(all -> all[0]).orElse(0L);
    else if (window.shape().isFixed()) length = window.shape().elements().fixed();
    if (length < 1) return Replacement.left("its frames' length is computed");
    if (window.isPresent() && !window.shape().equals(Shape.of(length))) {
      return Replacement.left("the window is not as long as a frame");
    }
    var samples = x.shape().dim(1);
    var parts = x.shape().dim(2);
    if (!samples.isFixed() || !parts.isFixed()) return Replacement.left("its dims are not fixed");
    var transform = new Transform((int) length, (int) parts.fixed(), false, op.oneSided());
    if (transform.isTooLarge() || samples.fixed() < length) {
      return Replacement.left("its frames have length " + length);
    }
    var frames = frames(x, samples.fixed(), step.get()[0], length, f);
    if (window.isPresent()) frames = f.mul(frames, f.reshape(window, length, 1));
    return match.replaceWith(transformed(frames, transform, f));
  }

  /// `[N, frames, length, parts]`.
  private static Value frames(Value x, long samples, long step, long length, Formula f) {
    int count = Math.toIntExact((samples - length) / step + 1);
    var indices = new int[Math.toIntExact(count * length)];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = Math.toIntExact(i / length * step + i % length);
    }
    var gathered = f.gather(x, f.constant(TensorData.ofInts(Shape.of(indices.length), indices)), 1);
    var shape = Shape.of(x.shape().dim(0), Dim.of(count), Dim.of(length), x.shape().dim(2));
    return f.reshape(gathered, shape);
  }
}
