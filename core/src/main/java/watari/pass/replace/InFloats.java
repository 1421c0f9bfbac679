package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Puts an operator with quantized operands or results between conversions: it then computes on
/// float32.
public final class InFloats {
  private InFloats() {}

  /// Whether an operand or a result of the node is quantized.
  public static boolean isQuantized(Node node) {
    return node.inputs().stream().anyMatch(v -> v.isPresent() && v.type().isQuantized())
        || node.outputs().stream().anyMatch(v -> v.isPresent() && v.type().isQuantized());
  }

  public static Outcome replace(Match<?> match) {
    var node = match.node();
    var builder = match.build();
    var inputs = new ArrayList<Value>();
    for (var input : node.inputs()) {
      inputs.add(input.isPresent() && input.type().isQuantized() ? real(input, match) : input);
    }
    var names = Collections.nCopies(node.outputs().size(), node.output(0).name());
    var made = builder.add(node.op(), inputs, names, node.bodies());
    var results = new ArrayList<Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      var old = node.output(i);
      var value = made.output(i);
      if (!old.isPresent() || !old.type().isQuantized()) {
        results.add(value);
        continue;
      }
      var stored = match.build().add(new Convert(old.dtype()), value);
      stored.setType(new TensorType(old.dtype(), stored.shape(), old.type().quantization()));
      results.add(stored);
    }
    return new Outcome.Replaced(results);
  }

  private static Value real(Value value, Match<?> match) {
    return match.build().add(new Convert(DataType.FLOAT32), value);
  }
}
