package watari.format.tflite.legalize;

import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Uint64, which LiteRT stores but hardly computes with, by int64 of the same bits.
///
/// Sums, differences and products wrap in the same way; orders are the same once the highest bit is
/// turned.
final class Uint64Rules {
  private Uint64Rules() {}

  static Rule<Binary> binary() {
    return new SmallRule<>("ReplaceUint64Binary", Binary.class, Uint64Rules::binary);
  }

  private static Outcome binary(Binary op, Match<Binary> match, Formula f) {
    if (match.input(0).dtype() != DataType.UINT64 || match.input(1).dtype() != DataType.UINT64) {
      return Replacement.left("it is not of uint64");
    }
    return switch (op.kind()) {
      case ADD, SUB, MUL, BITWISE_AND, BITWISE_OR, BITWISE_XOR ->
          match.replaceWith(back(f.op(op, bits(match, 0, f), bits(match, 1, f)), f));
      case EQUAL, NOT_EQUAL -> match.replaceWith(op, bits(match, 0, f), bits(match, 1, f));
      case GREATER, GREATER_EQUAL, LESS, LESS_EQUAL ->
          match.replaceWith(op, turned(bits(match, 0, f), f), turned(bits(match, 1, f), f));
      case MAX, MIN -> {
        var chosen = f.op(op, turned(bits(match, 0, f), f), turned(bits(match, 1, f), f));
        yield match.replaceWith(back(turned(chosen, f), f));
      }
      default -> Replacement.left("int64 does not tell its result");
    };
  }

  private static Value bits(Match<Binary> match, int input, Formula f) {
    return f.op(new Bitcast(DataType.INT64), match.input(input));
  }

  private static Value back(Value bits, Formula f) {
    return f.op(new Bitcast(DataType.UINT64), bits);
  }

  /// The highest bit turned: adding it wraps.
  private static Value turned(Value bits, Formula f) {
    return f.add(bits, f.constant(TensorData.scalar(Long.MIN_VALUE)));
  }
}
