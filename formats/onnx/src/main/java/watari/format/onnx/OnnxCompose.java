package watari.format.onnx;

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
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Writes formulas as nodes before the root of a match.
final class OnnxCompose {
  private final Match<?> match;
  private final GraphBuilder builder;

  OnnxCompose(Match<?> match) {
    this.match = match;
    this.builder = match.build();
  }

  GraphBuilder builder() {
    return builder;
  }

  /// The dtype of what a value denotes.
  static DataType real(Value value) {
    return value.type().isQuantized() ? DataType.FLOAT32 : value.dtype();
  }

  Value op(Op op, Value... inputs) {
    return builder.add(op, inputs);
  }

  Value unary(Unary.Kind kind, Value x) {
    return op(new Unary(kind), x);
  }

  Value binary(Binary.Kind kind, Value a, Value b) {
    return op(new Binary(kind), a, b);
  }

  Value add(Value a, Value b) {
    return binary(Binary.Kind.ADD, a, b);
  }

  Value sub(Value a, Value b) {
    return binary(Binary.Kind.SUB, a, b);
  }

  Value mul(Value a, Value b) {
    return binary(Binary.Kind.MUL, a, b);
  }

  Value div(Value a, Value b) {
    return binary(Binary.Kind.DIV, a, b);
  }

  Value select(Value condition, Value a, Value b) {
    return op(new Select(), condition, a, b);
  }

  /// What a value denotes, as another type.
  Value cast(Value x, DataType to) {
    if (x.type().isQuantized()) return cast(op(new Convert(DataType.FLOAT32), x), to);
    if (x.dtype() == to) return x;
    if (x.isConstant()) return builder.constant(x.constant().orElseThrow().cast(to));
    return op(new Cast(to), x);
  }

  /// A scalar of the dtype of what `like` denotes.
  Value scalar(Value like, double value) {
    return builder.constant(TensorData.scalar(real(like), value));
  }

  Value vector(long... values) {
    return builder.vector(values);
  }

  Value reshape(Value x, long... dims) {
    return op(new Reshape(false), x, vector(dims));
  }

  Value reshape(Value x, Value shape) {
    return op(new Reshape(false), x, shape);
  }

  Value transpose(Value x, List<Integer> perm) {
    boolean moves = !perm.equals(IntStream.range(0, perm.size()).boxed().toList());
    return moves ? op(new Transpose(perm), x) : x;
  }

  Value transpose(Value x, int... perm) {
    return transpose(x, IntStream.of(perm).boxed().toList());
  }

  /// The permutation that moves one axis to another place.
  static List<Integer> moving(int rank, int from, int to) {
    var perm = new ArrayList<Integer>();
    for (int axis = 0; axis < rank; axis++) if (axis != from) perm.add(axis);
    perm.add(to, from);
    return perm;
  }

  Value slice(Value x, int axis, long start, long end, long step) {
    return op(new Slice(), x, vector(start), vector(end), vector(axis), vector(step));
  }

  Value slice(Value x, int axis, long start, long end) {
    return slice(x, axis, start, end, 1);
  }

  Value concat(int axis, Value... parts) {
    return parts.length == 1 ? parts[0] : op(new Concat(axis), parts);
  }

  Value concat(int axis, List<Value> parts) {
    return concat(axis, parts.toArray(Value[]::new));
  }

  Value squeeze(Value x, long... axes) {
    return op(new Squeeze(), x, vector(axes));
  }

  Value unsqueeze(Value x, long... axes) {
    return op(new Unsqueeze(), x, vector(axes));
  }

  Value expand(Value x, Value shape) {
    return op(new Expand(), x, shape);
  }

  Value reduce(Reduce.Kind kind, Value x, boolean keepDims, long... axes) {
    return op(new Reduce(kind, keepDims), x, vector(axes));
  }

  Value gather(Value x, Value indices, int axis) {
    return op(new Gather(axis, 0), x, indices);
  }

  /// The dims of `x` as int64: a constant where they are fixed.
  Value shape(Value x) {
    return shape(x, 0, Integer.MAX_VALUE);
  }

  /// The dims of some axes as int64.
  Value shape(Value x, int from, int to) {
    var shape = x.shape();
    if (shape.isRanked()) {
      var part = shape.slice(from, Math.min(to, shape.rank()));
      if (part.isFixed()) return vector(part.fixedDims());
      var all = op(new ShapeOf(DataType.INT64), x);
      return from == 0 && part.rank() == shape.rank() ? all : slice(all, 0, from, to);
    }
    return slice(op(new ShapeOf(DataType.INT64), x), 0, from, to);
  }

  /// One dim as a vector of int64.
  Value dim(Value x, int axis) {
    return shape(x, axis, axis + 1);
  }

  /// Reshapes to dims that are vectors one after the other.
  Value reshape(Value x, List<Value> dims) {
    return reshape(x, vectors(dims));
  }

  /// Vectors of int64 one after the other: a constant where all of them are.
  Value vectors(List<Value> parts) {
    if (!parts.stream().allMatch(Value::isConstant)) return concat(0, parts);
    return vector(
        parts.stream()
            .flatMapToLong(part -> LongStream.of(part.constant().orElseThrow().longs()))
            .toArray());
  }

  /// The axes of a constant, or of a constant that is converted by a node, in another order: no
  /// node is added.
  Value transposeConstant(Value x, List<Integer> perm) {
    if (x.isConstant()) {
      var type = x.type();
      var data = x.constant().orElseThrow().transposed(perm);
      return builder
          .graph()
          .addConstant(
              x.name() + "_t", data.type().with(type.quantization().transposed(perm)), data);
    }
    var conversion =
        x.producer()
            .filter(n -> n.op() instanceof Cast || n.op() instanceof Convert)
            .filter(n -> n.input(0).isConstant() && !n.output().type().isQuantized());
    if (conversion.isEmpty()) return transpose(x, perm);
    return op(conversion.get().op(), transposeConstant(conversion.get().input(0), perm));
  }

  /// A constant vector of one dtype.
  Value constant(TensorData data) {
    return builder.constant(data);
  }

  Value filled(DataType dtype, double value, Shape shape) {
    return builder.constant(TensorData.filled(TensorData.scalar(dtype, value), shape));
  }

  /// Replaces a root of one output; the value takes over its quantization.
  Outcome replace(Value value) {
    return replace(new ArrayList<>(List.of(value)));
  }

  Outcome replace(List<Value> values) {
    for (int i = 0; i < values.size(); i++) {
      var old = match.node().output(i);
      var value = values.get(i);
      boolean differs =
          old.isPresent() && !old.type().quantization().equals(value.type().quantization());
      if (differs && old.type().isQuantized()) Match.carryQuantization(value, old.type());
    }
    return new Outcome.Replaced(values);
  }
}
