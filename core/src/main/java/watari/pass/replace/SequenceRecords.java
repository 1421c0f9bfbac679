package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Stacks the operands of one direction as Lstm and Rnn have them.
///
/// Without an input gate that gate is one less the forget gate, `sigmoid(-z)`: its weights are
/// those of the forget gate with their signs turned.
///
/// @param operands of a SequenceLstm or SequenceRnn
record SequenceRecords(Formula f, List<Value> operands) {
  Node lstm(
      Value x, List<Value> states, Activation function, Direction direction, boolean batchFirst) {
    int units = Math.toIntExact(operands.get(Gate.FORGET.weights()).shape().dim(0).fixed());
    var inputs = new ArrayList<Value>();
    inputs.add(x);
    inputs.add(gates(Gate::weights));
    inputs.add(gates(Gate::recurrent));
    inputs.add(f.unsqueeze(f.concat(0, biases(units)), 0));
    inputs.add(Value.ABSENT);
    for (var state : states) inputs.add(f.unsqueeze(state, batchFirst ? 1 : 0));
    if (operands.get(Gate.FORGET.peephole()).isPresent()) inputs.add(peepholes());
    var record =
        new Lstm(
            units,
            direction,
            batchFirst,
            List.of(Activation.of(Activation.Kind.SIGMOID), function, function),
            Float.POSITIVE_INFINITY,
            false);
    return f.builder().add(record, inputs, 3, List.of());
  }

  Node rnn(
      Value x, List<Value> states, Activation function, Direction direction, boolean batchFirst) {
    var weights = operands.get(SequenceRnn.WEIGHTS);
    int units = Math.toIntExact(weights.shape().dim(0).fixed());
    var bias = operands.get(SequenceRnn.BIAS);
    var inputs =
        List.of(
            x,
            f.unsqueeze(weights, 0),
            f.unsqueeze(operands.get(SequenceRnn.RECURRENT), 0),
            bias.isPresent() ? f.unsqueeze(f.concat(0, bias, zeros(units)), 0) : bias,
            Value.ABSENT,
            f.unsqueeze(states.get(0), batchFirst ? 1 : 0));
    var record = new Rnn(units, direction, batchFirst, List.of(function), Float.POSITIVE_INFINITY);
    return f.builder().add(record, inputs, 2, List.of());
  }

  /// Operands of all gates in the record's order: input, output, forget, cell.
  private Value gates(ToIntFunction<Gate> at) {
    var all =
        Stream.of(Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CELL)
            .map(gate -> operand(gate, at))
            .toList();
    return f.unsqueeze(f.concat(0, all), 0);
  }

  private Value operand(Gate gate, ToIntFunction<Gate> at) {
    if (gate != Gate.INPUT || operands.get(Gate.INPUT.weights()).isPresent()) {
      return operands.get(at.applyAsInt(gate));
    }
    var forget = operands.get(at.applyAsInt(Gate.FORGET));
    return forget.isPresent() ? f.neg(forget) : forget;
  }

  private List<Value> biases(int units) {
    var all = new ArrayList<Value>();
    for (var gate : List.of(Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CELL)) {
      var bias = operand(gate, Gate::bias);
      all.add(bias.isPresent() ? bias : zeros(units));
    }
    all.add(zeros(4L * units));
    return all;
  }

  private Value peepholes() {
    var all =
        Stream.of(Gate.INPUT, Gate.OUTPUT, Gate.FORGET)
            .map(gate -> operand(gate, Gate::peephole))
            .toList();
    return f.unsqueeze(f.concat(0, all), 0);
  }

  private Value zeros(long units) {
    return f.constant(TensorData.filled(TensorData.scalar(DataType.FLOAT32, 0), Shape.of(units)));
  }
}
