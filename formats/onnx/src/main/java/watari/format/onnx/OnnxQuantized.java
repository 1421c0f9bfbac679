package watari.format.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Integers that denote real numbers by scales and zero points which a node's inputs give.
///
/// Constant scales become part of a value's type; computed ones become arithmetic.
final class OnnxQuantized {
  private static final Set<DataType> STORED =
      EnumSet.of(
          DataType.INT8,
          DataType.UINT8,
          DataType.INT16,
          DataType.UINT16,
          DataType.INT4,
          DataType.UINT4,
          DataType.INT2,
          DataType.UINT2,
          DataType.INT32);

  /// The inputs of a node that say a quantization.
  ///
  /// @param scale index of the input
  /// @param zero index of the input, which may be absent
  /// @param axis of scales that are a vector
  /// @param block elements along the axis that have a scale in common; 0 for none
  record Parameters(int scale, int zero, int axis, int block) {
    Parameters(int scale, int zero, int axis) {
      this(scale, zero, axis, 0);
    }
  }

  private final OnnxReadNode node;

  OnnxQuantized(OnnxReadNode node) {
    this.node = node;
  }

  // ---- as a type

  /// What constant scales and zero points say, where a type can carry it.
  Optional<Quantization> type(DataType stored, Parameters given) {
    var scale = node.constant(given.scale());
    if (scale.isEmpty() || !STORED.contains(stored) || !isPositive(scale.get())) {
      return Optional.empty();
    }
    var zero =
        node.has(given.zero())
            ? node.constant(given.zero())
            : Optional.of(TensorData.filled(TensorData.scalar(stored, 0), scale.get().shape()));
    if (zero.isEmpty() || zero.get().size() != scale.get().size()) return Optional.empty();
    if (given.block() > 0) {
      return Optional.of(
          new Quantization.Blocked(given.axis(), given.block(), scale.get(), zero.get()));
    }
    return plain(scale.get(), zero.get(), given.axis());
  }

  private static Optional<Quantization> plain(TensorData scale, TensorData zero, int axis) {
    if (scale.size() == 1) {
      return Optional.of(new Quantization.PerTensor((float) scale.doubleAt(0), zero.longAt(0)));
    }
    if (scale.shape().rank() != 1) return Optional.empty();
    var scales = new ArrayList<Float>();
    for (float each : scale.floats()) scales.add(each);
    var zeros = LongStream.of(zero.longs()).boxed().toList();
    return Optional.of(new Quantization.PerAxis(axis, scales, zeros));
  }

  private static boolean isPositive(TensorData scale) {
    if (scale.size() == 0) return false;
    for (long i = 0; i < scale.size(); i++) {
      double each = scale.doubleAt(i);
      if (!(each > 0) || Double.isInfinite(each)) return false;
    }
    return true;
  }

  // ---- operands

  /// What the integers of an input denote: the same integers with a quantized type, or the real
  /// numbers computed.
  Value operand(int input, Parameters given) {
    var stored = node.stored(input);
    var quantization = type(stored.dtype(), given);
    if (quantization.isPresent()) {
      var view = view(stored, quantization.get());
      if (view.isPresent()) return view.get();
    }
    return real(node.in(input), given, DataType.FLOAT32);
  }

  /// A value of the same integers that denotes real numbers, where there can be one.
  Optional<Value> view(Value stored, Quantization quantization) {
    requireFit(stored.shape(), quantization);
    if (stored.type().quantization().equals(quantization)) return Optional.of(stored);
    if (stored.type().isQuantized()) return Optional.empty();
    if (stored.isConstant()) {
      return Optional.of(node.scope().quantizedConstant(stored, quantization));
    }
    boolean isInput =
        stored.producer().isEmpty()
            && node.graph().isMain()
            && stored.dtype() != DataType.INT32
            && !(quantization instanceof Quantization.Blocked);
    if (!isInput) return stored.producer().flatMap(n -> movedView(n, stored, quantization));
    node.scope().quantizeInput(stored, quantization);
    return Optional.of(stored);
  }

  private static void requireFit(Shape shape, Quantization quantization) {
    if (!(quantization instanceof Quantization.PerAxis(int axis, var scales, _))) return;
    if (!shape.isRanked()) return;
    boolean isFixed = axis < shape.rank() && shape.dim(axis).isFixed();
    if (axis < shape.rank() && (!isFixed || shape.dim(axis).is(scales.size()))) return;
    throw OnnxRefusal.broken(
        "%d scales stand along axis %d of shape %s".formatted(scales.size(), axis, shape));
  }

  /// The elements of a view, moved as those of its integers are.
  private Optional<Value> movedView(Node mover, Value stored, Quantization quantization) {
    if (mover.op() instanceof Cast && mover.input(0).dtype() == stored.dtype()) {
      return view(mover.input(0), quantization);
    }
    boolean isMoved =
        switch (mover.op()) {
          case Identity _, Reshape _, Flatten _, Transpose _, Squeeze _, Unsqueeze _, Slice _ ->
              quantization instanceof Quantization.PerTensor;
          default -> false;
        };
    if (!isMoved) return Optional.empty();
    return view(mover.input(0), quantization)
        .map(view -> {
          var inputs = new ArrayList<>(mover.inputs());
          inputs.set(0, view);
          return node.builder()
              .addQuantized(mover.op(), stored.dtype(), quantization, inputs.toArray(Value[]::new));
        });
  }

  /// `(x - zero) · scale`, computed in float32.
  Value real(Value x, Parameters given, DataType to) {
    var numbers = node.cast(x, DataType.FLOAT32);
    if (hasZero(given)) numbers = node.minus(numbers, spread(given.zero(), given, x));
    return node.cast(node.times(numbers, spread(given.scale(), given, x)), to);
  }

  private boolean hasZero(Parameters given) {
    if (!node.has(given.zero())) return false;
    return node.constant(given.zero()).filter(zero -> zero.isAll(0)).isEmpty();
  }

  /// A scale or zero point, as float32, in a shape that broadcasts to `x`.
  private Value spread(int input, Parameters given, Value x) {
    var value = node.cast(node.in(input), DataType.FLOAT32);
    if (given.block() > 0) return repeated(value, given, x);
    if (!value.shape().isRanked() || value.shape().rank() != 1) return value;
    if (value.shape().dim(0).is(1)) return node.squeeze(value, 0);
    int behind = node.rank(x, "its input") - 1 - given.axis();
    return node.unsqueeze(value, OnnxTerms.axes(1, 1 + behind));
  }

  /// Each element along the axis as often as a block has elements.
  private Value repeated(Value value, Parameters given, Value x) {
    var dim = x.shape().dim(given.axis());
    if (dim.isFixed()) {
      var indices = new long[Math.toIntExact(dim.fixed())];
      for (int i = 0; i < indices.length; i++) indices[i] = i / given.block();
      return node.gather(value, node.vector(indices), given.axis());
    }
    var positions = node.range(node.squeeze(node.dim(x, given.axis()), 0));
    return node.gather(value, node.over(positions, node.scalar(given.block())), given.axis());
  }

  // ---- results

  /// Lets an operator on real numbers compute an output that is stored as integers.
  void give(int output, Op op, List<Value> operands, DataType stored, Parameters given) {
    if (!node.wants(output)) return;
    var quantization = type(stored, given);
    if (quantization.isEmpty()) {
      var real = node.builder().add(op, operands);
      node.give(output, stored(real, stored, given, true));
      return;
    }
    var name = node.scope().hint(node.outputName(output));
    var made = node.builder().add(op, operands, List.of(name), List.of()).output();
    requireFit(made.shape(), quantization.get());
    made.setType(new TensorType(stored, made.shape(), quantization.get()));
    node.give(output, made);
  }

  /// `round(x / scale) + zero`, limited to what the integers hold; of small floats a cast.
  Value stored(Value x, DataType stored, Parameters given, boolean saturate) {
    var scaled = node.over(node.cast(x, DataType.FLOAT32), spread(given.scale(), given, x));
    if (stored.isInteger()) scaled = node.unary(Unary.Kind.ROUND, scaled);
    if (hasZero(given)) scaled = node.plus(scaled, spread(given.zero(), given, x));
    if (!stored.isInteger()) return node.add(new Cast(stored, saturate), scaled);
    var limited = node.add(new Clip(stored.min(), stored.max()), scaled);
    return node.cast(limited, stored);
  }

  /// A requantization, or the quantization of real numbers.
  void give(int output, Value operand, DataType stored, Parameters given) {
    give(output, new Convert(stored), List.of(operand), stored, given);
  }

  /// The bias of an integer convolution: its scale is the product of those of the operands.
  Value bias(int input, Parameters x, Parameters weights) {
    var factors = node.constant(x.scale());
    var others = node.constant(weights.scale());
    var data = node.constant(input);
    boolean isKnown =
        factors.isPresent() && others.isPresent() && data.isPresent() && factors.get().size() == 1;
    if (!isKnown) {
      var scale = node.times(scale(x), scale(weights));
      return node.times(node.cast(node.in(input), DataType.FLOAT32), scale);
    }
    float factor = (float) factors.orElseThrow().doubleAt(0);
    var scales = new ArrayList<Float>();
    for (float other : others.orElseThrow().floats()) scales.add(factor * other);
    var quantization =
        scales.size() == 1
            ? new Quantization.PerTensor(scales.get(0), 0)
            : new Quantization.PerAxis(0, scales, Collections.nCopies(scales.size(), 0L));
    return node.scope().quantizedConstant(node.in(input), quantization);
  }

  private Value scale(Parameters given) {
    var scale = node.cast(node.in(given.scale()), DataType.FLOAT32);
    return scale.shape().equals(Shape.of(1)) ? node.squeeze(scale, 0) : scale;
  }
}
