package watari.tensor;

import static java.util.stream.Collectors.joining;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Dims of a tensor, outermost first; or a shape of which not even the rank is known.
///
/// @param isRanked whether the rank is known; if not, `dims` is empty
public record Shape(boolean isRanked, List<Dim> dims) {
  public static final Shape UNKNOWN = new Shape(false, List.of());
  public static final Shape SCALAR = new Shape(true, List.of());

  public Shape {
    dims = List.copyOf(dims);
  }

  public static Shape of(long... dims) {
    return new Shape(true, Arrays.stream(dims).mapToObj(Dim::of).toList());
  }

  public static Shape of(List<Dim> dims) {
    return new Shape(true, dims);
  }

  public static Shape of(Dim... dims) {
    return new Shape(true, List.of(dims));
  }

  /// Number of axes.
  ///
  /// @throws IllegalStateException if it is not known
  public int rank() {
    if (!isRanked) throw new IllegalStateException("the rank is not known");
    return dims.size();
  }

  public boolean hasRank(int rank) {
    return isRanked && dims.size() == rank;
  }

  /// The dim of an axis; negative axes count from the end.
  ///
  /// @throws IllegalArgumentException if there is no such axis
  public Dim dim(int axis) {
    int at = axis < 0 ? axis + rank() : axis;
    if (at < 0 || at >= dims.size()) {
      throw new IllegalArgumentException("shape " + this + " has no axis '" + axis + "'");
    }
    return dims.get(at);
  }

  /// Whether rank and every dim are known.
  public boolean isFixed() {
    return isRanked && dims.stream().allMatch(Dim::isFixed);
  }

  /// The dims of a fixed shape.
  public long[] fixedDims() {
    return dims.stream().mapToLong(Dim::fixed).toArray();
  }

  /// The number of elements, symbolic where dims are.
  public Dim elements() {
    return product(0, rank());
  }

  /// The product of the dims of the axes `from` (inclusive) to `to` (exclusive).
  public Dim product(int from, int to) {
    var product = Dim.ONE;
    for (int axis = from; axis < to; axis++) product = product.times(dims.get(axis));
    return product;
  }

  public Shape with(int axis, Dim dim) {
    var changed = dims.toArray(Dim[]::new);
    changed[axis < 0 ? axis + rank() : axis] = dim;
    return of(changed);
  }

  /// Axis `i` of the result is axis `perm[i]` of this.
  public Shape transposed(List<Integer> perm) {
    return of(perm.stream().map(dims::get).toList());
  }

  /// Whether a permutation moves axes of dim 1 alone, so that every element stays where it is.
  public boolean isUnmovedBy(List<Integer> perm) {
    int last = -1;
    for (int axis : perm) {
      if (dim(axis).is(1)) continue;
      if (axis < last) return false;
      last = axis;
    }
    return true;
  }

  /// The number of dims that are not fixed.
  public long unknownDims() {
    return dims.stream().filter(dim -> !dim.isFixed()).count();
  }

  public Shape concat(Shape other) {
    return of(Stream.concat(dims.stream(), other.dims.stream()).toList());
  }

  /// Dims of the axes `from` (inclusive) to `to` (exclusive).
  public Shape slice(int from, int to) {
    return of(dims.subList(from, to));
  }

  /// `[1,3,H,W]`, `[]` for a scalar, `[?]` for an unknown rank.
  @Override
  public String toString() {
    return isRanked ? dims.stream().map(Dim::toString).collect(joining(",", "[", "]")) : "[?]";
  }
}
