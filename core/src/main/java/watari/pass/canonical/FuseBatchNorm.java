package watari.pass.canonical;

import java.util.Optional;
import watari.op.NormOp.BatchNorm;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.TensorData;

/// `BatchNorm(Conv(x, w, b))` → `Conv(x, w', b')`, and the same of ConvTranspose and
/// FullyConnected.
///
/// Holds where weights and statistics are constants, stored as floats.
public final class FuseBatchNorm implements Rule<BatchNorm> {
  @Override
  public Class<BatchNorm> root() {
    return BatchNorm.class;
  }

  @Override
  public Outcome apply(Match<BatchNorm> match) {
    var from = Weighted.behind(match, 0);
    if (from.isEmpty()) return leave("input 0 is no product with constant weights of its own");
    int rank = from.get().shape().rank();
    int axis = rank < 3 ? rank - 1 : match.op().layout().channelAxis(rank);
    if (axis != from.get().channelAxis()) return leave("it normalises another axis");
    var scale = vector(match, 1);
    var bias = vector(match, 2);
    var mean = vector(match, 3);
    var variance = vector(match, 4);
    if (scale.isEmpty() || bias.isEmpty() || mean.isEmpty() || variance.isEmpty()) {
      return leave("its statistics are not constant");
    }
    int channels = Math.toIntExact(scale.get().size());
    var factors = new double[channels];
    var shifts = new double[channels];
    for (int c = 0; c < channels; c++) {
      double deviation = Math.sqrt(variance.get().doubleAt(c) + match.op().epsilon());
      factors[c] = scale.get().doubleAt(c) / deviation;
      shifts[c] = bias.get().doubleAt(c) - mean.get().doubleAt(c) * factors[c];
    }
    return from.get().replaceBy(match, factors, shifts);
  }

  private static Optional<TensorData> vector(Match<BatchNorm> match, int i) {
    return match.constant(i).filter(data -> data.shape().rank() == 1);
  }
}
