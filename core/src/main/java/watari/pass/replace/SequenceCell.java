package watari.pass.replace;

import java.util.List;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.NormOp.LayerNorm;
import watari.op.Op;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;

/// One step of one direction of a recurrent network whose gates have operands of their own.
///
/// @param operands of the direction, in the operator's order
record SequenceCell(SequenceOp.Gated op, Formula f, List<Value> operands) {
  private static final float NORM_EPSILON = 1e-8f;

  /// The states after a step; the first is the output.
  List<Value> step(Value x, List<Value> states) {
    return switch (op) {
      case SequenceLstm lstm -> lstm(lstm, x, states.get(0), states.get(1));
      case SequenceRnn _ -> List.of(rnn(x, states.get(0)));
    };
  }

  private boolean has(int operand) {
    return operands.get(operand).isPresent();
  }

  private Value rnn(Value x, Value hidden) {
    var weights = operands.get(SequenceRnn.WEIGHTS);
    var fromInput = f.op(new FullyConnected(), x, weights, operands.get(SequenceRnn.BIAS));
    return activated(f.add(fromInput, product(hidden, operands.get(SequenceRnn.RECURRENT))));
  }

  private List<Value> lstm(SequenceLstm lstm, Value x, Value hidden, Value cell) {
    var forget = sigmoid(gate(Gate.FORGET, x, hidden, cell));
    var input =
        has(Gate.INPUT.weights())
            ? sigmoid(gate(Gate.INPUT, x, hidden, cell))
            : f.sub(f.scalar(forget, 1), forget);
    var candidate = activated(gate(Gate.CELL, x, hidden, Value.ABSENT));
    var next = limited(f.add(f.mul(forget, cell), f.mul(input, candidate)), lstm.cellClip());
    var output = sigmoid(gate(Gate.OUTPUT, x, hidden, next));
    return List.of(projected(lstm, f.mul(output, activated(next))), next);
  }

  private Value gate(Gate gate, Value x, Value hidden, Value seen) {
    boolean isNormed = has(gate.norm());
    var bias = operands.get(gate.bias());
    var fromInput =
        f.op(new FullyConnected(), x, operands.get(gate.weights()), isNormed ? Value.ABSENT : bias);
    var sum = f.add(fromInput, product(hidden, operands.get(gate.recurrent())));
    if (seen.isPresent() && has(gate.peephole())) {
      sum = f.add(sum, f.mul(seen, operands.get(gate.peephole())));
    }
    if (!isNormed) return sum;
    return f.op(new LayerNorm(-1, NORM_EPSILON), sum, operands.get(gate.norm()), bias);
  }

  private Value projected(SequenceLstm lstm, Value value) {
    if (!has(SequenceLstm.PROJECTION)) return value;
    var weights = operands.get(SequenceLstm.PROJECTION);
    var bias = operands.get(SequenceLstm.PROJECTION + 1);
    return limited(f.op(new FullyConnected(), value, weights, bias), lstm.projectionClip());
  }

  private Value limited(Value value, float limit) {
    return limit > 0 ? f.op(new Clip(-limit, limit), value) : value;
  }

  private Value product(Value x, Value weights) {
    return f.op(new FullyConnected(), x, weights);
  }

  private Value sigmoid(Value value) {
    return f.unary(Unary.Kind.SIGMOID, value);
  }

  private Value activated(Value value) {
    Op function = op.activation();
    return function instanceof Identity ? value : f.op(function, value);
  }
}
