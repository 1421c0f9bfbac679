package watari.format.keras;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Cumulative;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Functions of elements that Keras has in part only, or means otherwise.
final class KerasElementRules {
  private KerasElementRules() {}

  static List<Rule<?>> all() {
    return List.of(
        decoding(),
        new Replacement<>("ReplaceBinary", Binary.class, KerasElementRules::binary),
        new Replacement<>("ReplacePRelu", PRelu.class, KerasElementRules::prelu),
        new Replacement<>("ReplaceIsInf", IsInf.class, KerasElementRules::isInf),
        new Replacement<>("ReplaceUnary", Unary.class, KerasElementRules::unary),
        new Replacement<>("ReplaceCumulative", Cumulative.class, KerasElementRules::cumulative));
  }

  /// Weights that are stored as smaller numbers: layers keep them as they compute with them.
  private static Outcome decode(Cast op, Match<Cast> match, Formula f) {
    var data = match.input(0).constant();
    boolean isReal = data.isPresent() && data.get().dtype().isFloat() && op.to().isFloat();
    if (!isReal || data.get().dtype().bits() >= op.to().bits()) {
      return Replacement.left("it is no constant of smaller floats");
    }
    return match.replaceWith(f.constant(data.get().cast(op.to())));
  }

  static Rule<Cast> decoding() {
    return new SmallRule<>("DecodeConstant", Cast.class, KerasElementRules::decode);
  }

  private static Outcome binary(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    return switch (op.kind()) {
      case SQUARED_DIFFERENCE -> {
        var difference = f.sub(a, b);
        yield match.replaceWith(f.mul(difference, difference));
      }
      case DIV ->
          a.dtype().isFloat()
              ? Replacement.left("it is of real numbers")
              : match.replaceWith(quotient(a, b, f));
      case TRUNC_MOD -> match.replaceWith(remainder(a, b, f));
      case SHIFT_LEFT, SHIFT_RIGHT -> shift(op.kind(), a, b, match, f);
      default -> Replacement.left("Keras has it");
    };
  }

  /// Towards 0: Keras rounds down.
  private static Value quotient(Value a, Value b, Formula f) {
    var floor = f.binary(Binary.Kind.FLOOR_DIV, a, b);
    if (!a.dtype().isSigned()) return floor;
    var rest = f.binary(Binary.Kind.NOT_EQUAL, f.mul(floor, b), a);
    var isBelow = f.binary(Binary.Kind.LESS, floor, f.scalar(floor, 0));
    return f.add(floor, f.cast(f.binary(Binary.Kind.AND, rest, isBelow), a.dtype()));
  }

  private static Value remainder(Value a, Value b, Formula f) {
    if (!a.dtype().isFloat()) return f.sub(a, f.mul(quotient(a, b, f), b));
    var size = f.binary(Binary.Kind.FLOOR_MOD, f.abs(a), f.abs(b));
    return f.select(f.binary(Binary.Kind.LESS, a, f.scalar(a, 0)), f.neg(size), size);
  }

  /// Shifts by less than nothing, or by as many bits as there are, leave 0, or the sign.
  private static Outcome shift(Binary.Kind kind, Value a, Value b, Match<Binary> match, Formula f) {
    int bits = a.dtype().bits();
    if (isWithin(b, bits) || b.producer().filter(n -> n.op() instanceof Select).isPresent()) {
      return Replacement.left("its bits are in range");
    }
    var isIn =
        f.binary(
            Binary.Kind.AND,
            f.binary(Binary.Kind.GREATER_EQUAL, b, f.scalar(b, 0)),
            f.binary(Binary.Kind.LESS, b, f.scalar(b, bits)));
    boolean keepsSign = kind == Binary.Kind.SHIFT_RIGHT && a.dtype().isSigned();
    var bounded = f.select(isIn, b, f.scalar(b, keepsSign ? bits - 1 : 0));
    var shifted = f.binary(kind, a, bounded);
    return match.replaceWith(keepsSign ? shifted : f.select(isIn, shifted, f.scalar(a, 0)));
  }

  private static boolean isWithin(Value b, int bits) {
    return b.constant()
        .filter(data -> java.util.Arrays.stream(data.longs()).allMatch(n -> n >= 0 && n < bits))
        .isPresent();
  }

  /// `max(x, 0) + slope · min(x, 0)`.
  private static Outcome prelu(PRelu op, Match<PRelu> match, Formula f) {
    if (KerasWriteGraph.refuse(match.node()).isEmpty()) return Replacement.left("Keras has it");
    var x = match.input(0);
    var below = f.mul(match.input(1), f.min(x, 0));
    return match.replaceWith(f.add(f.max(x, 0), below));
  }

  private static Outcome isInf(IsInf op, Match<IsInf> match, Formula f) {
    var x = match.input(0);
    var above = f.binary(Binary.Kind.EQUAL, x, f.scalar(x, Double.POSITIVE_INFINITY));
    var below = f.binary(Binary.Kind.EQUAL, x, f.scalar(x, Double.NEGATIVE_INFINITY));
    if (op.positive() && op.negative()) {
      return match.replaceWith(f.binary(Binary.Kind.OR, above, below));
    }
    if (op.positive()) return match.replaceWith(above);
    if (op.negative()) return match.replaceWith(below);
    return match.replaceWith(f.binary(Binary.Kind.AND, above, below));
  }

  /// Activations of float64, which float32 layers would round.
  private static Outcome unary(Unary op, Match<Unary> match, Formula f) {
    var x = match.input(0);
    boolean isFloat64 = x.dtype() == DataType.FLOAT64;
    return switch (op.kind()) {
      case SIGMOID ->
          isFloat64
              ? match.replaceWith(f.unary(Unary.Kind.RECIPROCAL, f.add(f.exp(f.neg(x)), 1)))
              : Replacement.left("it is an activation");
      case SOFTSIGN ->
          isFloat64
              ? match.replaceWith(f.div(x, f.add(f.abs(x), 1)))
              : Replacement.left("it is an activation");
      default -> Replacement.left("Keras has it");
    };
  }

  /// From the end by what is turned round; without the element itself by what is moved on.
  private static Outcome cumulative(Cumulative op, Match<Cumulative> match, Formula f) {
    var x = match.input(0);
    var given = match.integers(1);
    if (given.isEmpty() || !x.shape().isRanked()) return Replacement.left("its axis is computed");
    int axis = Shapes.axis(given.get()[0], x.shape().rank());
    if (op.reverse()) {
      var forth = new Cumulative(op.kind(), op.exclusive(), false);
      var sum = f.op(forth, f.reversed(x, axis), match.input(1));
      return match.replaceWith(f.reversed(sum, axis));
    }
    if (!op.exclusive()) return Replacement.left("Keras has it");
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    pads[axis] = 1;
    double neutral = op.kind() == Cumulative.Kind.PROD ? 1 : 0;
    var padded =
        f.op(
            new watari.op.ShapeOp.Pad(watari.op.ShapeOp.Pad.Mode.CONSTANT),
            x,
            f.vector(pads),
            f.scalar(x, neutral));
    var moved = f.slice(padded, axis, 0, -1);
    return match.replaceWith(f.op(new Cumulative(op.kind(), false, false), moved, match.input(1)));
  }
}
