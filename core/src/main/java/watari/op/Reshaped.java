package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Works out which shape a Reshape asks for.
final class Reshaped {
  private Reshaped() {}

  /// The shape that input 1 asks of input 0, as [ShapeOp.Reshape] says.
  ///
  /// @throws IllegalArgumentException if it has another number of elements
  static Shape shape(InferContext in, boolean allowZero) {
    var asked = in.integers(1);
    if (asked.isEmpty()) return ShapeOp.rankFrom(in, in.shape(1));
    var from = in.shape(0);
    var dims = new ArrayList<Dim>(asked.get());
    int open = -1;
    for (int i = 0; i < dims.size(); i++) {
      if (dims.get(i).is(-1)) open = i;
      else if (dims.get(i).is(0) && !allowZero) {
        if (from.isRanked() && i >= from.rank()) {
          throw new IllegalArgumentException("shape copies axis " + i + " of " + from);
        }
        dims.set(i, from.isRanked() ? from.dim(i) : in.unknown());
      }
    }
    if (open >= 0) {
      dims.set(open, Dim.ONE);
      dims.set(open, remaining(from, Shape.of(dims), in));
    } else {
      settleOneUnknown(from, dims);
    }
    requireSameElements(from, Shape.of(dims));
    return Shape.of(dims);
  }

  private static Dim remaining(Shape from, Shape others, InferContext in) {
    if (!from.isRanked()) return in.unknown();
    var divisor = others.elements();
    if (divisor.is(0)) return from.elements().is(0) ? Dim.ZERO : in.unknown();
    return from.elements().floorDiv(divisor);
  }

  /// A shape with one unknown dim that must fit a fixed number of elements is known after all.
  private static void settleOneUnknown(Shape from, List<Dim> dims) {
    if (!from.isFixed()) return;
    var unknown = IntStream.range(0, dims.size()).filter(i -> !dims.get(i).isFixed()).toArray();
    if (unknown.length != 1) return;
    dims.set(unknown[0], Dim.ONE);
    long others = Shape.of(dims).elements().fixed();
    if (others != 0) dims.set(unknown[0], Dim.of(from.elements().fixed() / others));
  }

  private static void requireSameElements(Shape from, Shape to) {
    if (!from.isFixed() || !to.isFixed()) return;
    if (!from.elements().equals(to.elements())) {
      throw new IllegalArgumentException(
          "shape "
              + from
              + " has "
              + from.elements()
              + " elements, shape "
              + to
              + " has "
              + to.elements());
    }
  }
}
