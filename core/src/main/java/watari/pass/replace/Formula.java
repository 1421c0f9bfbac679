package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.Op;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Writes a formula as nodes before the root of a match.
public final class Formula {
  /// Numbers that a constant counts up; more are counted when the graph runs.
  private static final long MOST_COUNTED = 1 << 16;

  private final GraphBuilder builder;

  public Formula(Match<?> match) {
    this.builder = match.build();
  }

  /// Writes where a builder adds nodes.
  public Formula(GraphBuilder builder) {
    this.builder = builder;
  }

  public GraphBuilder builder() {
    return builder;
  }

  public Value op(Op op, Value... inputs) {
    return builder.add(op, inputs);
  }

  public Value unary(Unary.Kind kind, Value x) {
    return op(new Unary(kind), x);
  }

  public Value binary(Binary.Kind kind, Value a, Value b) {
    return op(new Binary(kind), a, b);
  }

  public Value add(Value a, Value b) {
    return binary(Binary.Kind.ADD, a, b);
  }

  public Value add(Value a, double b) {
    return add(a, scalar(a, b));
  }

  public Value sub(Value a, Value b) {
    return binary(Binary.Kind.SUB, a, b);
  }

  public Value mul(Value a, Value b) {
    return binary(Binary.Kind.MUL, a, b);
  }

  public Value mul(Value a, double b) {
    return mul(a, scalar(a, b));
  }

  public Value div(Value a, Value b) {
    return binary(Binary.Kind.DIV, a, b);
  }

  public Value max(Value a, Value b) {
    return binary(Binary.Kind.MAX, a, b);
  }

  public Value min(Value a, Value b) {
    return binary(Binary.Kind.MIN, a, b);
  }

  public Value max(Value a, double b) {
    return max(a, scalar(a, b));
  }

  public Value min(Value a, double b) {
    return min(a, scalar(a, b));
  }

  public Value neg(Value x) {
    return unary(Unary.Kind.NEG, x);
  }

  public Value abs(Value x) {
    return unary(Unary.Kind.ABS, x);
  }

  public Value exp(Value x) {
    return unary(Unary.Kind.EXP, x);
  }

  public Value log(Value x) {
    return unary(Unary.Kind.LOG, x);
  }

  public Value sqrt(Value x) {
    return unary(Unary.Kind.SQRT, x);
  }

  public Value square(Value x) {
    return mul(x, x);
  }

  public Value relu(Value x) {
    return unary(Unary.Kind.RELU, x);
  }

  public Value select(Value condition, Value a, Value b) {
    return op(new Select(), condition, a, b);
  }

  /// `log(1 + x)` for `x > -1`, exact also where `x` is small.
  public Value log1p(Value x) {
    var w = add(x, 1);
    var rest = add(w, -1);
    var isSmall = binary(Binary.Kind.EQUAL, rest, scalar(x, 0));
    var safe = select(isSmall, scalar(x, 1), rest);
    return select(isSmall, x, div(mul(x, log(w)), safe));
  }

  public Value cast(Value x, DataType to) {
    if (x.dtype() == to) return x;
    if (x.isConstant()) return builder.constant(x.constant().orElseThrow().cast(to));
    return op(new Cast(to), x);
  }

  /// A scalar of the dtype of what another value denotes.
  public Value scalar(Value like, double value) {
    var dtype = like.type().isQuantized() ? DataType.FLOAT32 : like.dtype();
    return builder.constant(TensorData.scalar(dtype, value));
  }

  public Value constant(TensorData data) {
    return builder.constant(data);
  }

  public Value vector(long... values) {
    return builder.vector(values);
  }

  public Value reshape(Value x, long... dims) {
    return op(new Reshape(true), x, vector(dims));
  }

  /// `x` in a shape of fixed dims but for one at most.
  public Value reshape(Value x, Shape shape) {
    var dims = shape.dims().stream().mapToLong(dim -> dim.value().orElse(-1)).toArray();
    if (IntStream.range(0, dims.length).filter(i -> dims[i] == -1).count() > 1) {
      throw new IllegalArgumentException("shape " + shape + " has more than one unknown dim");
    }
    return op(new Reshape(true), x, vector(dims));
  }

  public Value transpose(Value x, List<Integer> perm) {
    boolean moves = !perm.equals(IntStream.range(0, perm.size()).boxed().toList());
    return moves ? op(new Transpose(perm), x) : x;
  }

  public Value transpose(Value x, int... perm) {
    return transpose(x, IntStream.of(perm).boxed().toList());
  }

  /// The dims of axes `from` to `to` (exclusive) as int64: a constant where they are fixed.
  public Value shape(Value x, int from, int to) {
    if (x.shape().isRanked()) {
      var part = x.shape().slice(from, to);
      if (part.isFixed()) return vector(part.fixedDims());
    }
    return slice(op(new ShapeOf(DataType.INT64), x), 0, from, to);
  }

  /// Swaps an axis with the last one.
  public Value toLast(Value x, int axis) {
    int rank = x.shape().rank();
    var perm = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    perm.set(axis, rank - 1);
    perm.set(rank - 1, axis);
    return transpose(x, perm);
  }

  public Value slice(Value x, int axis, long start, long end, long step) {
    return op(new Slice(), x, vector(start), vector(end), vector(axis), vector(step));
  }

  public Value slice(Value x, int axis, long start, long end) {
    return slice(x, axis, start, end, 1);
  }

  /// The elements along an axis in reverse order.
  public Value reversed(Value x, int axis) {
    return slice(x, axis, -1, Long.MIN_VALUE, -1);
  }

  public Value concat(int axis, List<Value> parts) {
    return parts.size() == 1 ? parts.get(0) : builder.add(new Concat(axis), parts);
  }

  public Value concat(int axis, Value... parts) {
    return concat(axis, List.of(parts));
  }

  public Value expand(Value x, Value shape) {
    return op(new Expand(), x, shape);
  }

  public Value expand(Value x, Shape shape) {
    return op(new Expand(), x, vector(shape.fixedDims()));
  }

  public Value reduce(Reduce.Kind kind, Value x, boolean keepDims, List<Integer> axes) {
    return op(new Reduce(kind, keepDims), x, builder.vector(axes));
  }

  public Value mean(Value x, List<Integer> axes) {
    return reduce(Reduce.Kind.MEAN, x, true, axes);
  }

  public Value sum(Value x, List<Integer> axes) {
    return reduce(Reduce.Kind.SUM, x, true, axes);
  }

  /// The values in one tensor along a new axis.
  public Value stack(int axis, List<Value> parts) {
    return concat(axis, parts.stream().map(part -> unsqueeze(part, axis)).toList());
  }

  public Value unsqueeze(Value x, long... axes) {
    return axes.length == 0 ? x : op(new Unsqueeze(), x, vector(axes));
  }

  public Value squeeze(Value x, long... axes) {
    return axes.length == 0 ? x : op(new Squeeze(), x, vector(axes));
  }

  /// `x` in a shape that is computed; 0 stands for an empty dim.
  public Value reshape(Value x, Value shape) {
    return op(new Reshape(true), x, shape);
  }

  /// All dims as int64: a constant where they are fixed.
  public Value shapeOf(Value x) {
    if (x.shape().isFixed()) return vector(x.shape().fixedDims());
    return op(new ShapeOf(DataType.INT64), x);
  }

  /// One dim as a vector of one int64: a constant where it is fixed.
  public Value dim(Value x, int axis) {
    var shape = x.shape();
    if (shape.isRanked() && shape.dim(axis).isFixed()) return vector(shape.dim(axis).fixed());
    int end = axis == -1 ? Integer.MAX_VALUE : axis + 1;
    return op(new ShapeOf(axis, end, DataType.INT64), x);
  }

  /// `0, 1, …` below a vector of one int64.
  public Value range(Value limit) {
    long count = limit.constant().map(data -> data.longAt(0)).orElse(Long.MAX_VALUE);
    if (count <= MOST_COUNTED) return vector(LongStream.range(0, count).toArray());
    return op(new Range(), builder.scalar(0), squeeze(limit, 0), builder.scalar(1));
  }

  public Value gather(Value x, Value indices, int axis) {
    return op(new Gather(axis, 0), x, indices);
  }

  /// A polynomial, the highest coefficient first.
  public Value polynomial(Value x, double... coefficients) {
    var sum = mul(x, coefficients[0]);
    for (int i = 1; i < coefficients.length; i++) {
      sum = add(sum, coefficients[i]);
      if (i < coefficients.length - 1) sum = mul(sum, x);
    }
    return sum;
  }
}
