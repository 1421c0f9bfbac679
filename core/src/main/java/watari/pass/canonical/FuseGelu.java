package watari.pass.canonical;

import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `0.5 · x · (1 + erf(x / √2))` → `Gelu(x)`, and the same of its approximation `0.5 · x · (1 +
/// tanh(√(2/π) · (x + 0.044715 · x³)))`.
///
/// The factors may come in any order and grouping.
public final class FuseGelu implements Rule<Binary> {
  private static final double CUBIC = 0.044715;

  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    if (match.op().kind() != Binary.Kind.MUL) return leave("it does not multiply");
    var factors = Factors.of(match.output());
    if (factors.values().size() != 2) return leave("it is no product of two");
    for (int i = 0; i < 2; i++) {
      var x = factors.values().get(i);
      var gate = factors.values().get(1 - i);
      var inner = new Inner();
      inner.addAll(factors.nodes());
      var approximate = gate(x, gate, inner);
      if (approximate.isEmpty() || !factors.are(0.5, x, gate)) continue;
      if (!x.shape().equals(match.output().shape())) return leave("it broadcasts");
      if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
      return match.replaceWith(new Gelu(approximate.get()), x);
    }
    return leave("its gate is none of GELU");
  }

  /// Whether `gate` is `1 + tanh(…)`, or `1 + erf(…)`.
  private static Optional<Boolean> gate(Value x, Value gate, Inner inner) {
    var shifted = Affine.of(gate);
    if (!shifted.is(1, 1)) return Optional.empty();
    inner.addAll(shifted.nodes());
    var erf = inner.unary(shifted.source(), Unary.Kind.ERF);
    if (erf.isPresent()) {
      var argument = Factors.of(erf.get().input(0));
      inner.addAll(argument.nodes());
      return argument.are(Math.sqrt(0.5), x) ? Optional.of(false) : Optional.empty();
    }
    var tanh = inner.unary(shifted.source(), Unary.Kind.TANH);
    if (tanh.isEmpty() || !isCubic(x, tanh.get().input(0), inner)) return Optional.empty();
    return Optional.of(true);
  }

  /// `√(2/π) · (x + c · x³)` or `√(2/π) · x · (1 + c · x²)`.
  private static boolean isCubic(Value x, Value argument, Inner inner) {
    var factors = Factors.of(argument);
    inner.addAll(factors.nodes());
    double root = Math.sqrt(2 / Math.PI);
    for (var sum : List.copyOf(factors.values())) {
      if (factors.are(root, sum) && isSum(x, sum, inner)) return true;
      if (factors.are(root, x, sum) && isEvenPart(x, sum, inner)) return true;
    }
    return false;
  }

  private static boolean isSum(Value x, Value sum, Inner inner) {
    var add = inner.binary(sum, Binary.Kind.ADD);
    var cube = add.flatMap(node -> Inner.other(node, x));
    if (cube.isEmpty()) return false;
    var factors = Factors.of(cube.get());
    inner.addAll(factors.nodes());
    return factors.are(CUBIC, x, x, x);
  }

  private static boolean isEvenPart(Value x, Value sum, Inner inner) {
    var affine = Affine.of(sum);
    inner.addAll(affine.nodes());
    if (!Constants.isNear(affine.offset(), 1, x.dtype())) return false;
    var factors = Factors.of(affine.source());
    inner.addAll(factors.nodes());
    return factors.are(CUBIC / affine.factor(), x, x);
  }
}
