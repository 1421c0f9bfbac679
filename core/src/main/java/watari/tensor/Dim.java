package watari.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/// The extent of one axis, or one integer of a shape computation: a polynomial with integer
/// coefficients over named unknowns. `4`, `N` and `2*H+1` are dims.
///
/// Equal dims are equal for every value of the unknowns. What is no polynomial (a floored quotient)
/// becomes an unknown named by its own formula, so that equal formulas are equal dims.
///
/// @param terms coefficient by monomial, without zeros; a monomial is its sorted factors joined by
///   `*`, the constant's is empty
public record Dim(Map<String, Long> terms) implements Comparable<Dim> {
  public static final Dim ZERO = new Dim(Map.of());
  public static final Dim ONE = of(1);

  public Dim {
    terms =
        terms.size() < 2
            ? Map.copyOf(terms)
            : java.util.Collections.unmodifiableMap(new TreeMap<>(terms));
  }

  public static Dim of(long value) {
    return value == 0 ? new Dim(Map.of()) : new Dim(Map.of("", value));
  }

  /// An unknown; two with the same name are the same.
  public static Dim named(String name) {
    if (name.isEmpty()) throw new IllegalArgumentException("a dim's name is empty");
    return new Dim(Map.of(name.replace('*', '_'), 1L));
  }

  public boolean isFixed() {
    return terms.isEmpty() || terms.size() == 1 && terms.containsKey("");
  }

  /// Whether this is a fixed dim of that value.
  public boolean is(long value) {
    return isFixed() && constantTerm() == value;
  }

  public OptionalLong value() {
    return isFixed() ? OptionalLong.of(constantTerm()) : OptionalLong.empty();
  }

  /// The value of a fixed dim.
  ///
  /// @throws IllegalStateException if it is not fixed
  public long fixed() {
    if (!isFixed()) throw new IllegalStateException("dim '" + this + "' is not fixed");
    return constantTerm();
  }

  private long constantTerm() {
    return terms.getOrDefault("", 0L);
  }

  public Dim plus(Dim other) {
    if (isFixed() && other.isFixed()) return of(constantTerm() + other.constantTerm());
    var sum = new TreeMap<>(terms);
    other.terms.forEach((monomial, factor) -> add(sum, monomial, factor));
    return new Dim(sum);
  }

  public Dim plus(long other) {
    return plus(of(other));
  }

  public Dim minus(Dim other) {
    return plus(other.times(-1));
  }

  public Dim minus(long other) {
    return plus(-other);
  }

  public Dim times(long factor) {
    return times(of(factor));
  }

  public Dim times(Dim other) {
    if (isFixed() && other.isFixed()) return of(constantTerm() * other.constantTerm());
    var product = new TreeMap<String, Long>();
    terms.forEach((a, x) -> other.terms.forEach((b, y) -> add(product, monomial(a, b), x * y)));
    return new Dim(product);
  }

  private static void add(Map<String, Long> sum, String monomial, long factor) {
    if (sum.merge(monomial, factor, Long::sum) == 0) sum.remove(monomial);
  }

  private static String monomial(String a, String b) {
    if (a.isEmpty() || b.isEmpty()) return a + b;
    var factors = new ArrayList<>(List.of((a + "*" + b).split("\\*")));
    factors.sort(null);
    return String.join("*", factors);
  }

  /// `floor(this / divisor)`.
  ///
  /// @throws ArithmeticException if the divisor is a fixed 0
  public Dim floorDiv(Dim divisor) {
    if (divisor.is(0)) throw new ArithmeticException("a dim is divided by 0");
    if (isFixed() && divisor.isFixed()) return of(Math.floorDiv(fixed(), divisor.fixed()));
    if (divisor.is(1)) return this;
    if (equals(divisor)) return ONE;
    if (divisor.terms.size() == 1) {
      var exact = exactQuotient(divisor);
      if (exact.isPresent()) return exact.get();
    }
    return named("floor(" + this.opaque() + "/" + divisor.opaque() + ")");
  }

  public Dim floorDiv(long divisor) {
    return floorDiv(of(divisor));
  }

  /// `ceil(this / divisor)`.
  public Dim ceilDiv(long divisor) {
    return plus(divisor - 1).floorDiv(divisor);
  }

  private java.util.Optional<Dim> exactQuotient(Dim divisor) {
    var by = divisor.terms.entrySet().iterator().next();
    var quotient = new TreeMap<String, Long>();
    for (var term : terms.entrySet()) {
      var factors = new ArrayList<>(List.of(term.getKey().split("\\*")));
      if (!by.getKey().isEmpty()) {
        for (var factor : by.getKey().split("\\*")) {
          if (!factors.remove(factor)) return java.util.Optional.empty();
        }
      }
      if (term.getValue() % by.getValue() != 0) return java.util.Optional.empty();
      factors.removeIf(String::isEmpty);
      add(quotient, String.join("*", factors), term.getValue() / by.getValue());
    }
    return java.util.Optional.of(new Dim(quotient));
  }

  /// The same dim with some unknowns replaced; formulas that became names are kept as they are.
  public Dim replace(Map<String, Dim> values) {
    if (isFixed()) return this;
    var result = ZERO;
    for (var term : terms.entrySet()) {
      var product = of(term.getValue());
      for (var factor : term.getKey().split("\\*")) {
        if (!factor.isEmpty()) product = product.times(values.getOrDefault(factor, named(factor)));
      }
      result = result.plus(product);
    }
    return result;
  }

  /// Fixed dims first, by value; the others by their formula.
  @Override
  public int compareTo(Dim other) {
    if (isFixed() && other.isFixed()) return Long.compare(fixed(), other.fixed());
    return isFixed() ? -1 : other.isFixed() ? 1 : toString().compareTo(other.toString());
  }

  private String opaque() {
    return toString().replace('*', '·');
  }

  /// `7`, `N`, `2*H+1`.
  @Override
  public String toString() {
    if (isFixed()) return Long.toString(constantTerm());
    var text = new StringBuilder();
    terms.forEach((monomial, factor) -> {
      if (monomial.isEmpty()) return;
      if (factor >= 0 && !text.isEmpty()) text.append('+');
      if (factor == -1) text.append('-');
      else if (factor != 1) text.append(factor).append('*');
      text.append(monomial);
    });
    long constant = constantTerm();
    if (constant != 0) text.append(constant > 0 ? "+" : "").append(constant);
    return text.toString();
  }
}
