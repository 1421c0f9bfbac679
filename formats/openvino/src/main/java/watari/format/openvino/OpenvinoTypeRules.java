package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.Op;
import watari.pass.replace.Formula;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Brings operands to element types that IR and its runtime take.
final class OpenvinoTypeRules {
  private OpenvinoTypeRules() {}

  static List<Rule<?>> all() {
    return List.of(new WideIndices());
  }

  /// Indices are int32 or int64.
  private static final class WideIndices implements Rule<Op> {
    @Override
    public String name() {
      return "WidenIndices";
    }

    @Override
    public Class<Op> root() {
      return Op.class;
    }

    @Override
    public Outcome apply(Match<Op> match) {
      var node = match.node();
      int index = index(node);
      if (index < 0 || !node.input(index).isPresent() || isWide(node.input(index))) {
        return left("its indices are wide enough");
      }
      var f = new Formula(match);
      var inputs = new ArrayList<Value>(node.inputs());
      inputs.set(index, f.cast(node.input(index), DataType.INT64));
      return match.replaceWith(node.op(), inputs.toArray(Value[]::new));
    }

    private static boolean isWide(Value indices) {
      return indices.dtype() == DataType.INT32 || indices.dtype() == DataType.INT64;
    }

    private static int index(Node node) {
      return switch (node.op()) {
        case Gather _, GatherElements _, GatherNd _, ScatterElements _, ScatterNd _ -> 1;
        case NonMaxSuppression _ -> 2;
        default -> -1;
      };
    }
  }
}
