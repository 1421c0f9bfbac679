package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Trilu;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Takes apart functions of elements that IR lacks.
final class OpenvinoElementRules {
  private static final String RAISED = "/raised";
  private static final double HALF = 0.5;

  private OpenvinoElementRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("SplitAtan2", Binary.class, OpenvinoElementRules::binary),
        new Replacement<>("SplitBitwiseNot", Unary.class, OpenvinoElementRules::unary),
        new Replacement<>("CastBits", Bitcast.class, OpenvinoElementRules::bitcast),
        new Replacement<>("CountBools", Reduce.class, OpenvinoElementRules::logicalReduce),
        new Replacement<>("KeepReducedAxis", Reduce.class, OpenvinoElementRules::lastOfThree),
        new Replacement<>("HalveExtremes", Reduce.class, OpenvinoElementRules::extreme),
        new Replacement<>("ReplaceReductionOfNothing", Reduce.class, OpenvinoElementRules::empty),
        new Replacement<>(
            "MoveIouThreshold", NonMaxSuppression.class, OpenvinoElementRules::suppression),
        new Replacement<>("SplitTrilu", Trilu.class, OpenvinoElementRules::trilu),
        new Replacement<>("RaiseSlope", PRelu.class, OpenvinoElementRules::slope),
        new Replacement<>(
            "SplitIntegerMatMul", MatMulInteger.class, OpenvinoElementRules::integerMatMul));
  }

  private static Outcome unary(Unary op, Match<Unary> match, Formula f) {
    var x = match.input(0);
    return switch (op.kind()) {
      case BITWISE_NOT ->
          x.dtype() == DataType.BOOL
              ? match.replaceWith(f.unary(Unary.Kind.NOT, x))
              : left("IR has it");
      case RELU -> x.dtype().isFloat() ? left("IR has it") : match.replaceWith(f.max(x, 0));
      default -> left("IR has it");
    };
  }

  /// Integers of one width are cast: what does not fit wraps.
  private static Outcome bitcast(Bitcast op, Match<Bitcast> match, Formula f) {
    var from = match.input(0).dtype();
    boolean isSame = from.bits() == op.to().bits() && !from.isFloat() && !op.to().isFloat();
    boolean isKnown = op.to() != DataType.BOOL && from.bits() <= 32;
    return isSame && isKnown
        ? match.replaceWith(new Cast(op.to()), match.input(0))
        : left("its bits are those of floats");
  }

  /// OpenVINO reduces bools along constant axes only.
  private static Outcome logicalReduce(Reduce op, Match<Reduce> match, Formula f) {
    boolean isLogical = op.kind() == Reduce.Kind.ALL || op.kind() == Reduce.Kind.ANY;
    if (!isLogical || !match.input(1).isPresent() || match.input(1).isConstant()) {
      return left("IR has it");
    }
    var kind = op.kind() == Reduce.Kind.ALL ? Reduce.Kind.MIN : Reduce.Kind.MAX;
    var numbers = f.cast(match.input(0), DataType.INT32);
    var reduced = f.op(new Reduce(kind, op.keepDims()), numbers, match.input(1));
    return match.replaceWith(f.cast(reduced, DataType.BOOL));
  }

  /// OpenVINO 2026.4 adds a vector along the wrong axis to what it has reduced from three axes to
  /// two.
  private static Outcome lastOfThree(Reduce op, Match<Reduce> match, Formula f) {
    var x = match.input(0).shape();
    var axes = match.integers(1);
    boolean isLast =
        x.hasRank(3)
            && axes.filter(all -> all.length == 1 && (all[0] == 2 || all[0] == -1)).isPresent();
    if (op.keepDims() || !isLast) return left("its result is added to rightly");
    var kept = f.op(new Reduce(op.kind(), true), match.input(0), match.input(1));
    return match.replaceWith(f.squeeze(kept, 2));
  }

  /// OpenVINO begins with the largest finite number, so that infinities alone are lost: halves of
  /// numbers leave room.
  private static Outcome extreme(Reduce op, Match<Reduce> match, Formula f) {
    boolean isExtreme = op.kind() == Reduce.Kind.MAX || op.kind() == Reduce.Kind.MIN;
    var x = match.input(0);
    if (!isExtreme || !x.dtype().isFloat()) return left("OpenVINO computes it");
    if (isHalved(x)) return left("it is halved");
    if (!op.keepDims() && match.input(1).isPresent() && match.integers(1).isEmpty()) {
      return left("how many axes its result has is computed");
    }
    var half = f.mul(x, HALF);
    var reduced = match.input(1).isPresent() ? f.op(op, half, match.input(1)) : f.op(op, half);
    return match.replaceWith(f.mul(reduced, 2));
  }

  private static boolean isHalved(Value x) {
    return x.producer()
        .filter(node ->
            node.op() instanceof Binary(var kind)
                && kind == Binary.Kind.MUL
                && node.input(1).constant().filter(data -> data.isAll(HALF)).isPresent())
        .isPresent();
  }

  /// The largest (or smallest) of nothing along axes that are computed.
  private static Outcome empty(Reduce op, Match<Reduce> match, Formula f) {
    var x = match.input(0);
    boolean isEmpty = x.shape().isRanked() && x.shape().dims().stream().anyMatch(d -> d.is(0));
    boolean isExtreme = op.kind() == Reduce.Kind.MAX || op.kind() == Reduce.Kind.MIN;
    if (!isEmpty || !isExtreme || !x.dtype().isFloat()) return left("there are elements");
    if (!match.output().shape().isFixed()) return left("its shape is not known");
    double neutral =
        op.kind() == Reduce.Kind.MAX ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    var one = TensorData.scalar(x.dtype(), neutral);
    return match.replaceWith(f.constant(TensorData.filled(one, match.output().shape())));
  }

  /// OpenVINO suppresses what overlaps as much as the threshold, the record what overlaps more.
  private static Outcome suppression(
      NonMaxSuppression op, Match<NonMaxSuppression> match, Formula f) {
    var threshold = match.input(3);
    if (!threshold.isPresent()) return left("no threshold is given");
    boolean isMoved =
        threshold.isConstant()
            ? threshold.name().endsWith(RAISED)
            : threshold.producer().filter(OpenvinoElementRules::raises).isPresent();
    if (isMoved) return left("it is moved");
    var inputs = new java.util.ArrayList<Value>(match.node().inputs());
    var known = match.constant(3);
    inputs.set(
        3,
        known
            .map(data -> raised(data, f))
            .orElseGet(() -> f.max(f.mul(threshold, Math.nextUp(1f)), Float.MIN_NORMAL)));
    return match.replaceWith(op, inputs.toArray(Value[]::new));
  }

  private static boolean raises(watari.graph.Node node) {
    return node.op() instanceof Binary(var kind)
        && kind == Binary.Kind.MAX
        && node.input(1).constant().filter(d -> d.isAll(Float.MIN_NORMAL)).isPresent();
  }

  private static Value raised(TensorData threshold, Formula f) {
    float next = Math.max(Math.nextUp((float) threshold.doubleAt(0)), Float.MIN_NORMAL);
    return f.builder().constant("threshold" + RAISED, TensorData.scalar(next));
  }

  private static Outcome binary(Binary op, Match<Binary> match, Formula f) {
    return switch (op.kind()) {
      case ATAN2 -> match.replaceWith(atan2(match.input(0), match.input(1), f));
      case SQUARED_DIFFERENCE -> squaredDifference(match, f);
      case SHIFT_LEFT, SHIFT_RIGHT -> shift(op, match, f);
      case TRUNC_MOD, FLOOR_MOD -> remainder(op, match, f);
      case BITWISE_AND -> logical(Binary.Kind.AND, match, f);
      case BITWISE_OR -> logical(Binary.Kind.OR, match, f);
      case BITWISE_XOR -> logical(Binary.Kind.XOR, match, f);
      default -> left("IR has it");
    };
  }

  private static Outcome logical(Binary.Kind kind, Match<Binary> match, Formula f) {
    if (match.input(0).dtype() != DataType.BOOL) return left("IR has it for integers");
    return match.replaceWith(f.binary(kind, match.input(0), match.input(1)));
  }

  /// What is shifted by its width or more has no bits left; OpenVINO takes the lowest bits of the
  /// count.
  private static Outcome shift(Binary op, Match<Binary> match, Formula f) {
    var x = match.input(0);
    var count = match.input(1);
    int most = x.dtype().bits() - 1;
    boolean isLimited =
        count.isConstant()
            ? inRange(count.constant().orElseThrow(), most)
            : count.producer().filter(node -> node.op() instanceof Clip).isPresent();
    if (isLimited) return left("IR has it");
    var near = f.op(op, x, f.op(new Clip(0, most), count));
    var isFar = f.binary(Binary.Kind.GREATER, count, f.scalar(count, most));
    if (x.dtype().isSigned()) {
      isFar =
          f.binary(Binary.Kind.OR, isFar, f.binary(Binary.Kind.LESS, count, f.scalar(count, 0)));
    }
    boolean keepsSign = op.kind() == Binary.Kind.SHIFT_RIGHT && x.dtype().isSigned();
    var none = keepsSign ? f.op(op, x, f.scalar(x, most)) : f.scalar(x, 0);
    return match.replaceWith(f.select(isFar, none, near));
  }

  private static boolean inRange(TensorData counts, int most) {
    for (long count : counts.longs()) if (count < 0 || count > most) return false;
    return true;
  }

  /// Of a divisor that is infinite everything is left, unless the signs are to agree.
  private static Outcome remainder(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    if (!a.dtype().isFloat()) return left("they are integers");
    if (OpenvinoQuotientRules.isQuotient(match.node())) return left("the quotient is wanted");
    if (op.kind() == Binary.Kind.TRUNC_MOD) {
      boolean isFinite = match.constant(1).filter(OpenvinoElementRules::isFinite).isPresent();
      boolean isGuarded = b.producer().filter(node -> node.op() instanceof Select).isPresent();
      if (isFinite || isGuarded) return left("IR has it");
      return match.replaceWith(truncated(a, b, f));
    }
    var rest = truncated(a, b, f);
    var zero = f.scalar(a, 0);
    var differ =
        f.binary(
            Binary.Kind.XOR,
            f.binary(Binary.Kind.LESS, rest, zero),
            f.binary(Binary.Kind.LESS, b, zero));
    var moves = f.binary(Binary.Kind.AND, f.binary(Binary.Kind.NOT_EQUAL, rest, zero), differ);
    return match.replaceWith(f.select(moves, f.add(rest, b), rest));
  }

  private static Value truncated(Value a, Value b, Formula f) {
    var isInfinite = f.op(new IsInf(true, true), b);
    var safe = f.select(isInfinite, f.scalar(b, 1), b);
    var rest = f.binary(Binary.Kind.TRUNC_MOD, a, safe);
    var isNumber = f.unary(Unary.Kind.NOT, f.op(new IsInf(true, true), a));
    return f.select(f.binary(Binary.Kind.AND, isInfinite, isNumber), a, rest);
  }

  private static boolean isFinite(TensorData data) {
    for (double x : data.doubles()) if (!Double.isFinite(x)) return false;
    return true;
  }

  private static Outcome squaredDifference(Match<Binary> match, Formula f) {
    if (match.input(0).dtype().isFloat()) return left("IR has it");
    return match.replaceWith(f.square(f.sub(match.input(0), match.input(1))));
  }

  /// `atan(y / x)`, moved by π into the left half-plane's quadrants; signs of zeros count.
  private static Value atan2(Value a, Value b, Formula f) {
    var y = finite(a, b, f);
    var x = finite(b, a, f);
    var zero = f.scalar(x, 0);
    var turn = f.select(isNegative(y, f), f.scalar(x, -Math.PI), f.scalar(x, Math.PI));
    var both =
        f.binary(
            Binary.Kind.AND,
            f.binary(Binary.Kind.EQUAL, x, zero),
            f.binary(Binary.Kind.EQUAL, y, zero));
    var safe = f.select(both, f.scalar(x, 1), x);
    var angle = f.unary(Unary.Kind.ATAN, f.div(y, safe));
    var right = f.select(both, y, angle);
    var left = f.add(f.select(both, zero, angle), turn);
    return f.select(isNegative(x, f), left, right);
  }

  /// Of two infinities only the signs matter.
  private static Value finite(Value value, Value other, Formula f) {
    var both =
        f.binary(
            Binary.Kind.AND,
            f.op(new IsInf(true, true), value),
            f.op(new IsInf(true, true), other));
    return f.select(both, f.unary(Unary.Kind.SIGN, value), value);
  }

  /// Whether a number is below 0, or the negative zero.
  private static Value isNegative(Value value, Formula f) {
    var zero = f.scalar(value, 0);
    var inverse = f.div(f.scalar(value, 1), value);
    return f.binary(
        Binary.Kind.OR,
        f.binary(Binary.Kind.LESS, value, zero),
        f.binary(
            Binary.Kind.AND,
            f.binary(Binary.Kind.EQUAL, value, zero),
            f.binary(Binary.Kind.LESS, inverse, zero)));
  }

  /// The elements whose column less their row is `k` at least (or at most), zeros elsewhere.
  private static Outcome trilu(Trilu op, Match<Trilu> match, Formula f) {
    var x = match.input(0);
    int rank = x.shape().isRanked() ? x.shape().rank() : 0;
    if (rank < 2 || !x.shape().slice(rank - 2, rank).isFixed()) {
      return left("the matrix' dims are not fixed");
    }
    long rows = x.shape().dim(-2).fixed();
    long columns = x.shape().dim(-1).fixed();
    var diagonals = new long[Math.toIntExact(rows * columns)];
    for (int i = 0; i < diagonals.length; i++) diagonals[i] = i % columns - i / columns;
    var data = TensorData.ofLongs(DataType.INT32, Shape.of(rows, columns), diagonals);
    var k =
        match.input(1).isPresent()
            ? f.cast(scalar(match.input(1), f), DataType.INT32)
            : Value.ABSENT;
    var place = f.constant(data);
    var bound = k.isPresent() ? k : f.scalar(place, 0);
    var kept =
        f.binary(op.upper() ? Binary.Kind.GREATER_EQUAL : Binary.Kind.LESS_EQUAL, place, bound);
    return match.replaceWith(f.select(kept, x, f.scalar(x, 0)));
  }

  private static Value scalar(Value value, Formula f) {
    return value.shape().hasRank(0) ? value : f.reshape(value, Shape.SCALAR);
  }

  /// IR takes a slope of rank 1 as one for each channel.
  private static Outcome slope(PRelu op, Match<PRelu> match, Formula f) {
    var x = match.input(0).shape();
    var slope = match.input(1);
    if (!x.isRanked() || !slope.shape().isRanked()) return left("a rank is not known");
    boolean isOne = slope.shape().isFixed() && slope.shape().elements().is(1);
    if (slope.shape().rank() == x.rank() || isOne && slope.shape().rank() == 1) {
      return left("IR takes it");
    }
    if (slope.shape().rank() > x.rank()) return left("the slope has more axes");
    if (isOne) return match.replaceWith(op, match.input(0), f.reshape(slope, 1));
    var dims = Shape.of(new long[x.rank() - slope.shape().rank()]);
    for (int i = 0; i < dims.rank(); i++) dims = dims.with(i, watari.tensor.Dim.ONE);
    return match.replaceWith(op, match.input(0), f.reshape(slope, dims.concat(slope.shape())));
  }

  /// Products of integers by way of floats, exact while sums stay below 2²⁴.
  private static Outcome integerMatMul(MatMulInteger op, Match<MatMulInteger> match, Formula f) {
    var a = shifted(match.input(0), match.input(2), true, f);
    var b = shifted(match.input(1), match.input(3), false, f);
    var product = f.op(new MatMul(false, false), a, b);
    return match.replaceWith(f.cast(product, DataType.INT32));
  }

  /// As floats less the zero point, which may be one for each row or column.
  static Value shifted(Value x, Value zero, boolean isRow, Formula f) {
    var real = f.cast(x, DataType.FLOAT32);
    if (!zero.isPresent()) return real;
    var less = f.cast(zero, DataType.FLOAT32);
    boolean isVector = zero.shape().hasRank(1) && !zero.shape().dim(0).is(1);
    if (isRow && isVector) less = f.reshape(less, -1, 1);
    if (zero.shape().hasRank(1) && zero.shape().dim(0).is(1)) less = f.reshape(less, Shape.SCALAR);
    return f.sub(real, less);
  }
}
