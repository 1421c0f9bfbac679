package watari.format.tflite;

import java.util.function.Predicate;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.RecurrentOp.Direction;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;
import watari.op.SequenceOp.Svdf;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// What the kernels of recurrent operators take: floats, floats with weights of 8 bits ("hybrid"),
/// or whole numbers alone.
///
/// Source: LiteRT 2.3, tflite/kernels: lstm.cc, unidirectional_sequence_lstm.cc,
/// bidirectional_sequence_lstm.cc, basic_rnn.cc, unidirectional_sequence_rnn.cc,
/// bidirectional_sequence_rnn.cc.
final class TfliteSequenceTypes {
  private static final int OF_WHOLE_NUMBERS = 5;

  /// The variant of LSTM that rounds the products to 8 bits.
  private static final int OF_EIGHT_BITS = 12;

  private final SequenceOp op;
  private final Node node;

  private TfliteSequenceTypes(SequenceOp op, Node node) {
    this.op = op;
    this.node = node;
  }

  /// Whether the kernel is a hybrid one.
  ///
  /// @throws Refusal if no kernel takes the operands
  static boolean requireLstm(SequenceLstm op, Node node) {
    var types = new TfliteSequenceTypes(op, node);
    types.requireForm();
    types.requireGates();
    if (node.input(0).dtype() == DataType.INT8) {
      types.requireWhole(op);
      return false;
    }
    return types.requireFloats(op.recurrent(), TfliteSequenceTypes::isLstmWeight);
  }

  /// @throws Refusal if no kernel takes the operands
  static boolean requireRnn(SequenceRnn op, Node node) {
    var types = new TfliteSequenceTypes(op, node);
    types.requireForm();
    for (int d = 0; d < op.direction().count(); d++) {
      types.require(types.operand(d, SequenceRnn.BIAS).isPresent(), "it has no bias");
    }
    return types.requireFloats(
        op.recurrent(), i -> i == SequenceRnn.WEIGHTS || i == SequenceRnn.RECURRENT);
  }

  /// @throws Refusal if no kernel takes the operands
  static boolean requireSvdf(Svdf op, Node node) {
    var types = new TfliteSequenceTypes(op, node);
    types.requireForm();
    if (node.input(0).dtype() == DataType.INT8) {
      types.requireWhole(op);
      return false;
    }
    return types.requireFloats(Svdf.FILTERS, i -> i == Svdf.FILTERS || i == Svdf.AGES);
  }

  private Value operand(int direction, int i) {
    int at = op.first(direction) + i;
    return at < node.inputs().size() ? node.input(at) : Value.ABSENT;
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw Refusal.operator(otherwise + ", which TFLite's kernel asks for", "write out its steps");
    }
  }

  private void requireForm() {
    var x = node.input(0).shape();
    require(
        x.hasRank(3) || x.hasRank(2) && op.direction() == Direction.FORWARD, "its input is " + x);
    require(op.direction() != Direction.REVERSE, "it runs backwards alone");
    TfliteSequenceOps.activation(op.activation());
  }

  /// An input gate and peepholes are there with all their parts, or not at all; biases always.
  private void requireGates() {
    for (int d = 0; d < op.direction().count(); d++) {
      boolean hasInput = operand(d, Gate.INPUT.weights()).isPresent();
      boolean hasNorms = operand(d, Gate.FORGET.norm()).isPresent();
      require(
          !hasNorms || op.direction() == Direction.FORWARD, "it is normalized in two directions");
      boolean hasPeepholes = operand(d, Gate.FORGET.peephole()).isPresent();
      for (var gate : Gate.values()) {
        boolean isThere = gate != Gate.INPUT || hasInput;
        require(operand(d, gate.weights()).isPresent() == isThere, "a gate has no weights");
        require(operand(d, gate.recurrent()).isPresent() == isThere, "a gate has no weights");
        require(operand(d, gate.bias()).isPresent() == isThere, "a gate has no bias");
        require(
            operand(d, gate.norm()).isPresent() == (hasNorms && isThere), "a gate is not normed");
        if (gate == Gate.CELL || gate == Gate.INPUT && !hasInput) continue;
        require(operand(d, gate.peephole()).isPresent() == hasPeepholes, "a peephole is missing");
      }
    }
  }

  private static boolean isLstmWeight(int operand) {
    return operand < SequenceLstm.BIASES || operand == SequenceLstm.PROJECTION;
  }

  /// Floats, but for weights that are all of 8 bits or all not.
  private boolean requireFloats(int weight, Predicate<Integer> isWeight) {
    boolean isHybrid = operand(0, weight).type().isQuantized();
    requireFloat(node.input(0).type());
    for (int d = 0; d < op.direction().count(); d++) {
      for (int i = 0; i < op.operandCount(); i++) {
        var value = operand(d, i);
        if (!value.isPresent()) continue;
        if (isHybrid && isWeight.test(i)) requireEightBits(value);
        else requireFloat(value.type());
      }
    }
    for (var output : node.outputs()) if (output.isPresent()) requireFloat(output.type());
    return isHybrid;
  }

  private static void requireFloat(TensorType type) {
    if (type.isQuantized()) throw Refusal.quantization("an operand is " + type);
    if (type.dtype() != DataType.FLOAT32) {
      throw Refusal.dtype("LiteRT's kernel takes no " + type.dtype(), "use float32");
    }
  }

  private static void requireEightBits(Value value) {
    requireWhole(value, DataType.INT8);
    if (!value.isConstant()) throw Refusal.quantization("weights are computed");
  }

  private static void requireWhole(Value value, DataType dtype) {
    var type = value.type();
    boolean fits =
        type.dtype() == dtype
            && type.quantization() instanceof PerTensor(_, long zero)
            && zero == 0;
    if (!fits) throw Refusal.quantization("an operand is " + TfliteQuantized.describe(type));
  }

  // ---- whole numbers

  private void requireWhole(SequenceLstm lstm) {
    int count = lstm.intermediates().size();
    boolean isOne = op.direction() == Direction.FORWARD;
    boolean isLstm = node.input(0).shape().hasRank(2);
    boolean isKnown = count == OF_WHOLE_NUMBERS || isLstm && count == OF_EIGHT_BITS;
    boolean isTanh = op.activation() instanceof Unary(var kind) && kind == Unary.Kind.TANH;
    if (!isOne || !isKnown || !isTanh) {
      throw Refusal.quantization("the kernel of whole numbers does not have its form");
    }
    requireActivation(node.input(0).type());
    requireActivation(node.output(0).type());
    for (int i = 0; i < op.operandCount(); i++) {
      var value = operand(0, i);
      if (value.isPresent()) requireWhole(i, value);
    }
    // States that are absent have no type of their own.
    requireActivation(node.output(1).type());
    requireWhole(node.output(2), DataType.INT16);
  }

  private void requireWhole(Svdf svdf) {
    boolean isRelu = svdf.activation() instanceof Unary(var kind) && kind == Unary.Kind.RELU;
    if (!isRelu) throw Refusal.quantization("the kernel of whole numbers has Relu alone");
    requireActivation(node.input(0).type());
    requireActivation(node.output(0).type());
    requireEightBits(operand(0, Svdf.FILTERS));
    requireWhole(operand(0, Svdf.AGES), DataType.INT16);
    requireWhole(node.output(1), DataType.INT16);
    var bias = operand(0, Svdf.BIAS);
    if (bias.isPresent() && bias.dtype() != DataType.INT32) {
      throw Refusal.quantization("a bias is " + TfliteQuantized.describe(bias.type()));
    }
  }

  private static void requireActivation(TensorType type) {
    if (type.dtype() == DataType.INT8 && type.quantization() instanceof PerTensor) return;
    throw Refusal.quantization("an activation is " + TfliteQuantized.describe(type));
  }

  private static void requireWhole(int operand, Value value) {
    if (operand == SequenceLstm.HIDDEN) requireActivation(value.type());
    else if (isPeephole(operand) || operand >= SequenceLstm.CELL) {
      requireWhole(value, DataType.INT16);
    } else if (isLstmWeight(operand)) requireEightBits(value);
    else if (value.dtype() != DataType.INT32
        || value.type().quantization() instanceof Quantization.Blocked) {
      throw Refusal.quantization("a bias is " + TfliteQuantized.describe(value.type()));
    }
  }

  private static boolean isPeephole(int operand) {
    return operand >= SequenceLstm.PEEPHOLES && operand < SequenceLstm.BIASES;
  }
}
