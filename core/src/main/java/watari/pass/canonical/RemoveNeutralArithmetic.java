package watari.pass.canonical;

import watari.op.BinaryOp.Binary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · 1`, `x / 1`, `x + 0`, `x - 0`, `x^1` → `x`.
public final class RemoveNeutralArithmetic implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    boolean right = isNeutral(match, 1);
    if (!right && !(match.op().kind().isCommutative() && isNeutral(match, 0))) {
      return leave("no operand is neutral");
    }
    var x = match.input(right ? 0 : 1);
    var out = match.output();
    boolean same =
        x.dtype() == out.dtype()
            && x.type().quantization().equals(out.type().quantization())
            && x.shape().isRanked()
            && x.shape().equals(out.shape());
    return same ? match.replaceWith(x) : leave("it broadcasts, or stores otherwise");
  }

  private static boolean isNeutral(Match<Binary> match, int i) {
    var number = Constants.scalar(match.input(i));
    if (number.isEmpty()) return false;
    return switch (match.op().kind()) {
      case ADD, SUB -> number.getAsDouble() == 0;
      case MUL, DIV, POW -> number.getAsDouble() == 1;
      default -> false;
    };
  }
}
