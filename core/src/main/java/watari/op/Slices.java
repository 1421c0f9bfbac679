package watari.op;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.tensor.Dim;

/// The arithmetic of starts, ends and steps.
///
/// Source: ONNX Slice-13.
public final class Slices {
  private Slices() {}

  /// The axes along which a node slices; empty if they are not known.
  static Optional<List<Integer>> axes(InferContext in, int rank) {
    if (in.has(3)) return in.fixedIntegers(3).map(axes -> Shapes.axes(axes, rank));
    var count = in.shape(1);
    if (!count.isFixed()) return Optional.empty();
    long all = count.rank() == 0 ? 1 : count.dim(0).fixed();
    return Optional.of(IntStream.range(0, (int) all).boxed().toList());
  }

  /// How many elements are left of a dim.
  ///
  /// @throws IllegalArgumentException if the step is 0
  static Dim extent(Dim dim, Dim start, Dim end, long step, InferContext in) {
    if (step == 0) throw new IllegalArgumentException("a step is 0");
    if (dim.isFixed() && start.isFixed() && end.isFixed()) {
      long from = clamp(start.fixed(), dim.fixed(), step);
      long to = clamp(end.fixed(), dim.fixed(), step);
      return Dim.of(Math.max(0, Math.ceilDiv(to - from, step)));
    }
    boolean wholeEnd = end.equals(dim) || end.isFixed() && end.fixed() >= Integer.MAX_VALUE;
    if (step == 1 && start.isFixed() && start.fixed() >= 0 && wholeEnd) {
      return start.is(0) ? dim : dim.minus(start);
    }
    if (step == -1 && start.is(-1) && end.isFixed() && end.fixed() <= Integer.MIN_VALUE) {
      return dim;
    }
    if (step == 1 && start.isFixed() && end.isFixed()) {
      if (start.fixed() < 0 && end.fixed() > Integer.MAX_VALUE - 1L) return start.times(-1);
      if (start.fixed() >= 0 && end.fixed() < 0) return dim.plus(end).minus(start);
    }
    return in.unknown();
  }

  /// Where a start or an end lies in a dim: negative ones count from its end.
  public static long clamp(long position, long dim, long step) {
    long at = position < 0 ? position + dim : position;
    return step > 0 ? Math.clamp(at, 0, dim) : Math.clamp(at, -1, Math.max(dim - 1, -1));
  }
}
