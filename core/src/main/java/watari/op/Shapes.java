package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.Dim;
import watari.tensor.Shape;

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
}
