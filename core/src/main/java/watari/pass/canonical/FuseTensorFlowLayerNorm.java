package watari.pass.canonical;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.NormOp.LayerNorm;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `x · m + (bias - mean(x) · m)` with `m = scale / sqrt(mean((x - mean(x))²) + epsilon)` →
/// `LayerNorm(x, scale, bias)`: how TensorFlow writes it.
public final class FuseTensorFlowLayerNorm implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    if (match.op().kind() != Binary.Kind.ADD) return leave("it does not add");
    for (int i = 0; i < 2; i++) {
      var inner = new Inner();
      var product = inner.binary(match.input(i), Binary.Kind.MUL);
      var shift = inner.binary(match.input(1 - i), Binary.Kind.SUB);
      if (product.isEmpty() || shift.isEmpty()) continue;
      var outcome = fuse(match, product.get(), shift.get(), inner);
      if (outcome.isPresent()) return outcome.get();
    }
    return leave("it does not add a shifted mean to a product");
  }

  private Optional<Outcome> fuse(Match<Binary> match, Node product, Node shift, Inner inner) {
    var bias = shift.input(0);
    var meanProduct = inner.binary(shift.input(1), Binary.Kind.MUL);
    if (meanProduct.isEmpty() || !bias.isConstant()) return Optional.empty();
    for (int i = 0; i < 2; i++) {
      var x = product.input(i);
      var factor = product.input(1 - i);
      var mean = Inner.other(meanProduct.get(), factor);
      if (mean.isEmpty()) continue;
      var moments = new Moments(inner, match.inference());
      var meanOf = moments.mean(mean.get());
      if (meanOf.isEmpty() || meanOf.get().of() != x) continue;
      int axis = meanOf.get().firstAxis();
      return Optional.of(norm(match, x, mean.get(), factor, bias, axis, moments));
    }
    return Optional.empty();
  }

  private Outcome norm(
      Match<Binary> match,
      Value x,
      Value mean,
      Value factor,
      Value bias,
      int axis,
      Moments moments) {
    var scale = Optional.<Value>empty();
    var root = moments.inverseRoot(factor);
    if (root.isEmpty()) {
      var scaled = moments.inner().binary(factor, Binary.Kind.MUL);
      for (int i = 0; i < 2 && scaled.isPresent() && root.isEmpty(); i++) {
        scale = Optional.of(scaled.get().input(1 - i));
        root = moments.inverseRoot(scaled.get().input(i));
      }
    }
    if (root.isEmpty()) return leave("the factor is no inverse root");
    var variance = moments.mean(root.get().of()).filter(v -> v.firstAxis() == axis);
    var difference =
        variance.flatMap(v -> moments.inner().binary(v.of(), Binary.Kind.SQUARED_DIFFERENCE));
    boolean ofX =
        difference.flatMap(node -> Inner.other(node, x)).filter(o -> o == mean).isPresent();
    if (!ofX) return leave("the root is not of the variance");
    if (x.type().isQuantized()) return leave("it works on quantized values");
    var ones = FuseLayerNorm.ones(x, axis);
    if (ones.isEmpty()) return leave("a normalised dim is not known");
    int rank = x.shape().rank() - axis;
    boolean fits =
        isTrailing(bias, rank)
            && scale.map(s -> s.isConstant() && isTrailing(s, rank)).orElse(true);
    if (!fits) return leave("scale or bias reach beyond the normalised axes");
    if (!moments.inner().isClosed(match)) return leave("a value inside is used elsewhere");
    var builder = match.build();
    var inputs = new ArrayList<Value>(List.of(x));
    inputs.add(scale.orElseGet(() -> builder.constant(ones.get())));
    inputs.add(bias);
    var value = builder.add(new LayerNorm(axis, (float) root.get().epsilon()), inputs);
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  private static boolean isTrailing(Value value, int rank) {
    return value.shape().isRanked() && value.shape().rank() <= rank && value.dtype().isFloat();
  }
}
