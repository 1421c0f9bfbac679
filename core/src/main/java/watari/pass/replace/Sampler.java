package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.ResizeOp.GridSample.Outside;
import watari.op.ResizeOp.Mode;
import watari.tensor.DataType;

/// Samples images at computed places: gathered elements, weighed and added up.
///
/// @param image `[B, S, C]`: the spatial axes are flattened
/// @param dims of the spatial axes
/// @param edges the lowest place inside: -0.5, or 0 where edges are centres of elements
record Sampler(Formula f, Value image, List<Long> dims, Outside outside, double edges) {
  private static final double CUBIC_COEFFICIENT = -0.75;

  /// One element that a place meets along an axis.
  private record Tap(Value index, Value inside, Value weight) {}

  /// The samples `[B, P, C]` at places `[B, P]` along each axis.
  Value at(List<Value> places, Mode mode) {
    var taps = new ArrayList<List<Tap>>();
    for (int i = 0; i < dims.size(); i++) taps.add(taps(places.get(i), dims.get(i), mode));
    return sum(taps, 0, List.of());
  }

  private Value sum(List<List<Tap>> taps, int axis, List<Tap> chosen) {
    if (axis == taps.size()) return element(chosen);
    Value sum = Value.ABSENT;
    for (var tap : taps.get(axis)) {
      var more = new ArrayList<>(chosen);
      more.add(tap);
      var part = sum(taps, axis + 1, more);
      sum = sum.isPresent() ? f.add(sum, part) : part;
    }
    return sum;
  }

  private Value element(List<Tap> chosen) {
    Value index = Value.ABSENT;
    Value inside = Value.ABSENT;
    Value weight = Value.ABSENT;
    for (int i = 0; i < dims.size(); i++) {
      var tap = chosen.get(i);
      index = index.isPresent() ? f.add(f.mul(index, dims.get(i)), tap.index()) : tap.index();
      inside = both(Binary.Kind.AND, inside, tap.inside());
      weight = both(Binary.Kind.MUL, weight, tap.weight());
    }
    var element = f.op(new Gather(1, 1), image, index);
    if (inside.isPresent()) element = f.select(column(inside), element, f.scalar(element, 0));
    return weight.isPresent() ? f.mul(element, column(weight)) : element;
  }

  private Value both(Binary.Kind kind, Value a, Value b) {
    if (!a.isPresent()) return b;
    return b.isPresent() ? f.binary(kind, a, b) : a;
  }

  private Value column(Value x) {
    return f.op(new watari.op.ShapeOp.Unsqueeze(), x, f.vector(-1));
  }

  private List<Tap> taps(Value place, long dim, Mode mode) {
    var at = mode == Mode.NEAREST ? f.unary(Unary.Kind.ROUND, place) : place;
    if (outside == Outside.BORDER) at = clippedIfOutside(at, dim);
    if (outside == Outside.REFLECTION) at = reflected(at, dim);
    if (mode == Mode.NEAREST) return List.of(tap(at, dim, Value.ABSENT));
    var floor = f.unary(Unary.Kind.FLOOR, at);
    var rest = f.sub(at, floor);
    var one = f.scalar(rest, 1);
    if (mode == Mode.LINEAR) {
      return List.of(tap(floor, dim, f.sub(one, rest)), tap(f.add(floor, 1), dim, rest));
    }
    var taps = new ArrayList<Tap>();
    for (int i = -1; i <= 2; i++) {
      var distance = f.abs(f.sub(f.scalar(rest, i), rest));
      taps.add(tap(f.add(floor, i), dim, cubicWeight(distance, i == 0 || i == 1)));
    }
    return taps;
  }

  /// Limited to the elements where it is beyond the edges, which may be half an element away.
  private Value clippedIfOutside(Value at, long dim) {
    var clipped = f.op(new Clip(0, dim - 1), at);
    if (edges == 0) return clipped;
    var low = f.binary(Binary.Kind.GREATER_EQUAL, at, f.scalar(at, edges));
    var high = f.binary(Binary.Kind.LESS_EQUAL, at, f.scalar(at, dim - 1 - edges));
    return f.select(f.binary(Binary.Kind.AND, low, high), at, clipped);
  }

  private Value cubicWeight(Value distance, boolean isNear) {
    double a = CUBIC_COEFFICIENT;
    return isNear
        ? f.polynomial(distance, a + 2, -(a + 3), 0, 1)
        : f.polynomial(distance, a, -5 * a, 8 * a, -4 * a);
  }

  /// @param at whole numbers
  private Tap tap(Value at, long dim, Value weight) {
    Value inside = Value.ABSENT;
    var place = at;
    if (outside == Outside.REFLECTION) place = reflected(at, dim);
    if (outside == Outside.ZEROS) {
      var low = f.binary(Binary.Kind.GREATER_EQUAL, at, f.scalar(at, 0));
      var high = f.binary(Binary.Kind.LESS_EQUAL, at, f.scalar(at, dim - 1));
      inside = f.binary(Binary.Kind.AND, low, high);
    }
    var index = f.cast(f.op(new Clip(0, dim - 1), place), DataType.INT32);
    return new Tap(index, inside, weight);
  }

  /// Mirrored at both edges as often as it takes.
  private Value reflected(Value at, long dim) {
    double range = dim - 1 - 2 * edges;
    if (range == 0) return f.mul(at, 0);
    var above = f.add(at, -edges);
    var twice = f.binary(Binary.Kind.FLOOR_MOD, above, f.scalar(above, 2 * range));
    var back = f.sub(f.scalar(twice, 2 * range), twice);
    return f.add(f.min(twice, back), edges);
  }
}
