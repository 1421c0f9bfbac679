package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Puts time before the batch: runtimes do not take ONNX's `layout` 1.
final class OnnxRecurrentRules {
  private static final int LENGTHS = 4;
  private static final int FIRST_STATE = 5;
  private static final int PEEPHOLES = 7;

  private OnnxRecurrentRules() {}

  static List<Rule<?>> rules() {
    return List.of(new OnnxRule<>("PutTimeFirst", RecurrentOp.class, OnnxRecurrentRules::apply));
  }

  private static Outcome apply(RecurrentOp op, Match<RecurrentOp> match) {
    return op.batchFirst() ? timeFirst(op, match) : lengths(op, match);
  }

  /// Lengths are int32 in ONNX.
  private static Outcome lengths(RecurrentOp op, Match<RecurrentOp> match) {
    var lengths = match.input(LENGTHS);
    if (!lengths.isPresent() || lengths.dtype() == DataType.INT32) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(LENGTHS, to.cast(lengths, DataType.INT32));
    var made = to.builder().add(op, inputs, match.node().outputs().size(), List.of());
    return to.replace(made.outputs());
  }

  private static Outcome timeFirst(RecurrentOp op, Match<RecurrentOp> match) {
    var to = new OnnxCompose(match);
    var node = match.node();
    var inputs = new ArrayList<>(node.inputs());
    inputs.set(0, to.transpose(node.input(0), 1, 0, 2));
    for (int i = FIRST_STATE; i < Math.min(inputs.size(), PEEPHOLES); i++) {
      if (inputs.get(i).isPresent())
        inputs.set(i, to.transposeConstant(inputs.get(i), List.of(1, 0, 2)));
    }
    var made = to.builder().add(withTimeFirst(op), inputs, node.outputs().size(), List.of());
    var outputs = new ArrayList<Value>();
    for (int i = 0; i < made.outputs().size(); i++) {
      var output = made.output(i);
      outputs.add(i == 0 ? to.transpose(output, 2, 0, 1, 3) : to.transpose(output, 1, 0, 2));
    }
    return to.replace(outputs);
  }

  private static RecurrentOp withTimeFirst(RecurrentOp op) {
    return switch (op) {
      case Lstm l ->
          new Lstm(l.hidden(), l.direction(), false, l.activations(), l.clip(), l.coupled());
      case Gru g ->
          new Gru(
              g.hidden(), g.direction(), false, g.activations(), g.clip(), g.linearBeforeReset());
      case Rnn r -> new Rnn(r.hidden(), r.direction(), false, r.activations(), r.clip());
    };
  }
}
