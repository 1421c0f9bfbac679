package watari.pass.canonical;

import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.NormOp.LayerNorm;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// `(x - mean(x)) / sqrt(mean((x - mean(x))²) + epsilon)` over the last axes → `LayerNorm(x)` with
/// scale 1.
///
/// The normalised dims must be known.
public final class FuseLayerNorm implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    var inner = new Inner();
    var moments = new Moments(inner, match.inference());
    var quotient = moments.quotient(match.node());
    if (quotient.isEmpty()) return leave("it does not divide by a root");
    var variance = moments.mean(quotient.get().root().of());
    if (variance.isEmpty()) return leave("the root is not of a mean over the last axes");
    var centred = inner.binary(quotient.get().dividend(), Binary.Kind.SUB);
    if (centred.isEmpty()) return leave("it does not divide a difference");
    var x = centred.get().input(0);
    var mean = moments.mean(centred.get().input(1));
    int axis = variance.get().firstAxis();
    if (mean.isEmpty() || mean.get().of() != x || mean.get().firstAxis() != axis) {
      return leave("it does not subtract the mean over the same axes");
    }
    if (!isVarianceOf(
        variance.get().of(), centred.get().output(), x, centred.get().input(1), moments)) {
      return leave("the mean is not of the squared difference");
    }
    if (x.type().isQuantized()) return leave("it works on quantized values");
    var scale = ones(x, axis);
    if (scale.isEmpty()) return leave("a normalised dim is not known");
    if (!inner.isClosed(match)) return leave("a value inside is used elsewhere");
    var builder = match.build();
    var norm = new LayerNorm(axis, (float) quotient.get().root().epsilon());
    var value = builder.add(norm, x, builder.constant(scale.get()));
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  /// Whether a value is `(x - mean)²`.
  private static boolean isVarianceOf(
      Value square, Value centred, Value x, Value mean, Moments moments) {
    var difference = moments.inner().binary(square, Binary.Kind.SQUARED_DIFFERENCE);
    if (difference.isPresent()) {
      return Inner.other(difference.get(), x).filter(other -> other == mean).isPresent();
    }
    return moments.squared(square).filter(of -> of == centred).isPresent();
  }

  /// Ones in the shape of the axes from `axis` on.
  static Optional<TensorData> ones(Value x, int axis) {
    var shape = x.shape().slice(axis, x.shape().rank());
    if (!shape.isFixed()) return Optional.empty();
    var one = TensorData.ofDoubles(x.dtype(), Shape.SCALAR, 1);
    return Optional.of(one.expanded(shape));
  }
}
