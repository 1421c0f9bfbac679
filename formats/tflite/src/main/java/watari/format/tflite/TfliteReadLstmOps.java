package watari.format.tflite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.BidirectionalSequenceLSTMOptions;
import watari.format.tflite.schema.LSTMKernelType;
import watari.format.tflite.schema.LSTMOptions;
import watari.format.tflite.schema.UnidirectionalSequenceLSTMOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.Op;
import watari.op.RecurrentOp.Direction;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Split;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Long short-term memories. The record has their operands in their own order, the states of both
/// directions apart, which TFLite has behind all weights.
final class TfliteReadLstmOps {
  /// Weights, recurrent ones, peepholes, biases and projection of one direction.
  private static final int WEIGHTS = 17;

  /// The coefficients of the forget gate's normalization.
  private static final int FORGET_NORM = 21;

  /// Both directions' weights and states, then what the backward one reads.
  private static final int BACKWARD_INPUT = 39;

  private TfliteReadLstmOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BIDIRECTIONAL_SEQUENCE_LSTM", TfliteReadLstmOps::bidirectional)
        .on("LSTM", TfliteReadLstmOps::lstm)
        .on("UNIDIRECTIONAL_SEQUENCE_LSTM", TfliteReadLstmOps::unidirectional);
  }

  private static void lstm(TfliteNode node) {
    var options = node.options(new LSTMOptions());
    if (options.kernelType() == LSTMKernelType.BASIC) {
      basic(node);
      return;
    }
    forward(
        node,
        new SequenceLstm(
            Direction.FORWARD,
            false,
            activation(node, options.fusedActivationFunction()),
            options.cellClip(),
            options.projClip(),
            false,
            options.asymmetricQuantizeInputs(),
            intermediates(node)));
  }

  private static void unidirectional(TfliteNode node) {
    var options = node.options(new UnidirectionalSequenceLSTMOptions());
    if (options.diagonalRecurrentTensors()) {
      throw Unreadable.operator(
          "its recurrent weights are diagonals", "export it with whole matrices");
    }
    forward(
        node,
        new SequenceLstm(
            Direction.FORWARD,
            !options.timeMajor(),
            activation(node, options.fusedActivationFunction()),
            options.cellClip(),
            options.projClip(),
            false,
            options.asymmetricQuantizeInputs(),
            intermediates(node)));
  }

  /// Kernels of whole numbers know one activation.
  private static Op activation(TfliteNode node, int activation) {
    boolean isWhole = node.in(0).dtype() == DataType.INT8;
    return isWhole ? new Unary(Unary.Kind.TANH) : TfliteNode.activation(activation);
  }

  private static List<TensorType> intermediates(TfliteNode node) {
    var all = new ArrayList<TensorType>();
    for (int i = 0; i < node.operator().intermediatesLength(); i++) {
      all.add(node.scope().tensors().type(node.operator().intermediates(i)));
    }
    return all;
  }

  private static void forward(TfliteNode node, SequenceLstm op) {
    var inputs = new ArrayList<Value>();
    inputs.add(node.in(0));
    inputs.addAll(weights(node, 1, node.has(FORGET_NORM)));
    inputs.addAll(List.of(node.in(18), node.in(19)));
    for (int i = 20; i < 24; i++) inputs.add(node.optional(i));
    TfliteReadRecurrentOps.emit(node, op, inputs, List.of(18, 19));
  }

  /// A further input without weights of its own is what the backward direction reads.
  private static void bidirectional(TfliteNode node) {
    var options = node.options(new BidirectionalSequenceLSTMOptions());
    for (int i = BACKWARD_INPUT + 1; i < BACKWARD_INPUT + 9; i++) {
      if (node.has(i)) {
        throw Unreadable.operator("it has weights for a second input", "use one input");
      }
    }
    var op =
        new SequenceLstm(
            Direction.BIDIRECTIONAL,
            !options.timeMajor(),
            activation(node, options.fusedActivationFunction()),
            options.cellClip(),
            options.projClip(),
            options.mergeOutputs(),
            options.asymmetricQuantizeInputs(),
            intermediates(node));
    var inputs = new ArrayList<Value>();
    inputs.add(node.in(0));
    for (int d = 0; d < 2; d++) {
      inputs.addAll(weights(node, 1 + d * WEIGHTS, false));
      inputs.addAll(List.of(node.in(35 + 2 * d), node.in(36 + 2 * d)));
      inputs.addAll(Collections.nCopies(4, Value.ABSENT));
    }
    inputs.add(node.optional(BACKWARD_INPUT));
    TfliteReadRecurrentOps.emit(node, op, inputs, List.of(35, 36, 37, 38));
  }

  private static List<Value> weights(TfliteNode node, int first, boolean isNormed) {
    var all = new ArrayList<Value>();
    for (int i = 0; i < WEIGHTS; i++) all.add(node.optional(first + i));
    for (var gate : Gate.values()) {
      int bias = first + gate.bias();
      if (!node.has(bias) || !node.has(first + gate.weights())) continue;
      all.set(
          gate.bias(),
          isNormed
              ? TfliteReadConvOps.stated(node, bias)
              : TfliteReadConvOps.bias(node, bias, node.in(0), all.get(gate.weights())));
    }
    int projected = SequenceLstm.PROJECTION + 1;
    if (node.has(first + projected)) {
      all.set(projected, TfliteReadConvOps.stated(node, first + projected));
    }
    return all;
  }

  // ---- the basic kernel

  /// One product for all gates, in the order input, cell, forget, output.
  private static void basic(TfliteNode node) {
    var joined = node.add(new Concat(-1), node.in(0), node.in(1));
    var bias = TfliteReadConvOps.bias(node, 3, node.in(0), node.in(2));
    var all = node.add(new FullyConnected(), joined, node.in(2), bias);
    var gates = node.addAll(new Split(-1), List.of(all), 4);
    var input = node.add(new Unary(Unary.Kind.SIGMOID), gates.output(0));
    var candidate = node.add(new Unary(Unary.Kind.TANH), gates.output(1));
    var forget = node.add(new Unary(Unary.Kind.SIGMOID), gates.output(2));
    var output = node.add(new Unary(Unary.Kind.SIGMOID), gates.output(3));
    var mul = new Binary(Binary.Kind.MUL);
    var cell =
        node.add(
            new Binary(Binary.Kind.ADD),
            node.add(mul, input, candidate),
            node.add(mul, forget, node.in(4)));
    var hidden = node.add(mul, output, node.add(new Unary(Unary.Kind.TANH), cell));
    node.emit(0, new Identity(), List.of(hidden));
    if (node.outputCount() > 1) node.emit(1, new Identity(), List.of(cell));
    if (node.outputCount() > 2) node.emit(2, new Identity(), List.of(joined));
    if (node.outputCount() > 3) node.emit(3, new Identity(), List.of(all));
    TfliteReadRecurrentOps.keep(node, 1, hidden);
    TfliteReadRecurrentOps.keep(node, 4, cell);
  }
}
