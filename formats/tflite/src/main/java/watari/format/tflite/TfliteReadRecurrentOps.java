package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.BidirectionalSequenceRNNOptions;
import watari.format.tflite.schema.RNNOptions;
import watari.format.tflite.schema.SVDFOptions;
import watari.format.tflite.schema.SequenceRNNOptions;
import watari.graph.Value;
import watari.op.RecurrentOp.Direction;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceRnn;
import watari.op.SequenceOp.Svdf;
import watari.tensor.TensorType;

/// Recurrent networks of one gate, and SVDF. Their states are variable tensors.
final class TfliteReadRecurrentOps {
  private TfliteReadRecurrentOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BIDIRECTIONAL_SEQUENCE_RNN", TfliteReadRecurrentOps::bidirectionalRnn)
        .on("RNN", TfliteReadRecurrentOps::rnn)
        .on("SVDF", TfliteReadRecurrentOps::svdf)
        .on("UNIDIRECTIONAL_SEQUENCE_RNN", TfliteReadRecurrentOps::unidirectionalRnn);
  }

  // ---- what recurrent operators share

  /// Makes an operator's outputs, and keeps its states.
  ///
  /// @param states the file's inputs for the states, in the order of the record's outputs
  static void emit(TfliteNode node, SequenceOp op, List<Value> inputs, List<Integer> states) {
    var outputs = new ArrayList<Integer>();
    for (int i = 0; i < op.sequences(); i++) outputs.add(i);
    for (int i = 0; i < states.size(); i++) outputs.add(-1);
    var made = node.emit(outputs, op, inputs, List.of());
    for (int i = 0; i < states.size(); i++) {
      int operand = op.first(i / op.stateCount()) + op.firstState() + i % op.stateCount();
      var last = made.get(op.sequences() + i);
      last.setType(inputs.get(operand).type());
      keep(node, states.get(i), last);
    }
  }

  /// Writes a state input's new value.
  static void keep(TfliteNode node, int input, Value value) {
    int tensor = node.inputTensor(input);
    if (tensor < 0 || !node.scope().tensors().isVariable(tensor)) return;
    if (!node.scope().isState(tensor)) {
      node.scope().define(tensor, value);
      return;
    }
    var state = node.scope().state(tensor);
    var dims = state.type().shape().fixedDims();
    var shaped = value.shape().equals(state.type().shape()) ? value : node.reshaped(value, dims);
    var stored = shaped.type().equals(state.type()) ? shaped : stored(node, shaped, state.type());
    node.builder()
        .add(
            new watari.op.ControlOp.WriteState(state.name()),
            List.of(stored),
            List.of(),
            List.of());
  }

  private static Value stored(TfliteNode node, Value value, TensorType type) {
    if (!type.isQuantized()) return value;
    return node.builder()
        .addQuantized(
            new watari.op.QuantizeOp.Convert(type.dtype()),
            type.dtype(),
            type.quantization(),
            value);
  }

  // ---- one gate

  private static void rnn(TfliteNode node) {
    var options = node.options(new RNNOptions());
    sequence(
        node,
        new SequenceRnn(
            Direction.FORWARD,
            false,
            TfliteNode.activation(options.fusedActivationFunction()),
            false,
            options.asymmetricQuantizeInputs()));
  }

  private static void unidirectionalRnn(TfliteNode node) {
    var options = node.options(new SequenceRNNOptions());
    sequence(
        node,
        new SequenceRnn(
            Direction.FORWARD,
            !options.timeMajor(),
            TfliteNode.activation(options.fusedActivationFunction()),
            false,
            options.asymmetricQuantizeInputs()));
  }

  /// A further input without weights of its own is what the backward direction reads.
  private static void bidirectionalRnn(TfliteNode node) {
    var options = node.options(new BidirectionalSequenceRNNOptions());
    if (node.has(10) || node.has(11)) {
      throw Unreadable.operator("it has weights for a second input", "use one input");
    }
    sequence(
        node,
        new SequenceRnn(
            Direction.BIDIRECTIONAL,
            !options.timeMajor(),
            TfliteNode.activation(options.fusedActivationFunction()),
            options.mergeOutputs(),
            options.asymmetricQuantizeInputs()));
  }

  private static void sequence(TfliteNode node, SequenceRnn op) {
    var inputs = new ArrayList<Value>();
    inputs.add(node.in(0));
    var states = new ArrayList<Integer>();
    for (int d = 0; d < op.direction().count(); d++) {
      int first = op.first(d);
      var weights = node.in(first);
      inputs.addAll(List.of(weights, node.in(first + SequenceRnn.RECURRENT)));
      inputs.add(TfliteReadConvOps.bias(node, first + SequenceRnn.BIAS, node.in(0), weights));
      inputs.add(node.in(first + SequenceRnn.HIDDEN));
      states.add(first + SequenceRnn.HIDDEN);
    }
    if (op.direction() == Direction.BIDIRECTIONAL) inputs.add(node.optional(op.backwardInput()));
    emit(node, op, inputs, states);
  }

  // ---- SVDF

  private static void svdf(TfliteNode node) {
    var options = node.options(new SVDFOptions());
    int rank = options.rank();
    long filters = node.fixedDims(2)[0];
    if (rank < 1 || filters % rank != 0) {
      throw Unreadable.broken("it has %d filters of rank '%d'".formatted(filters, rank));
    }
    var op =
        new Svdf(
            rank,
            TfliteNode.activation(options.fusedActivationFunction()),
            options.asymmetricQuantizeInputs());
    var state = node.in(4);
    var bias = TfliteReadConvOps.bias(node, 3, state, node.in(2));
    emit(node, op, List.of(node.in(0), node.in(1), node.in(2), bias, state), List.of(4));
  }
}
