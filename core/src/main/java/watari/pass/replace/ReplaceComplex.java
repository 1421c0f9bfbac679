package watari.pass.replace;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.RealFft2d;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Carries complex numbers, which few runtimes take, as pairs along an axis at the end.
public final class ReplaceComplex {
  private static final int MOST_STEPS = 64;

  private ReplaceComplex() {}

  public static Rule<ComplexPart> complexPart() {
    return new Replacement<>("PairComplexNumbers", ComplexPart.class, ReplaceComplex::part);
  }

  /// A part of complex numbers that are computed from real ones.
  private static Outcome part(ComplexPart op, Match<ComplexPart> match, Formula to) {
    var pairs = pairs(match.input(0), to, MOST_STEPS);
    if (pairs.isEmpty()) return left("its complex numbers are not computed from real ones");
    return match.replaceWith(
        switch (op.part()) {
          case REAL -> picked(pairs.get(), 0, to);
          case IMAGINARY -> picked(pairs.get(), 1, to);
          case ABS -> to.reduce(Reduce.Kind.L2, pairs.get(), false, List.of(-1));
        });
  }

  private static Value picked(Value pairs, long part, Formula to) {
    return to.gather(pairs, to.constant(TensorData.scalar(part)), -1);
  }

  private static Optional<Value> pairs(Value value, Formula to, int steps) {
    if (steps == 0) return Optional.empty();
    if (!value.dtype().isComplex()) return Optional.of(pair(value, zeros(value, to), to));
    if (value.isConstant()) return Optional.of(constant(value, to));
    return value.producer().flatMap(node -> pairs(node, to, steps - 1));
  }

  private static Optional<Value> pairs(Node node, Formula to, int steps) {
    return switch (node.op()) {
      case RealFft2d _ -> Optional.of(fourier(node, to));
      case Identity _, Cast _ -> pairs(node.input(0), to, steps);
      case ShapeOp shape -> pairs(node.input(0), to, steps).flatMap(x -> moved(shape, node, x, to));
      case Unary(var kind) when kind == Unary.Kind.NEG ->
          pairs(node.input(0), to, steps).map(x -> to.unary(kind, x));
      case Binary(var kind) -> binary(kind, node, to, steps);
      default -> Optional.empty();
    };
  }

  /// What moves the numbers moves the pairs, whose axis stays at the end.
  private static Optional<Value> moved(ShapeOp op, Node node, Value pairs, Formula to) {
    var type = node.output().shape();
    if (!type.isRanked() || !node.input(0).shape().isRanked()) return Optional.empty();
    return switch (op) {
      case Reshape _, Squeeze _, Unsqueeze _, Flatten _ ->
          type.isFixed()
              ? Optional.of(to.reshape(pairs, type.concat(Shape.of(2)).fixedDims()))
              : Optional.empty();
      case Transpose(var perm) -> {
        var longer = new ArrayList<>(perm);
        longer.add(perm.size());
        yield Optional.of(to.transpose(pairs, longer));
      }
      default -> Optional.empty();
    };
  }

  private static Optional<Value> binary(Binary.Kind kind, Node node, Formula to, int steps) {
    var a = pairs(node.input(0), to, steps / 2);
    var b = pairs(node.input(1), to, steps / 2);
    if (a.isEmpty() || b.isEmpty()) return Optional.empty();
    return switch (kind) {
      case ADD, SUB -> sameRank(node).map(_ -> to.binary(kind, a.get(), b.get()));
      case MUL -> Optional.of(product(a.get(), b.get(), to));
      default -> Optional.empty();
    };
  }

  /// The axis of parts must meet the axis of parts.
  private static Optional<Node> sameRank(Node node) {
    return Optional.of(node)
        .filter(n -> n.input(0).shape().isRanked() && n.input(1).shape().isRanked());
  }

  private static Value product(Value a, Value b, Formula to) {
    var re =
        to.sub(
            to.mul(picked(a, 0, to), picked(b, 0, to)), to.mul(picked(a, 1, to), picked(b, 1, to)));
    var im =
        to.add(
            to.mul(picked(a, 0, to), picked(b, 1, to)), to.mul(picked(a, 1, to), picked(b, 0, to)));
    return pair(re, im, to);
  }

  private static Value pair(Value real, Value imaginary, Formula to) {
    return to.concat(-1, to.unsqueeze(real, -1), to.unsqueeze(imaginary, -1));
  }

  private static Value zeros(Value like, Formula to) {
    return to.mul(like, to.scalar(like, 0));
  }

  private static Value constant(Value value, Formula to) {
    var data = value.constant().orElseThrow();
    var parts = new double[2 * Math.toIntExact(data.size())];
    for (int i = 0; i < data.size(); i++) {
      parts[2 * i] = data.doubleAt(i);
      parts[2 * i + 1] = data.imaginaryAt(i);
    }
    var dtype = value.dtype() == DataType.COMPLEX128 ? DataType.FLOAT64 : DataType.FLOAT32;
    return to.constant(TensorData.ofDoubles(dtype, value.shape().concat(Shape.of(2)), parts));
  }

  /// Of the rows to half their bins, then of the columns.
  private static Value fourier(Node node, Formula to) {
    var lengths = to.cast(node.input(1), DataType.INT64);
    var rows = length(lengths, 1, to);
    var columns = length(lengths, 0, to);
    var real = to.unsqueeze(node.input(0), -1);
    var half = to.op(new Dft(false, true), real, rows, to.constant(TensorData.scalar(-2L)));
    return to.op(new Dft(false, false), half, columns, to.constant(TensorData.scalar(-3L)));
  }

  private static Value length(Value lengths, long i, Formula to) {
    return lengths.isConstant()
        ? to.constant(TensorData.scalar(lengths.constant().orElseThrow().longAt(i)))
        : to.gather(lengths, to.constant(TensorData.scalar(i)), 0);
  }
}
