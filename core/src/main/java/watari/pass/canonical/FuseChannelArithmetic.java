package watari.pass.canonical;

import java.util.Arrays;
import watari.op.BinaryOp.Binary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `Conv(x, w, b) + c` → `Conv(x, w, b + c)`; `Conv(x, w, b) · c` → `Conv(x, w · c, b · c)`; the
/// same of differences, quotients, ConvTranspose and FullyConnected.
///
/// Holds where `c` is a constant with one number for each channel, or one for all.
public final class FuseChannelArithmetic implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    for (int i = 0; i < 2; i++) {
      var from = Weighted.behind(match, i);
      if (from.isEmpty()) continue;
      var channels = from.get().channels();
      var constant =
          Constants.perChannel(match.input(1 - i), from.get().shape(), from.get().channelAxis());
      if (constant.isEmpty() || channels.isEmpty()) continue;
      if (!match.output().shape().equals(from.get().shape())) return leave("it broadcasts");
      var numbers = constant.get().doubles();
      var ones = new double[numbers.length];
      Arrays.fill(ones, 1);
      var zeros = new double[numbers.length];
      boolean first = i == 0;
      return switch (match.op().kind()) {
        case ADD -> from.get().replaceBy(match, ones, numbers);
        case MUL -> from.get().replaceBy(match, numbers, zeros);
        case SUB ->
            first
                ? from.get().replaceBy(match, ones, negated(numbers))
                : from.get().replaceBy(match, negated(ones), numbers);
        case DIV ->
            first && Arrays.stream(numbers).noneMatch(number -> number == 0)
                ? from.get().replaceBy(match, inverted(numbers), zeros)
                : leave("it divides by the product");
        default -> leave("it neither adds nor scales");
      };
    }
    return leave("no operand is a product with constant weights, and the other a constant");
  }

  private static double[] negated(double[] numbers) {
    return Arrays.stream(numbers).map(number -> -number).toArray();
  }

  private static double[] inverted(double[] numbers) {
    return Arrays.stream(numbers).map(number -> 1 / number).toArray();
  }
}
