package watari.format.keras;

import java.util.ArrayList;
import watari.graph.Value;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.QuantizeOp;
import watari.op.ShapeOp;
import watari.pass.replace.Formula;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Arithmetic on bfloat16 → the same on float32, rounded once: TensorFlow's kernels round in
/// between.
final class KerasComputeType implements Rule<Op> {
  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    var node = match.node();
    boolean applies =
        node.inputs().stream().anyMatch(x -> x.isPresent() && x.dtype() == DataType.BFLOAT16)
            && node.outputs().size() == 1
            && node.bodies().isEmpty()
            && !keepsType(match.op());
    if (!applies) return leave("it does not compute on bfloat16");
    if (match.output().type().isQuantized()) return leave("its result is stored");
    var f = new Formula(match);
    var inputs = new ArrayList<Value>();
    for (var x : node.inputs()) {
      boolean isSmall = x.isPresent() && x.dtype() == DataType.BFLOAT16;
      inputs.add(isSmall ? f.cast(x, DataType.FLOAT32) : x);
    }
    var made = f.builder().add(match.op(), inputs);
    boolean rounds = match.output().dtype() == DataType.BFLOAT16;
    return match.replaceWith(rounds ? f.cast(made, DataType.BFLOAT16) : made);
  }

  private static boolean keepsType(Op op) {
    return switch (op) {
      case ShapeOp _, IndexOp _, QuantizeOp _, Cast _, Bitcast _, Identity _ -> true;
      // They are refused: their steps are rounded.
      case Softmax _, LogSoftmax _ -> true;
      default -> false;
    };
  }
}
