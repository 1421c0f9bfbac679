package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Formulas: short words for the nodes of which compositions are made.
class OnnxTerms {
  private final GraphBuilder builder;

  OnnxTerms(GraphBuilder builder) {
    this.builder = builder;
  }

  GraphBuilder builder() {
    return builder;
  }

  Value add(Op op, Value... inputs) {
    return builder.add(op, inputs);
  }

  // ---- constants

  Value constant(TensorData data) {
    return builder.constant(data);
  }

  Value vector(long... values) {
    return builder.vector(values);
  }

  Value vector(List<? extends Number> values) {
    return builder.vector(values);
  }

  Value scalar(long value) {
    return builder.scalar(value);
  }

  /// A scalar of a type.
  Value scalar(DataType dtype, double value) {
    return builder.constant(TensorData.scalar(dtype, value));
  }

  /// A scalar of the type of another value.
  Value like(Value x, double value) {
    return scalar(x.dtype(), value);
  }

  // ---- elements

  Value unary(Unary.Kind kind, Value x) {
    return add(new Unary(kind), x);
  }

  Value binary(Binary.Kind kind, Value a, Value b) {
    return add(new Binary(kind), a, b);
  }

  Value plus(Value a, Value b) {
    return binary(Binary.Kind.ADD, a, b);
  }

  Value minus(Value a, Value b) {
    return binary(Binary.Kind.SUB, a, b);
  }

  Value times(Value a, Value b) {
    return binary(Binary.Kind.MUL, a, b);
  }

  Value over(Value a, Value b) {
    return binary(Binary.Kind.DIV, a, b);
  }

  Value equal(Value a, Value b) {
    return binary(Binary.Kind.EQUAL, a, b);
  }

  Value select(Value condition, Value a, Value b) {
    return add(new Select(), condition, a, b);
  }

  Value cast(Value x, DataType dtype) {
    return x.dtype() == dtype ? x : add(new Cast(dtype), x);
  }

  // ---- shapes

  Value reshape(Value x, long... shape) {
    return add(new Reshape(false), x, vector(shape));
  }

  Value reshape(Value x, Value shape) {
    return add(new Reshape(false), x, shape);
  }

  Value transpose(Value x, Integer... perm) {
    return add(new Transpose(List.of(perm)), x);
  }

  Value transpose(Value x, List<Integer> perm) {
    return add(new Transpose(perm), x);
  }

  /// All dims, as int64.
  Value shapeOf(Value x) {
    return add(new ShapeOf(DataType.INT64), x);
  }

  /// One dim, as a vector of one int64.
  Value dim(Value x, int axis) {
    int end = axis == -1 ? Integer.MAX_VALUE : axis + 1;
    return add(new ShapeOf(axis, end, DataType.INT64), x);
  }

  Value concat(int axis, Value... parts) {
    return parts.length == 1 ? parts[0] : add(new Concat(axis), parts);
  }

  Value concat(int axis, List<Value> parts) {
    return concat(axis, parts.toArray(Value[]::new));
  }

  Value expand(Value x, Value shape) {
    return add(new Expand(), x, shape);
  }

  Value unsqueeze(Value x, long... axes) {
    return axes.length == 0 ? x : add(new Unsqueeze(), x, vector(axes));
  }

  Value squeeze(Value x, long... axes) {
    return axes.length == 0 ? x : add(new Squeeze(), x, vector(axes));
  }

  Value slice(Value x, int axis, long start, long end) {
    return add(new Slice(), x, vector(start), vector(end), vector(axis));
  }

  /// The elements of an axis from the last to the first.
  Value reversed(Value x, int axis) {
    return add(new Slice(), x, vector(-1), vector(Long.MIN_VALUE + 1), vector(axis), vector(-1));
  }

  Value gather(Value x, Value indices, int axis) {
    return add(new Gather(axis, 0), x, indices);
  }

  /// `0, 1, …` below a scalar int64.
  Value range(Value limit) {
    return add(new Range(), scalar(0), limit, scalar(1));
  }

  // ---- reductions

  Value reduce(Reduce.Kind kind, Value x, boolean keepDims, long... axes) {
    return add(new Reduce(kind, keepDims), x, vector(axes));
  }

  /// Axes `from` (inclusive) to `to` (exclusive).
  static long[] axes(int from, int to) {
    return IntStream.range(from, to).asLongStream().toArray();
  }

  /// The permutation of so many axes that swaps two of them.
  static List<Integer> swap(int rank, int a, int b) {
    var perm = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    perm.set(a, b);
    perm.set(b, a);
    return perm;
  }
}
