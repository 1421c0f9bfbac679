package watari.pass.canonical;

import java.util.List;
import java.util.Optional;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `MatMul(x, W)` → `FullyConnected(x, Wᵀ)` for a constant matrix `W`, however it is stored.
public final class ReplaceMatMulByFullyConnected implements Rule<MatMul> {
  private static final List<Integer> SWAP = List.of(1, 0);

  @Override
  public Class<MatMul> root() {
    return MatMul.class;
  }

  @Override
  public Outcome apply(Match<MatMul> match) {
    var x = match.input(0);
    var weights = match.input(1);
    if (match.op().transposeA()) return leave("operand 0 is transposed");
    if (!weights.shape().hasRank(2)) return leave("operand 1 is no matrix");
    if (!x.shape().isRanked()) return leave("the rank of operand 0 is not known");
    if (!x.dtype().isFloat() && !x.type().isQuantized()) return leave("it multiplies integers");
    var builder = match.build();
    var turned =
        match.op().transposeB() && stored(weights).isPresent()
            ? Optional.of(weights)
            : transposed(weights, builder);
    if (turned.isEmpty()) return leave("operand 1 is not constant");
    var value = builder.add(new FullyConnected(), x, turned.get());
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  /// The constant itself, or the one that a single node decodes.
  private static Optional<Value> stored(Value value) {
    if (value.isConstant()) return Optional.of(value);
    return value
        .producer()
        .filter(node -> node.op() instanceof Cast || node.op() instanceof Convert)
        .map(node -> node.input(0))
        .filter(Value::isConstant);
  }

  private static Optional<Value> transposed(Value weights, GraphBuilder builder) {
    return stored(weights)
        .map(source -> {
          var type = source.type();
          var swapped =
              builder.constant(
                  source.name(),
                  source.constant().orElseThrow().transposed(SWAP),
                  type.quantization().transposed(SWAP));
          return weights.isConstant()
              ? swapped
              : builder.add(weights.producer().orElseThrow().op(), swapped);
        });
  }
}
