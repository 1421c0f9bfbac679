package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Reduce;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Takes apart functions of elements that ONNX, or the opset, lacks.
final class OnnxElementwiseRules {
  private final OnnxOpset opset;

  OnnxElementwiseRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitUnary", Unary.class, this::unary),
        new OnnxRule<>("SplitGelu", Gelu.class, this::gelu),
        new OnnxRule<>("SplitSwish", Swish.class, this::swish),
        new OnnxRule<>("SplitBinary", Binary.class, this::binary),
        new OnnxRule<>("SplitLogicalReduce", Reduce.class, this::logicalReduce));
  }

  private Outcome unary(Unary op, Match<Unary> match) {
    return switch (op.kind()) {
      case RSQRT -> rsqrt(match);
      case SQUARE -> square(match);
      case HARD_SWISH -> opset.has(14) ? left("the opset has HardSwish") : hardSwish(match);
      case MISH -> opset.has(18) ? left("the opset has Mish") : mish(match);
      case BITWISE_NOT -> bitwiseNot(match);
      case RELU -> relu(op, match);
      default -> left("ONNX has it");
    };
  }

  /// `1 / √x`.
  private static Outcome rsqrt(Match<Unary> match) {
    var to = new OnnxCompose(match);
    return to.replace(to.unary(Unary.Kind.RECIPROCAL, to.unary(Unary.Kind.SQRT, match.input(0))));
  }

  private static Outcome square(Match<Unary> match) {
    var to = new OnnxCompose(match);
    return to.replace(to.mul(match.input(0), match.input(0)));
  }

  /// A limit of integers that Relu does not take.
  private Outcome relu(Unary op, Match<Unary> match) {
    var dtype = OnnxCompose.real(match.input(0));
    boolean runs = !dtype.isInteger() || OnnxKernels.run(op, opset.usual(), dtype);
    if (runs) return left("ONNX has it");
    return match.replaceWith(new Clip(0, Double.POSITIVE_INFINITY), match.input(0));
  }

  private static Outcome hardSwish(Match<Unary> match) {
    var to = new OnnxCompose(match);
    var gate = to.op(new HardSigmoid(1 / 6f, 0.5f), match.input(0));
    return to.replace(to.mul(match.input(0), gate));
  }

  private static Outcome mish(Match<Unary> match) {
    var to = new OnnxCompose(match);
    var gate = to.unary(Unary.Kind.TANH, to.unary(Unary.Kind.SOFTPLUS, match.input(0)));
    return to.replace(to.mul(match.input(0), gate));
  }

  /// `-1 - x` of signed integers, `max - x` of unsigned ones.
  private Outcome bitwiseNot(Match<Unary> match) {
    var to = new OnnxCompose(match);
    var x = match.input(0);
    if (x.dtype() == DataType.BOOL) return to.replace(to.unary(Unary.Kind.NOT, x));
    if (opset.has(18)) return left("the opset has BitwiseNot");
    var ones = x.dtype().isSigned() ? -1 : x.dtype().max();
    var all = watari.tensor.TensorData.ofLongs(x.dtype(), watari.tensor.Shape.SCALAR, ones);
    return to.replace(to.sub(to.constant(all), x));
  }

  private Outcome gelu(Gelu op, Match<Gelu> match) {
    if (opset.has(20)) return left("the opset has Gelu");
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var half = to.mul(x, to.scalar(x, 0.5));
    var bent = op.approximate() ? tanhOfCubic(x, to) : erf(x, to);
    return to.replace(to.mul(half, to.add(bent, to.scalar(x, 1))));
  }

  private static Value erf(Value x, OnnxCompose to) {
    return to.unary(Unary.Kind.ERF, to.mul(x, to.scalar(x, Math.sqrt(0.5))));
  }

  /// `tanh(√(2 / π) · (x + 0.044715 · x³))`.
  private static Value tanhOfCubic(Value x, OnnxCompose to) {
    var cube = to.mul(to.mul(x, x), x);
    var sum = to.add(x, to.mul(cube, to.scalar(x, 0.044715)));
    return to.unary(Unary.Kind.TANH, to.mul(sum, to.scalar(x, Math.sqrt(2 / Math.PI))));
  }

  private Outcome swish(Swish op, Match<Swish> match) {
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var scaled = op.alpha() == 1 ? x : to.mul(x, to.scalar(x, op.alpha()));
    return to.replace(to.mul(x, to.unary(Unary.Kind.SIGMOID, scaled)));
  }

  private Outcome binary(Binary op, Match<Binary> match) {
    return switch (op.kind()) {
      case NOT_EQUAL -> notEqual(match);
      case GREATER_EQUAL -> orEqual(Binary.Kind.GREATER, match);
      case LESS_EQUAL -> orEqual(Binary.Kind.LESS, match);
      case SQUARED_DIFFERENCE -> squaredDifference(match);
      case FLOOR_DIV -> floorDiv(match);
      case FLOOR_MOD -> floorMod(match);
      case ATAN2 -> atan2(match);
      case SHIFT_LEFT -> shiftLeft(match);
      case SHIFT_RIGHT -> shiftRight(match);
      case BITWISE_AND -> logical(Binary.Kind.AND, match);
      case BITWISE_OR -> logical(Binary.Kind.OR, match);
      case BITWISE_XOR -> logical(Binary.Kind.XOR, match);
      default -> left("ONNX has it");
    };
  }

  private static Outcome notEqual(Match<Binary> match) {
    var to = new OnnxCompose(match);
    var equal = to.binary(Binary.Kind.EQUAL, match.input(0), match.input(1));
    return to.replace(to.unary(Unary.Kind.NOT, equal));
  }

  /// Not the negation of the opposite, which would hold of NaN.
  private Outcome orEqual(Binary.Kind strictly, Match<Binary> match) {
    if (opset.has(12)) return left("the opset has it");
    var to = new OnnxCompose(match);
    var strict = to.binary(strictly, match.input(0), match.input(1));
    var equal = to.binary(Binary.Kind.EQUAL, match.input(0), match.input(1));
    return to.replace(to.binary(Binary.Kind.OR, strict, equal));
  }

  private static Outcome squaredDifference(Match<Binary> match) {
    var to = new OnnxCompose(match);
    var difference = to.sub(match.input(0), match.input(1));
    return to.replace(to.mul(difference, difference));
  }

  /// Of integers the quotient cut towards 0, less 1 where the two remainders differ.
  private static Outcome floorDiv(Match<Binary> match) {
    var to = new OnnxCompose(match);
    var a = match.input(0);
    var b = match.input(1);
    var dtype = OnnxCompose.real(a);
    var quotient = to.div(a, b);
    if (dtype.isFloat()) return to.replace(to.unary(Unary.Kind.FLOOR, quotient));
    if (!dtype.isSigned()) return to.replace(quotient);
    var floored = to.binary(Binary.Kind.FLOOR_MOD, a, b);
    var truncated = to.binary(Binary.Kind.TRUNC_MOD, a, b);
    var less = to.unary(Unary.Kind.NOT, to.binary(Binary.Kind.EQUAL, floored, truncated));
    return to.replace(to.sub(quotient, to.cast(less, dtype)));
  }

  /// Of floats C's remainder, which gets `b` added where it has another sign than `b`.
  private static Outcome floorMod(Match<Binary> match) {
    var a = match.input(0);
    var b = match.input(1);
    if (!OnnxCompose.real(a).isFloat()) return left("ONNX has it for integers");
    var to = new OnnxCompose(match);
    var rest = to.binary(Binary.Kind.TRUNC_MOD, a, b);
    var zero = to.scalar(a, 0);
    var signsDiffer =
        to.binary(
            Binary.Kind.XOR,
            to.binary(Binary.Kind.LESS, rest, zero),
            to.binary(Binary.Kind.LESS, b, zero));
    var isRest = to.unary(Unary.Kind.NOT, to.binary(Binary.Kind.EQUAL, rest, zero));
    var moves = to.binary(Binary.Kind.AND, isRest, signsDiffer);
    return to.replace(to.select(moves, to.add(rest, b), rest));
  }

  /// `atan(y / x)`, moved by π into the left half-plane's quadrants; signs of zeros count.
  private static Outcome atan2(Match<Binary> match) {
    var to = new OnnxCompose(match);
    var y = finite(match.input(0), match.input(1), to);
    var x = finite(match.input(1), match.input(0), to);
    var zero = to.scalar(x, 0);
    var turn = to.select(isNegative(y, to), to.scalar(x, -Math.PI), to.scalar(x, Math.PI));
    var both =
        to.binary(
            Binary.Kind.AND,
            to.binary(Binary.Kind.EQUAL, x, zero),
            to.binary(Binary.Kind.EQUAL, y, zero));
    var angle = to.unary(Unary.Kind.ATAN, to.div(y, x));
    var right = to.select(both, y, angle);
    var left = to.add(to.select(both, zero, angle), turn);
    return to.replace(to.select(isNegative(x, to), left, right));
  }

  /// Of two infinities only the signs matter.
  private static Value finite(Value value, Value other, OnnxCompose to) {
    var both =
        to.binary(
            Binary.Kind.AND,
            to.op(new IsInf(true, true), value),
            to.op(new IsInf(true, true), other));
    return to.select(both, to.unary(Unary.Kind.SIGN, value), value);
  }

  /// Whether a number is below 0, or the negative zero.
  private static Value isNegative(Value value, OnnxCompose to) {
    var zero = to.scalar(value, 0);
    var below = to.binary(Binary.Kind.LESS, value, zero);
    var inverse = to.unary(Unary.Kind.RECIPROCAL, value);
    var isZero = to.binary(Binary.Kind.EQUAL, value, zero);
    var negativeZero =
        to.binary(Binary.Kind.AND, isZero, to.binary(Binary.Kind.LESS, inverse, zero));
    return to.binary(Binary.Kind.OR, below, negativeZero);
  }

  private static DataType unsigned(DataType dtype) {
    return switch (dtype) {
      case INT64 -> DataType.UINT64;
      case INT32 -> DataType.UINT32;
      case INT16 -> DataType.UINT16;
      case INT8 -> DataType.UINT8;
      default -> dtype;
    };
  }

  private static Outcome shiftLeft(Match<Binary> match) {
    var dtype = match.input(0).dtype();
    if (!dtype.isSigned()) return left("ONNX shifts unsigned integers");
    var to = new OnnxCompose(match);
    var x = to.cast(match.input(0), unsigned(dtype));
    var count = to.cast(match.input(1), unsigned(dtype));
    return to.replace(to.cast(to.binary(Binary.Kind.SHIFT_LEFT, x, count), dtype));
  }

  /// Of negative numbers the complement is shifted, so that ones come in from the left.
  private static Outcome shiftRight(Match<Binary> match) {
    var dtype = match.input(0).dtype();
    if (!dtype.isSigned()) return left("ONNX shifts unsigned integers");
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var ones = to.scalar(x, -1);
    var negative = to.binary(Binary.Kind.LESS, x, to.scalar(x, 0));
    var bits = to.cast(to.select(negative, to.sub(ones, x), x), unsigned(dtype));
    var count = to.cast(match.input(1), unsigned(dtype));
    var shifted = to.cast(to.binary(Binary.Kind.SHIFT_RIGHT, bits, count), dtype);
    return to.replace(to.select(negative, to.sub(ones, shifted), shifted));
  }

  private static Outcome logical(Binary.Kind kind, Match<Binary> match) {
    if (match.input(0).dtype() != DataType.BOOL) return left("ONNX has it for integers");
    var to = new OnnxCompose(match);
    return to.replace(to.binary(kind, match.input(0), match.input(1)));
  }

  /// The smallest (or largest) of 0 and 1.
  private Outcome logicalReduce(Reduce op, Match<Reduce> match) {
    boolean all = op.kind() == Reduce.Kind.ALL;
    if (!all && op.kind() != Reduce.Kind.ANY) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var numbers = to.cast(match.input(0), DataType.INT32);
    var kind = all ? Reduce.Kind.MIN : Reduce.Kind.MAX;
    var reduced = to.op(new Reduce(kind, op.keepDims()), numbers, match.input(1));
    return to.replace(to.cast(reduced, DataType.BOOL));
  }
}
