package watari.format.tflite.legalize;

import java.util.List;
import watari.format.tflite.TfliteFakeQuant;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.ShapeOf;
import watari.pass.replace.Formula;
import watari.pass.replace.ReplaceFakeQuantize;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.pass.storage.StoredClamp;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Functions of elements that TFLite says by others.
final class ElementRules {
  /// Powers of integers up to this one are products.
  private static final int MAX_INTEGER_POWER = 8;

  /// What TFLite has operators for of floats and of quantized values, and fuses.
  private static final List<Clip> ACTIVATIONS =
      List.of(new Clip(0, 6), new Clip(-1, 1), new Clip(0, Double.POSITIVE_INFINITY));

  private ElementRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("ReplaceClip", Clip.class, ElementRules::clip),
        new SmallRule<>("ReplacePRelu", PRelu.class, ElementRules::pRelu),
        new SmallRule<>("ReplaceBinary", Binary.class, ElementRules::binary),
        new SmallRule<>("ReplaceIntegerUnary", Unary.class, ElementRules::unary),
        new SmallRule<>("CastThroughInt64", Cast.class, ElementRules::cast),
        ReplaceFakeQuantize.fakeQuantize(match -> TfliteFakeQuant.fits(match.op(), match.node())));
  }

  private static Outcome clip(Clip op, Match<Clip> match, Formula f) {
    var x = match.input(0);
    boolean isActivation = ACTIVATIONS.contains(op) || op.equals(new Clip(0, 1));
    if (x.type().isQuantized() || match.output().type().isQuantized()) {
      return Replacement.left("it is quantized");
    }
    if (isActivation && x.dtype() == DataType.FLOAT32) return Replacement.left("it is an operator");
    double low = Math.max(op.min(), lowest(x.dtype()));
    double high = Math.min(op.max(), highest(x.dtype()));
    var result = x;
    if (low > lowest(x.dtype())) result = f.max(result, whole(x, Math.ceil(low), low));
    if (high < highest(x.dtype())) result = f.min(result, whole(x, Math.floor(high), high));
    if (result == x) return match.replaceWith(new watari.op.ElementwiseOp.Identity(), x);
    return match.replaceWith(result);
  }

  /// Clamps of quantized results. What they clamp is judged with them, so they come before it.
  static Rule<?> quantizedClip() {
    return new SmallRule<>(
        "ReplaceQuantizedClip", Clip.class, (op, match, _) -> quantizedClip(op, match));
  }

  /// Bounds that round to the same stored integers as those of an activation are that activation's.
  private static Outcome quantizedClip(Clip op, Match<Clip> match) {
    if (ACTIVATIONS.contains(op)) return Replacement.left("it is an operator");
    var type = match.output().type();
    var clamp = StoredClamp.of(op, type);
    for (var activation : ACTIVATIONS) {
      if (clamp.isPresent() && clamp.equals(StoredClamp.of(activation, type))) {
        return match.replaceWith(activation, match.input(0));
      }
    }
    return Replacement.left("no activation rounds alike");
  }

  private static double whole(Value x, double whole, double given) {
    return x.dtype().isInteger() ? whole : given;
  }

  private static double lowest(DataType dtype) {
    return dtype.isInteger() ? dtype.min() : Double.NEGATIVE_INFINITY;
  }

  private static double highest(DataType dtype) {
    return dtype.isInteger() && dtype.max() > 0 ? dtype.max() : Double.POSITIVE_INFINITY;
  }

  /// A slope that is broadcast in another way than PRELU's, or other element types.
  private static Outcome pRelu(PRelu op, Match<PRelu> match, Formula f) {
    var x = match.input(0);
    var slope = match.input(1);
    if (x.type().isQuantized() || match.output().type().isQuantized()) {
      return Replacement.left("it is quantized");
    }
    boolean fits =
        x.dtype() == DataType.FLOAT32
            && x.shape().isRanked()
            && x.shape().rank() <= 4
            && slope.shape().isRanked()
            && slope.shape().rank() == x.shape().rank() - 1;
    if (fits) return Replacement.left("it is an operator");
    var isNegative = f.binary(Binary.Kind.LESS, x, f.scalar(x, 0));
    return match.replaceWith(f.select(isNegative, f.mul(x, slope), x));
  }

  private static Outcome unary(Unary op, Match<Unary> match, Formula f) {
    var x = match.input(0);
    if (!x.dtype().isInteger() || x.type().isQuantized()) return Replacement.left("it is float");
    return switch (op.kind()) {
      case ABS ->
          x.dtype().isSigned()
              ? x.dtype() == DataType.INT64 || x.dtype() == DataType.INT32
                  ? match.replaceWith(f.max(x, f.neg(x)))
                  : Replacement.left("it is computed in a wider type")
              : match.replaceWith(new watari.op.ElementwiseOp.Identity(), x);
      case SIGN ->
          x.dtype() == DataType.INT64
              ? match.replaceWith(f.max(f.min(x, 1), -1))
              : Replacement.left("it is an operator");
      case NEG ->
          x.dtype().isSigned()
              ? Replacement.left("it is an operator")
              : match.replaceWith(f.sub(f.scalar(x, 0), x));
      case CEIL, FLOOR, ROUND -> match.replaceWith(new watari.op.ElementwiseOp.Identity(), x);
      default -> Replacement.left("it is an operator");
    };
  }

  private static Outcome binary(Binary op, Match<Binary> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    boolean quantized =
        a.type().isQuantized() || b.type().isQuantized() || match.output().type().isQuantized();
    if (quantized) return Replacement.left("it is quantized");
    return switch (op.kind()) {
      case POW -> power(a, b, match, f);
      case ATAN2 -> sameShape(op, a, b, match, f);
      case TRUNC_MOD -> match.replaceWith(truncatedMod(a, b, f));
      case DIV ->
          a.dtype() == DataType.INT64
              ? divided(a, b, match, f)
              : Replacement.left("it is an operator");
      case BITWISE_AND, BITWISE_OR -> bitwise(op.kind(), a, b, match, f);
      case BITWISE_XOR ->
          a.dtype().bits() == 64 ? halves(op, a, b, match, f) : Replacement.left("an operator");
      case SHIFT_LEFT -> shiftLeft(a, b, match, f);
      case SHIFT_RIGHT -> shiftRight(a, b, match, f);
      default -> Replacement.left("it is an operator");
    };
  }

  /// ATAN2 broadcasts nothing.
  private static Outcome sameShape(Binary op, Value a, Value b, Match<Binary> match, Formula f) {
    var shape = match.output().shape();
    if (a.shape().equals(b.shape())) return Replacement.left("the shapes are the same");
    if (!shape.isFixed()) {
      if (!b.isConstant() || !b.shape().elements().is(1)) return Replacement.left("unknown shapes");
      var dims = f.op(new ShapeOf(DataType.INT32), a);
      return match.replaceWith(op, a, f.op(new Expand(), b, dims));
    }
    return match.replaceWith(op, f.expand(a, shape), f.expand(b, shape));
  }

  /// Numbers known to fit int32 are divided there.
  private static Outcome divided(Value a, Value b, Match<Binary> match, Formula f) {
    if (!Ranges.isInt32(a) || !Ranges.isInt32(b)) {
      return match.replaceWith(Int64Division.of(a, b, f));
    }
    var quotient =
        f.op(new Binary(Binary.Kind.DIV), f.cast(a, DataType.INT32), f.cast(b, DataType.INT32));
    return match.replaceWith(f.cast(quotient, DataType.INT64));
  }

  private static Outcome power(Value a, Value b, Match<Binary> match, Formula f) {
    if (a.dtype().isInteger()) {
      var exponent = b.constant().filter(data -> data.isUniform());
      if (exponent.isPresent() && b.shape().elements().is(1)) {
        double n = exponent.get().doubleAt(0);
        if (n >= 1 && n <= MAX_INTEGER_POWER && n == Math.rint(n)) {
          var product = a;
          for (int i = 1; i < n; i++) product = f.mul(product, a);
          return match.replaceWith(product);
        }
      }
    }
    if (a.dtype() == b.dtype() && a.dtype() == DataType.FLOAT32) {
      return Replacement.left("it is an operator");
    }
    if (a.dtype() == DataType.FLOAT32) {
      return match.replaceWith(f.binary(Binary.Kind.POW, a, f.cast(b, DataType.FLOAT32)));
    }
    if (a.dtype().isInteger() && b.dtype().isInteger()) return integerPower(a, b, match, f);
    if (a.dtype().isInteger() && b.dtype().isFloat() && a.dtype().bits() <= 32) {
      var real =
          f.binary(Binary.Kind.POW, f.cast(a, DataType.FLOAT32), f.cast(b, DataType.FLOAT32));
      return match.replaceWith(f.cast(real, a.dtype()));
    }
    return Replacement.left("it is an operator");
  }

  /// By squaring: exponents of 0 to 63, which is all that does not overflow.
  private static Outcome integerPower(Value a, Value b, Match<Binary> match, Formula f) {
    var wide = f.cast(a, a.dtype().bits() < 32 ? DataType.INT32 : a.dtype());
    var rest = f.max(f.min(f.cast(b, DataType.INT32), 63), 0);
    Value product = f.scalar(wide, 1);
    var square = wide;
    for (int bit = 0; bit < 6; bit++) {
      var half = f.binary(Binary.Kind.FLOOR_DIV, rest, f.scalar(rest, 2));
      var odd = f.binary(Binary.Kind.NOT_EQUAL, rest, f.mul(half, 2));
      product = f.mul(product, f.select(odd, square, f.scalar(wide, 1)));
      square = f.mul(square, square);
      rest = half;
    }
    return match.replaceWith(f.cast(product, a.dtype()));
  }

  /// FLOOR_MOD of sizes is the remainder's size; the sign is that of `a`.
  private static Value truncatedMod(Value a, Value b, Formula f) {
    if (a.dtype().isInteger() && !a.dtype().isSigned()) {
      return f.binary(Binary.Kind.FLOOR_MOD, a, b);
    }
    var rest = f.binary(Binary.Kind.FLOOR_MOD, f.abs(a), f.abs(b));
    var isNegative = f.binary(Binary.Kind.LESS, a, f.scalar(a, 0));
    return f.select(isNegative, f.neg(rest), rest);
  }

  /// 64 bits are computed as two halves of 32.
  private static Outcome halves(Binary op, Value a, Value b, Match<Binary> match, Formula f) {
    if (!a.shape().isRanked() || !b.shape().isRanked()) return Replacement.left("no rank");
    var both = f.op(op, f.op(new Bitcast(DataType.INT32), a), f.op(new Bitcast(DataType.INT32), b));
    return match.replaceWith(f.op(new Bitcast(a.dtype()), both));
  }

  /// `a + b = (a ^ b) + 2 · (a & b)`, in halves of 16 bits that do not overflow.
  private static Outcome bitwise(
      Binary.Kind kind, Value a, Value b, Match<Binary> match, Formula f) {
    if (a.dtype().bits() == 64) {
      return halves(new Binary(kind), a, b, match, f);
    }
    var x = f.cast(a, DataType.INT32);
    var y = f.cast(b, DataType.INT32);
    Value and;
    if (a.dtype().bits() <= 16) {
      and = smallAnd(x, y, f);
    } else {
      var high = smallAnd(high(x, f), high(y, f), f);
      var low = smallAnd(low(x, f), low(y, f), f);
      and = f.add(f.mul(high, 1 << 16), low);
    }
    var result = kind == Binary.Kind.BITWISE_AND ? and : f.sub(f.add(x, y), and);
    return match.replaceWith(f.cast(result, a.dtype()));
  }

  private static Value smallAnd(Value x, Value y, Formula f) {
    var twice = f.sub(f.add(x, y), f.binary(Binary.Kind.BITWISE_XOR, x, y));
    return f.binary(Binary.Kind.SHIFT_RIGHT, twice, f.scalar(twice, 1));
  }

  private static Value high(Value x, Formula f) {
    return f.binary(Binary.Kind.SHIFT_RIGHT, x, f.scalar(x, 16));
  }

  private static Value low(Value x, Formula f) {
    return f.sub(x, f.mul(high(x, f), 1 << 16));
  }

  /// A product with a power of two, 0 where all bits leave.
  private static Outcome shiftLeft(Value a, Value b, Match<Binary> match, Formula f) {
    int bits = a.dtype().bits();
    var powers = new long[bits + 1];
    for (int i = 0; i < bits; i++) powers[i] = 1L << i;
    var given = f.min(f.cast(b, DataType.INT32), bits);
    var by =
        f.select(
            f.binary(Binary.Kind.LESS, given, f.scalar(given, 0)), f.scalar(given, bits), given);
    boolean isUnsigned64 = a.dtype() == DataType.UINT64;
    var x = isUnsigned64 ? f.op(new Bitcast(DataType.INT64), a) : f.cast(a, DataType.INT64);
    var factors = f.constant(TensorData.vector(powers));
    var product = f.mul(x, f.op(new Gather(0, 0), factors, by));
    return match.replaceWith(
        isUnsigned64 ? f.op(new Bitcast(DataType.UINT64), product) : f.cast(product, a.dtype()));
  }

  /// The kernel limits the distance to the type's bits; beyond, all bits leave.
  private static Outcome shiftRight(Value a, Value b, Match<Binary> match, Formula f) {
    int most = a.dtype().bits() - 1;
    if (isWithin(b, most) && a.dtype() == b.dtype()) return Replacement.left("it is an operator");
    if (a.dtype().bits() == 64) return Replacement.left("64 bits");
    var by = f.cast(b, DataType.INT32);
    var isFar =
        f.op(
            new Binary(Binary.Kind.OR),
            f.binary(Binary.Kind.LESS, by, f.scalar(by, 0)),
            f.binary(Binary.Kind.GREATER, by, f.scalar(by, most)));
    var near = f.op(new Clip(0, most), f.select(isFar, f.scalar(by, most), by));
    var wide = f.cast(a, DataType.INT32);
    if (a.dtype() == DataType.UINT32) {
      var shifted = f.binary(Binary.Kind.SHIFT_RIGHT, a, f.cast(near, DataType.UINT32));
      var kept = f.select(isFar, f.scalar(wide, 0), f.cast(shifted, DataType.INT32));
      return match.replaceWith(f.cast(kept, DataType.UINT32));
    }
    var shifted = f.binary(Binary.Kind.SHIFT_RIGHT, wide, near);
    var kept = a.dtype().isSigned() ? shifted : f.select(isFar, f.scalar(wide, 0), shifted);
    return match.replaceWith(f.cast(kept, a.dtype()));
  }

  private static boolean isWithin(Value by, int most) {
    if (by.isConstant()) {
      for (long each : by.constant().orElseThrow().longs())
        if (each < 0 || each > most) return false;
      return true;
    }
    var node = by.producer();
    if (node.isPresent() && node.get().op() instanceof Cast) {
      node = node.get().input(0).producer();
    }
    return node.filter(n ->
            n.op() instanceof Clip(double min, double max) && min >= 0 && max <= most
                || n.op() instanceof Binary(var kind)
                    && kind == Binary.Kind.MIN
                    && isLimited(n, most))
        .isPresent();
  }

  /// `min(max(x, 0), most)`: what a Clip has become.
  private static boolean isLimited(watari.graph.Node node, int most) {
    return isUpTo(node.input(1), most)
        && node.input(0)
            .producer()
            .filter(n -> n.op() instanceof Binary(var kind) && kind == Binary.Kind.MAX)
            .isPresent();
  }

  private static boolean isUpTo(Value limit, int most) {
    return limit
        .constant()
        .filter(data -> data.isUniform() && data.doubleAt(0) <= most)
        .isPresent();
  }

  /// CAST knows no uint64: its bits are those of int64.
  private static Outcome cast(Cast op, Match<Cast> match, Formula f) {
    var x = match.input(0);
    if (x.type().isQuantized()) return Replacement.left("it is quantized");
    if (op.to() == DataType.UINT64 && x.dtype() == DataType.INT64) {
      return match.replaceWith(f.op(new Bitcast(DataType.UINT64), x));
    }
    if (x.dtype() == DataType.UINT64 && op.to() == DataType.INT64) {
      return match.replaceWith(f.op(new Bitcast(DataType.INT64), x));
    }
    if (op.to() == DataType.UINT64 && !x.dtype().isFloat()) {
      return match.replaceWith(f.op(new Bitcast(DataType.UINT64), f.cast(x, DataType.INT64)));
    }
    return Replacement.left("CAST knows both types");
  }
}
