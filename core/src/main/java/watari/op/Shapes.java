package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Shape rules that several operators share.
public final class Shapes {
  private Shapes() {}

  /// Numpy's multidirectional broadcasting.
  ///
  /// Where one dim is fixed above 1 and the other is not known, the result is the fixed one.
  ///
  /// @throws IllegalArgumentException if two fixed dims differ and neither is 1
  public static Shape broadcast(Shape a, Shape b, InferContext in) {
    if (!a.isRanked() || !b.isRanked()) return Shape.UNKNOWN;
    int rank = Math.max(a.rank(), b.rank());
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) {
      int fromA = i - rank + a.rank();
      int fromB = i - rank + b.rank();
      if (fromA < 0) dims.add(b.dim(fromB));
      else if (fromB < 0) dims.add(a.dim(fromA));
      else dims.add(broadcast(a.dim(fromA), b.dim(fromB), a, b, in));
    }
    return Shape.of(dims);
  }

  private static Dim broadcast(Dim a, Dim b, Shape whole, Shape other, InferContext in) {
    if (a.equals(b) || b.is(1)) return a;
    if (a.is(1)) return b;
    if (a.isFixed() && b.isFixed()) {
      throw new IllegalArgumentException(
          "shapes " + whole + " and " + other + " do not broadcast: " + a + " against " + b);
    }
    if (a.isFixed()) return a;
    if (b.isFixed()) return b;
    return in.unknown();
  }

  /// The axis counted from 0.
  ///
  /// @throws IllegalArgumentException if it is outside `[-rank, rank)`
  public static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException("axis " + axis + " is outside rank " + rank);
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Axes counted from 0, in the order given.
  ///
  /// @throws IllegalArgumentException if one is outside the rank or comes twice
  public static List<Integer> axes(long[] axes, int rank) {
    var result = new ArrayList<Integer>();
    for (long axis : axes) {
      int at = axis(axis, rank);
      if (result.contains(at)) throw new IllegalArgumentException("axis " + axis + " comes twice");
      result.add(at);
    }
    return result;
  }

  static void requireRank(Shape shape, int rank, String what) {
    if (shape.isRanked() && shape.rank() != rank) {
      throw new IllegalArgumentException(what + " has shape " + shape + ", expected rank " + rank);
    }
  }

  static void requireRankAtLeast(Shape shape, int rank, String what) {
    if (shape.isRanked() && shape.rank() < rank) {
      throw new IllegalArgumentException(
          what + " has shape " + shape + ", expected rank " + rank + " or more");
    }
  }

  /// Two shapes one after the other along an axis.
  ///
  /// @throws IllegalArgumentException if they differ along another
  static Shape joined(Shape a, Shape b, int axis) {
    if (!a.isRanked() || !b.isRanked()) return Shape.UNKNOWN;
    requireRank(b, a.rank(), "a concatenated tensor");
    int at = axis(axis, a.rank());
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < a.rank(); i++) {
      if (i == at) {
        dims.add(a.dim(i).plus(b.dim(i)));
        continue;
      }
      if (a.dim(i).isFixed() && b.dim(i).isFixed() && !a.dim(i).equals(b.dim(i))) {
        throw new IllegalArgumentException(
            "shapes " + a + " and " + b + " differ outside the concatenated axis " + axis);
      }
      dims.add(a.dim(i).isFixed() ? a.dim(i) : b.dim(i));
    }
    return Shape.of(dims);
  }

  /// The type of images whose channels and both spatial dims become others.
  static List<TensorType> images(
      InferContext in, Layout layout, UnaryOperator<Dim> channels, UnaryOperator<Dim> spatial) {
    var x = in.shape(0);
    if (!x.isRanked()) return List.of(new TensorType(in.dtype(0), in.unknownShape(4)));
    int c = layout.channelAxis(4);
    int h = layout.firstSpatialAxis();
    var shape =
        x.with(c, channels.apply(x.dim(c)))
            .with(h, spatial.apply(x.dim(h)))
            .with(h + 1, spatial.apply(x.dim(h + 1)));
    return List.of(new TensorType(in.dtype(0), shape));
  }
}
