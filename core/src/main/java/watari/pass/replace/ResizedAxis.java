package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Resize;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A resize along one axis of fixed dims: positions in float32, then weighted elements.
///
/// Positions and weights are nodes, so that scales may be computed; where they are constant, the
/// nodes fold.
///
/// @param from the input's dim
/// @param to the output's dim
/// @param scale float32 scalar
/// @param start of the region of interest, or absent
/// @param end of the region of interest, or absent
record ResizedAxis(
    Resize op, Formula f, int axis, long from, long to, Value scale, Value start, Value end) {
  private static final float HALF = 0.5f;

  // ---- positions

  /// The place in the input of each element of the output: `[to]`.
  Value positions() {
    var x = counted(0, to);
    return switch (op.coordinates()) {
      case HALF_PIXEL -> centred(x);
      case HALF_PIXEL_SYMMETRIC -> f.add(centred(x), symmetricOffset());
      case PYTORCH_HALF_PIXEL -> to > 1 ? centred(x) : f.mul(x, 0);
      case ALIGN_CORNERS ->
          to > 1 ? f.div(f.mul(x, from - 1), f.add(f.mul(scale, from), -1)) : f.mul(x, 0);
      case ASYMMETRIC -> f.div(x, scale);
      case TF_CROP_AND_RESIZE -> ofRegion(x);
      case TF_HALF_PIXEL_FOR_NN -> f.div(f.add(x, HALF), scale);
    };
  }

  private Value centred(Value x) {
    return f.add(f.div(f.add(x, HALF), scale), -HALF);
  }

  /// What rounding the output's dim has moved the centre by.
  private Value symmetricOffset() {
    var adjustment = f.div(f.scalar(scale, to), f.mul(scale, from));
    return f.mul(f.sub(f.scalar(scale, 1), adjustment), from / 2.0);
  }

  private Value ofRegion(Value x) {
    if (to == 1) return f.add(f.mul(x, 0), f.mul(f.add(start, end), HALF * (from - 1)));
    var step = f.div(f.mul(f.sub(end, start), from - 1), f.scalar(scale, to - 1));
    return f.add(f.mul(x, step), f.mul(start, from - 1));
  }

  /// Whether positions are inside, shaped to broadcast along the axis.
  Value isInside(int rank) {
    var at = positions();
    var low = f.binary(Binary.Kind.GREATER_EQUAL, at, f.scalar(at, 0));
    var high = f.binary(Binary.Kind.LESS_EQUAL, at, f.scalar(at, from - 1));
    return along(f.binary(Binary.Kind.AND, low, high), rank);
  }

  // ---- elements

  /// The axis resized.
  Value resized(Value x) {
    if (from == 1) {
      return to == 1
          ? x
          : f.gather(x, f.constant(TensorData.ofInts(Shape.of(to), new int[(int) to])), axis);
    }
    if (op.antialias()) return weighed(x, smoothed());
    return switch (op.mode()) {
      case NEAREST -> f.gather(x, index(nearest()), axis);
      case LINEAR -> linear(x);
      case CUBIC -> cubic(x);
    };
  }

  private Value nearest() {
    var at = positions();
    var floor = f.unary(Unary.Kind.FLOOR, at);
    var rest = f.sub(at, floor);
    return switch (op.nearest()) {
      case FLOOR -> floor;
      case CEIL -> f.unary(Unary.Kind.CEIL, at);
      case ROUND_PREFER_FLOOR -> f.add(floor, isAbove(Binary.Kind.GREATER, rest));
      case ROUND_PREFER_CEIL -> f.add(floor, isAbove(Binary.Kind.GREATER_EQUAL, rest));
    };
  }

  private Value isAbove(Binary.Kind kind, Value rest) {
    return f.cast(f.binary(kind, rest, f.scalar(rest, HALF)), DataType.FLOAT32);
  }

  /// Beyond the edges there is more of the edge, so that positions may be limited to the inside.
  private Value linear(Value x) {
    var at = f.op(new Clip(0, from - 1), positions());
    var floor = f.unary(Unary.Kind.FLOOR, at);
    var right = f.sub(at, floor);
    var left = f.sub(f.scalar(right, 1), right);
    return sum(x, List.of(floor, f.add(floor, 1)), List.of(left, right));
  }

  private Value cubic(Value x) {
    var at = positions();
    var floor = f.unary(Unary.Kind.FLOOR, at);
    var rest = f.sub(at, floor);
    var places = new ArrayList<Value>();
    var weights = new ArrayList<Value>();
    for (int i = -1; i <= 2; i++) {
      places.add(f.add(floor, i));
      weights.add(cubicWeight(f.abs(f.sub(f.scalar(rest, i), rest)), i == 0 || i == 1));
    }
    return sum(x, places, op.excludeOutside() ? insideOnly(places, weights) : weights);
  }

  /// The cubic kernel at a distance of up to 1, or from 1 to 2.
  private Value cubicWeight(Value distance, boolean isNear) {
    double a = op.cubicCoefficient();
    return isNear
        ? f.polynomial(distance, a + 2, -(a + 3), 0, 1)
        : f.polynomial(distance, a, -5 * a, 8 * a, -4 * a);
  }

  private List<Value> insideOnly(List<Value> places, List<Value> weights) {
    var kept =
        IntStream.range(0, weights.size())
            .mapToObj(i -> f.mul(weights.get(i), isBetween(places.get(i))))
            .toList();
    var total = kept.stream().reduce(f::add).orElseThrow();
    return kept.stream().map(weight -> f.div(weight, total)).toList();
  }

  private Value isBetween(Value places) {
    var low = f.binary(Binary.Kind.GREATER_EQUAL, places, f.scalar(places, 0));
    var high = f.binary(Binary.Kind.LESS_EQUAL, places, f.scalar(places, from - 1));
    return f.cast(f.binary(Binary.Kind.AND, low, high), DataType.FLOAT32);
  }

  private Value sum(Value x, List<Value> places, List<Value> weights) {
    int rank = x.shape().rank();
    return IntStream.range(0, places.size())
        .mapToObj(i -> f.mul(f.gather(x, index(places.get(i)), axis), along(weights.get(i), rank)))
        .reduce(f::add)
        .orElseThrow();
  }

  private Value index(Value places) {
    return f.cast(f.op(new Clip(0, from - 1), places), DataType.INT32);
  }

  private Value along(Value vector, int rank) {
    var dims = new long[rank - axis];
    java.util.Arrays.fill(dims, 1);
    dims[0] = to;
    return f.reshape(vector, dims);
  }

  private Value counted(long first, long count) {
    var numbers = IntStream.range(0, Math.toIntExact(count)).mapToDouble(i -> first + i).toArray();
    return f.constant(TensorData.ofDoubles(DataType.FLOAT32, Shape.of(count), numbers));
  }

  // ---- with a kernel as wide as the pixels of the output

  /// Elements beyond the edges that a kernel reaches at most.
  private long reach() {
    int radius = op.mode() == Mode.CUBIC ? 2 : 1;
    return radius * Math.max(1, Math.ceilDiv(from, to)) + 2L;
  }

  /// Weights of all elements of the input for each of the output: `[to, from]`.
  private Value smoothed() {
    long reach = reach();
    var places = f.reshape(counted(-reach, from + 2 * reach), 1, from + 2 * reach);
    var shrunk = f.min(scale, 1);
    var distance = f.mul(f.abs(f.sub(places, f.reshape(positions(), to, 1))), shrunk);
    var weights =
        op.mode() == Mode.CUBIC ? wideCubic(distance) : f.relu(f.sub(f.scalar(scale, 1), distance));
    if (op.excludeOutside()) weights = f.mul(weights, isBetween(places));
    var total = f.reduce(Reduce.Kind.SUM, weights, true, List.of(1));
    return f.op(new MatMul(false, false), f.div(weights, total), edges(reach));
  }

  private Value wideCubic(Value distance) {
    var one = f.scalar(distance, 1);
    var near = f.binary(Binary.Kind.LESS_EQUAL, distance, one);
    var far = cubicWeight(f.min(distance, 2), false);
    return f.select(near, cubicWeight(f.min(distance, one), true), far);
  }

  /// The element of the input that each place of a wider one is: `[from + 2 · reach, from]`.
  private Value edges(long reach) {
    int rows = Math.toIntExact(from + 2 * reach);
    var ones = new float[Math.toIntExact(rows * from)];
    for (int i = 0; i < rows; i++) {
      ones[(int) (i * from + Math.clamp(i - reach, 0, from - 1))] = 1;
    }
    return f.constant(TensorData.ofFloats(Shape.of(rows, from), ones));
  }

  /// Elements along the axis weighed by a matrix `[to, from]`.
  private Value weighed(Value x, Value weights) {
    var shape = x.shape();
    long outer = shape.product(0, axis).value().orElse(-1);
    long inner = shape.product(axis + 1, shape.rank()).value().orElse(-1);
    var product =
        inner == 1
            ? f.op(new MatMul(false, true), f.reshape(x, outer, from), weights)
            : f.op(new MatMul(false, false), weights, f.reshape(x, outer, from, inner));
    return f.reshape(product, shape.with(axis, Dim.of(to)));
  }
}
