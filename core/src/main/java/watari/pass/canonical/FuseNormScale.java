package watari.pass.canonical;

import java.util.ArrayList;
import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.RmsNorm;
import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// `LayerNorm(x, 1) · scale` → `LayerNorm(x, scale)`, `LayerNorm(x, s) + bias` → `LayerNorm(x, s,
/// bias)`; the former also of RmsNorm.
///
/// Holds for constants that reach over the normalised axes only.
public final class FuseNormScale implements Rule<Binary> {
  @Override
  public Class<Binary> root() {
    return Binary.class;
  }

  @Override
  public Outcome apply(Match<Binary> match) {
    boolean scales = match.op().kind() == Binary.Kind.MUL;
    if (!scales && match.op().kind() != Binary.Kind.ADD) return leave("it neither scales nor adds");
    for (int i = 0; i < 2; i++) {
      var norm = match.soleProducer(i, Op.class).filter(node -> takes(node, scales));
      if (norm.isEmpty()) continue;
      var constant = trailing(match.input(1 - i), norm.get());
      if (constant.isEmpty()) return leave("the constant reaches beyond the normalised axes");
      if (norm.get().output().type().isQuantized()) return leave("the norm is rounded");
      match.absorb(norm.get());
      var builder = match.build();
      var added = builder.constant(match.input(1 - i).name(), constant.get());
      var inputs = new ArrayList<Value>(norm.get().inputs());
      if (scales) inputs.set(1, added);
      else if (inputs.size() > 2) inputs.set(2, added);
      else inputs.add(added);
      var value = builder.add(norm.get().op(), inputs);
      Match.carryQuantization(value, match.output().type());
      return match.replaceWith(value);
    }
    return leave("no operand is a norm that could take it");
  }

  private static boolean takes(Node node, boolean scales) {
    return switch (node.op()) {
      case LayerNorm _ ->
          !node.input(2).isPresent() && (!scales || Constants.isScalar(node.input(1), 1));
      case RmsNorm _ -> scales && Constants.isScalar(node.input(1), 1);
      default -> false;
    };
  }

  /// The constant in the shape of the normalised axes, where it reaches over these only.
  private static Optional<TensorData> trailing(Value value, Node norm) {
    if (!value.isConstant() || !value.dtype().isFloat()) return Optional.empty();
    var shape = norm.input(0).shape();
    int axis =
        switch (norm.op()) {
          case LayerNorm(int at, _) -> at;
          case RmsNorm(int at, _) -> at;
          default -> shape.rank();
        };
    var normalised = shape.slice(axis < 0 ? axis + shape.rank() : axis, shape.rank());
    var data = value.constant().orElseThrow();
    int outer = data.shape().rank() - normalised.rank();
    for (int i = 0; i < outer; i++) if (!data.shape().dim(i).is(1)) return Optional.empty();
    if (data.shape().rank() > shape.rank()) return Optional.empty();
    Shape own = outer > 0 ? data.shape().slice(outer, data.shape().rank()) : data.shape();
    for (int i = 1; i <= own.rank(); i++) {
      boolean fits = own.dim(-i).is(1) || own.dim(-i).equals(normalised.dim(-i));
      if (!fits) return Optional.empty();
    }
    if (!normalised.isFixed()) return Optional.empty();
    return Optional.of(data.reshaped(own).expanded(normalised));
  }
}
