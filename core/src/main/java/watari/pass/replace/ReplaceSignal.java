package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.MatMul;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
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
    if (!x.shape().dim(-1).isFixed()) return Replacement.left("its dims are not fixed");
    int rank = x.shape().rank();
    var given = match.input(2);
    var known = given.isPresent() ? match.integers(2) : Optional.of(new long[] {-2});
    if (known.isPresent()) {
      var result = along(op, match, Shapes.axis(known.get()[0], rank), f);
      return result.map(match::replaceWith).orElseGet(() -> Replacement.left("it is not fixed"));
    }
    return byAxis(op, match, rank, f);
  }

  /// Of a computed axis: the transforms along all axes that give the declared shape, of which one
  /// is selected.
  private static Outcome byAxis(Dft op, Match<Dft> match, int rank, Formula f) {
    var to = match.output().shape();
    if (!to.isFixed()) return Replacement.left("its axis is computed");
    Value chosen = Value.ABSENT;
    var axis = f.reshape(match.input(2), Shape.SCALAR);
    for (int i = 0; i < rank - 1; i++) {
      var result = along(op, match, i, f).filter(value -> value.shape().equals(to));
      if (result.isEmpty()) continue;
      if (!chosen.isPresent()) {
        chosen = result.get();
        continue;
      }
      var isFront = f.binary(Binary.Kind.EQUAL, axis, f.scalar(axis, i));
      var isBack = f.binary(Binary.Kind.EQUAL, axis, f.scalar(axis, i - rank));
      chosen = f.select(f.binary(Binary.Kind.OR, isFront, isBack), result.get(), chosen);
    }
    return chosen.isPresent()
        ? match.replaceWith(chosen)
        : Replacement.left("its axis is computed");
  }

  private static Optional<Value> along(Dft op, Match<Dft> match, int axis, Formula f) {
    var x = match.input(0);
    int rank = x.shape().rank();
    var dim = x.shape().dim(axis);
    if (!dim.isFixed() || axis == rank - 1) return Optional.empty();
    long length = op.inverse() && op.oneSided() ? 2 * (dim.fixed() - 1) : dim.fixed();
    if (match.input(1).isPresent()) {
      var given = match.integers(1);
      if (given.isEmpty()) return Optional.empty();
      length = given.get()[0];
    }
    int parts = (int) x.shape().dim(-1).fixed();
    var transform = new Transform((int) length, parts, op.inverse(), op.oneSided());
    if (length < 1 || transform.isTooLarge()) return Optional.empty();
    var swapped = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.swap(swapped, axis, rank - 2);
    var moved = f.transpose(fitted(x, axis, transform.taken(), f), swapped);
    if (unknowns(moved.shape()) > 1) return Optional.empty();
    return Optional.of(f.transpose(transformed(moved, transform, f), swapped));
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
    var x = match.input(0).shape();
    var to = match.output().shape();
    if (!x.hasRank(3) || !x.dim(1).isFixed() || !x.dim(2).isFixed()) {
      return Replacement.left("its dims are not fixed");
    }
    Value chosen = Value.ABSENT;
    for (long length : lengths(op, match)) {
      var count = frameCount(match, to, x.dim(1).fixed(), length);
      var transform = new Transform((int) length, (int) x.dim(2).fixed(), false, op.oneSided());
      boolean fits = length >= 1 && length <= x.dim(1).fixed() && !transform.isTooLarge();
      if (count.isEmpty() || !fits) continue;
      var result = transformed(framed(match, count.getAsLong(), length, f), transform, f);
      if (!chosen.isPresent()) {
        chosen = result;
        continue;
      }
      var given = f.reshape(match.input(3), Shape.SCALAR);
      var isGiven = f.binary(Binary.Kind.EQUAL, given, f.scalar(given, length));
      chosen = f.select(isGiven, result, chosen);
    }
    return chosen.isPresent()
        ? match.replaceWith(chosen)
        : Replacement.left("its frames are unknown");
  }

  /// The lengths that frames may have: of a computed one those that give the declared bins.
  private static List<Long> lengths(Stft op, Match<Stft> match) {
    var window = match.input(2);
    if (window.isPresent()) {
      if (!window.shape().hasRank(1) || !window.shape().isFixed()) return List.of();
      long length = window.shape().dim(0).fixed();
      var given = match.input(3).isPresent() ? match.integers(3) : Optional.<long[]>empty();
      return given.isPresent() && given.get()[0] != length ? List.of() : List.of(length);
    }
    if (!match.input(3).isPresent()) return List.of();
    var given = match.integers(3);
    if (given.isPresent()) return List.of(given.get()[0]);
    var to = match.output().shape();
    if (!to.hasRank(4) || !to.dim(2).isFixed()) return List.of();
    long bins = to.dim(2).fixed();
    return op.oneSided() ? List.of(2 * bins - 2, 2 * bins - 1) : List.of(bins);
  }

  private static OptionalLong frameCount(Match<Stft> match, Shape to, long samples, long length) {
    var step = match.integers(1);
    if (step.isPresent()) return OptionalLong.of((samples - length) / step.get()[0] + 1);
    return to.hasRank(4) ? to.dim(1).value() : OptionalLong.empty();
  }

  /// `[N, frames, length, parts]`, weighed by the window.
  private static Value framed(Match<Stft> match, long count, long length, Formula f) {
    var x = match.input(0);
    var step = f.reshape(f.cast(match.input(1), DataType.INT32), Shape.SCALAR);
    var starts = f.mul(counted(count, Shape.of(count, 1), f), step);
    var places = f.add(starts, counted(length, Shape.of(1, length), f));
    var last = f.scalar(places, x.shape().dim(1).fixed() - 1);
    var indices = f.reshape(f.min(places, last), count * length);
    var shape = Shape.of(x.shape().dim(0), Dim.of(count), Dim.of(length), x.shape().dim(2));
    var frames = f.reshape(f.gather(x, indices, 1), shape);
    var window = match.input(2);
    return window.isPresent() ? f.mul(frames, f.reshape(window, length, 1)) : frames;
  }

  private static Value counted(long count, Shape shape, Formula f) {
    return f.constant(TensorData.ofInts(shape, IntStream.range(0, (int) count).toArray()));
  }
}
