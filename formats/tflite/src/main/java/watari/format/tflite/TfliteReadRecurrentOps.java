package watari.format.tflite;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.ActivationFunctionType;
import watari.format.tflite.schema.BidirectionalSequenceRNNOptions;
import watari.format.tflite.schema.RNNOptions;
import watari.format.tflite.schema.SVDFOptions;
import watari.format.tflite.schema.SequenceRNNOptions;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.FullyConnected;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Rnn;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks of one gate, and SVDF. Their states are variable tensors.
final class TfliteReadRecurrentOps {
  /// The longest sequence that is written out step by step.
  static final int MAX_STEPS = 256;

  private TfliteReadRecurrentOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BIDIRECTIONAL_SEQUENCE_RNN", TfliteReadRecurrentOps::bidirectionalRnn)
        .on("RNN", TfliteReadRecurrentOps::rnn)
        .on("SVDF", TfliteReadRecurrentOps::svdf)
        .on("UNIDIRECTIONAL_SEQUENCE_RNN", TfliteReadRecurrentOps::unidirectionalRnn);
  }

  // ---- what recurrent operators share

  /// The function of a gate, where the records have it.
  static Optional<Activation> function(int activation) {
    return switch (activation) {
      case ActivationFunctionType.NONE -> Optional.of(new Activation(Activation.Kind.AFFINE, 1, 0));
      case ActivationFunctionType.RELU -> Optional.of(Activation.of(Activation.Kind.RELU));
      case ActivationFunctionType.TANH -> Optional.of(Activation.of(Activation.Kind.TANH));
      default -> Optional.empty();
    };
  }

  /// Several parts one below the other, as weights of one direction.
  static Value stacked(TfliteNode node, List<Value> parts) {
    var joined = parts.size() == 1 ? parts.get(0) : node.builder().add(new Concat(0), parts);
    return node.add(new Unsqueeze(), joined, node.vector(0));
  }

  static Value zeros(TfliteNode node, long... dims) {
    return node.constant(TensorData.filled(TensorData.scalar(0f), Shape.of(dims)));
  }

  /// A matrix of states of one direction, as records take it.
  static Value direction(TfliteNode node, Value state, boolean batchFirst) {
    return node.add(new Unsqueeze(), state, node.vector(batchFirst ? 1 : 0));
  }

  /// Writes a state input's new value.
  static void keep(TfliteNode node, int input, Value value) {
    int tensor = node.inputTensor(input);
    boolean isKept =
        tensor >= 0 && node.scope().tensors().isVariable(tensor) && node.scope().isState(tensor);
    if (!isKept) return;
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

  /// All hidden states of one direction and the last one of a record's outputs.
  static Value allStates(TfliteNode node, Node record, boolean batchFirst) {
    return node.add(new Squeeze(), record.output(0), node.vector(batchFirst ? 2 : 1));
  }

  static Value lastState(TfliteNode node, Value last, boolean batchFirst) {
    return node.add(new Squeeze(), last, node.vector(batchFirst ? 1 : 0));
  }

  /// The steps of a sequence, computed one after the other and stacked again.
  ///
  /// @param step gives the output for a slice of the input
  static Value steps(
      TfliteNode node, Value x, boolean timeMajor, boolean reverse, IntFunction<Value> step) {
    int axis = timeMajor ? 0 : 1;
    int count = stepCount(x, axis);
    var outputs = new Value[count];
    for (int i = 0; i < count; i++) {
      int time = reverse ? count - 1 - i : i;
      outputs[time] = node.add(new Unsqueeze(), step.apply(time), node.vector(axis));
    }
    return count == 1 ? outputs[0] : node.builder().add(new Concat(axis), List.of(outputs));
  }

  private static int stepCount(Value x, int axis) {
    var time = x.shape().dim(axis);
    boolean fits = time.isFixed() && time.fixed() > 0 && time.fixed() <= MAX_STEPS;
    if (fits) return (int) time.fixed();
    throw Unreadable.dynamic(
        "it has %s steps of a kind that is written out, for 1 to %d".formatted(time, MAX_STEPS));
  }

  static Value at(TfliteNode node, Value x, int time, boolean timeMajor) {
    return node.add(new Gather(timeMajor ? 0 : 1, 0), x, node.builder().scalar((long) time));
  }

  /// Joins the outputs of two directions, or gives each its own.
  static void emitDirections(TfliteNode node, boolean merge, Value forward, Value backward) {
    if (merge) {
      node.emit(new Concat(-1), forward, backward);
      return;
    }
    node.emit(0, new Identity(), List.of(forward));
    node.emit(1, new Identity(), List.of(backward));
  }

  // ---- one gate

  private static Value rnnStep(TfliteNode node, int first, Value x, Value hidden, int activation) {
    var bias = TfliteReadConvOps.bias(node, first + 2, x, node.in(first));
    var fromInput = node.add(new FullyConnected(), x, node.in(first), bias);
    var fromState = node.add(new FullyConnected(), hidden, node.in(first + 1));
    var sum = node.add(new Binary(Binary.Kind.ADD), fromInput, fromState);
    return node.activated(activation, sum);
  }

  private static void rnn(TfliteNode node) {
    int activation = node.options(new RNNOptions()).fusedActivationFunction();
    var hidden = rnnStep(node, 1, node.in(0), node.in(4), activation);
    node.emit(new Identity(), hidden);
    keep(node, 4, hidden);
  }

  private static void unidirectionalRnn(TfliteNode node) {
    var options = node.options(new SequenceRNNOptions());
    int activation = options.fusedActivationFunction();
    var all = sequence(node, node.in(0), 1, options.timeMajor(), activation, false);
    node.emit(new Identity(), all);
  }

  /// @param first input index of the weights; the recurrent ones, the bias and the state follow
  private static Value sequence(
      TfliteNode node, Value x, int first, boolean timeMajor, int activation, boolean reverse) {
    var function = function(activation);
    if (function.isEmpty()) {
      var hidden = new Value[] {node.in(first + 3)};
      var all =
          steps(
              node,
              x,
              timeMajor,
              reverse,
              time -> {
                hidden[0] =
                    rnnStep(node, first, at(node, x, time, timeMajor), hidden[0], activation);
                return hidden[0];
              });
      keep(node, first + 3, hidden[0]);
      return all;
    }
    int units = Math.toIntExact(node.fixedDims(first)[0]);
    var bias = TfliteReadConvOps.bias(node, first + 2, x, node.in(first));
    var inputs =
        List.of(
            x,
            stacked(node, List.of(node.in(first))),
            stacked(node, List.of(node.in(first + 1))),
            bias.isPresent() ? stacked(node, List.of(bias, zeros(node, units))) : Value.ABSENT,
            Value.ABSENT,
            direction(node, node.in(first + 3), !timeMajor));
    var direction = reverse ? Direction.REVERSE : Direction.FORWARD;
    var op =
        new Rnn(units, direction, !timeMajor, List.of(function.get()), Float.POSITIVE_INFINITY);
    var made = node.addAll(op, inputs, 2);
    keep(node, first + 3, lastState(node, made.output(1), !timeMajor));
    return allStates(node, made, !timeMajor);
  }

  /// A further input without weights of its own is what the backward direction reads.
  private static void bidirectionalRnn(TfliteNode node) {
    var options = node.options(new BidirectionalSequenceRNNOptions());
    if (node.has(10) || node.has(11)) {
      throw Unreadable.operator("it has weights for a second input", "use one input");
    }
    int activation = options.fusedActivationFunction();
    var backwardInput = node.has(9) ? node.in(9) : node.in(0);
    var forward = sequence(node, node.in(0), 1, options.timeMajor(), activation, false);
    var backward = sequence(node, backwardInput, 5, options.timeMajor(), activation, true);
    emitDirections(node, options.mergeOutputs(), forward, backward);
  }

  // ---- SVDF

  /// Keeps the last values of each filter, the newest behind, and weighs them by age; the filters
  /// of a unit are added up.
  private static void svdf(TfliteNode node) {
    var options = node.options(new SVDFOptions());
    int rank = options.rank();
    var weights = node.fixedDims(2);
    long filters = weights[0];
    long memory = weights[1];
    if (rank < 1 || filters % rank != 0) {
      throw Unreadable.broken("it has %d filters of rank '%d'".formatted(filters, rank));
    }
    var state = node.reshaped(node.in(4), -1, filters, memory);
    var older = node.move(new Slice(), state, node.vector(1), node.vector(memory), node.vector(2));
    var feature = node.add(new FullyConnected(), node.in(0), node.in(1));
    if (state.type().isQuantized()) feature.setType(state.type().with(feature.shape()));
    var newest = node.move(new Unsqueeze(), feature, node.vector(2));
    var kept = node.move(new Concat(2), older, newest);
    var weighed = node.add(new Binary(Binary.Kind.MUL), kept, node.in(2));
    var each = node.add(new Reduce(Reduce.Kind.SUM, false), weighed, node.vector(2));
    var units = node.reshaped(each, -1, filters / rank, rank);
    var sum = node.add(new Reduce(Reduce.Kind.SUM, false), units, node.vector(2));
    var bias = TfliteReadConvOps.bias(node, 3, state, node.in(2));
    if (bias.isPresent()) sum = node.add(new Binary(Binary.Kind.ADD), sum, bias);
    int activation = options.fusedActivationFunction();
    node.emit(TfliteNode.activation(activation), sum);
    keep(node, 4, kept);
  }
}
