package watari.api;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/// A formula of `x` for the numbers of an image, such as `(x - 127.5) / 127.5` or, channel by
/// channel, `(x - [123.7,116.3,103.5]) / [58.4,57.1,57.4]`.
///
/// Numbers, `x`, lists in brackets, `+ - * /` and parentheses; nothing is run but this.
public final class Normalization {
  /// What a formula is made of: the value for a number of a channel.
  private interface Term {
    double at(double x, int channel);
  }

  private final String text;
  private int at;
  private int channels = 1;
  private final Term term;

  private Normalization(String text) {
    this.text = text;
    this.term = sum();
    if (next() != 0) throw wrong("'" + text.charAt(at) + "' is not expected");
  }

  /// @throws UsageException with the place, if it is no formula
  public static Normalization of(String text) {
    return new Normalization(text);
  }

  /// The value for the number `x` of a channel.
  public double apply(double x, int channel) {
    return term.at(x, channel);
  }

  /// The length of its longest list, or 1.
  int channels() {
    return channels;
  }

  private Term sum() {
    var left = product();
    while (next() == '+' || next() == '-') {
      left = join(left, text.charAt(at++) == '+' ? Double::sum : (a, b) -> a - b, product());
    }
    return left;
  }

  private Term product() {
    var left = factor();
    while (next() == '*' || next() == '/') {
      left = join(left, text.charAt(at++) == '*' ? (a, b) -> a * b : (a, b) -> a / b, factor());
    }
    return left;
  }

  private static Term join(Term left, DoubleBinaryOperator operator, Term right) {
    return (x, channel) -> operator.applyAsDouble(left.at(x, channel), right.at(x, channel));
  }

  private Term factor() {
    char first = next();
    if (first == '-') {
      at++;
      var negated = factor();
      return (x, channel) -> -negated.at(x, channel);
    }
    if (first == '(') {
      at++;
      var inner = sum();
      expect(')');
      return inner;
    }
    if (first == 'x') {
      at++;
      return (x, _) -> x;
    }
    if (first == '[') return list();
    double number = number();
    return (_, _) -> number;
  }

  private Term list() {
    expect('[');
    List<Double> numbers = new ArrayList<>();
    do {
      double sign = next() == '-' ? -1 : 1;
      if (sign < 0) at++;
      numbers.add(sign * number());
    } while (next() == ',' && at++ >= 0);
    expect(']');
    var all = List.copyOf(numbers);
    channels = Math.max(channels, all.size());
    return (_, channel) -> all.get(Math.min(channel, all.size() - 1));
  }

  private double number() {
    next();
    int from = at;
    while (at < text.length() && isOfNumber(at)) at++;
    try {
      return Double.parseDouble(text.substring(from, at));
    } catch (NumberFormatException _) {
      at = from;
      throw wrong("a number, x, [ or ( is expected");
    }
  }

  private boolean isOfNumber(int i) {
    char c = text.charAt(i);
    boolean isSign = (c == '-' || c == '+') && "eE".indexOf(text.charAt(Math.max(i - 1, 0))) >= 0;
    return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || isSign;
  }

  private void expect(char wanted) {
    if (next() != wanted) throw wrong("'" + wanted + "' is expected");
    at++;
  }

  /// The next character that is no space, or 0 at the end.
  private char next() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    return at < text.length() ? text.charAt(at) : 0;
  }

  private UsageException wrong(String why) {
    return new UsageException("formula '" + text + "', column " + (at + 1) + ": " + why);
  }
}
