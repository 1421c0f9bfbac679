package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.format.OpTable;
import watari.format.tflite.schema.ActivationFunctionType;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.RecurrentOp.Direction;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceRnn;
import watari.op.SequenceOp.Svdf;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks. Their kernels take states in variable tensors, which they change.
///
/// A state that the graph keeps for this operator alone is such a tensor. Any other is copied into
/// one in front, at every call, and out of it behind: by an operator that takes the dims of the
/// output, without which a runtime may run it before this one.
final class TfliteSequenceOps {
  private static final int BIASES_OF_LSTM = 24;

  private TfliteSequenceOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(SequenceLstm.class, TfliteSequenceOps::lstm)
        .on(SequenceRnn.class, TfliteSequenceOps::rnn)
        .on(Svdf.class, TfliteSequenceOps::svdf);
  }

  private static void lstm(SequenceLstm op, Node node, TfliteSubgraph out) {
    boolean isHybrid = TfliteSequenceTypes.requireLstm(op, node);
    var written = new Written(op, node, out);
    int rank = written.rank();
    var intermediates = new ArrayList<Integer>();
    for (var type : op.intermediates()) intermediates.add(out.temporary(type));
    var inputs = written.inputs(SequenceLstm.HIDDEN);
    if (op.direction() == Direction.BIDIRECTIONAL) {
      inputs.add(written.backwardInput());
      inputs.addAll(Collections.nCopies(8, -1));
      written.add(
          BIDIRECTIONAL_SEQUENCE_LSTM, hybrid(isHybrid, op, 1), options(op), inputs, intermediates);
    } else {
      for (int i = SequenceLstm.NORMS; i < op.operandCount(); i++) inputs.add(written.operand(i));
      int first = rank == 2 ? 2 : 1;
      int code = rank == 2 ? LSTM : UNIDIRECTIONAL_SEQUENCE_LSTM;
      boolean isNormed = inputs.get(BIASES_OF_LSTM - 1) >= 0;
      if (rank == 2 && !isNormed) inputs.subList(20, BIASES_OF_LSTM).clear();
      int version = rank == 2 && !isHybrid ? 1 : hybrid(isHybrid, op, first);
      written.add(code, version, options(op, rank), inputs, intermediates);
    }
    written.giveStates();
  }

  private static void rnn(SequenceRnn op, Node node, TfliteSubgraph out) {
    boolean isHybrid = TfliteSequenceTypes.requireRnn(op, node);
    var written = new Written(op, node, out);
    int version = hybrid(isHybrid, op, 1);
    byte activation = activation(op.activation());
    var inputs = new ArrayList<>(List.of(out.tensor(node.input(0))));
    for (int d = 0; d < op.direction().count(); d++) {
      for (int i = 0; i < SequenceRnn.HIDDEN; i++) inputs.add(written.operand(d, i));
      inputs.add(written.states.get(d));
    }
    if (op.direction() == Direction.BIDIRECTIONAL) {
      inputs.add(written.backwardInput());
      inputs.addAll(List.of(-1, -1));
      var options =
          TfliteOptions.bidirectionalRnn(
              !op.batchFirst(), activation, op.merged(), op.asymmetric());
      written.add(BIDIRECTIONAL_SEQUENCE_RNN, version, options, inputs, List.of());
    } else if (written.rank() == 2) {
      written.add(RNN, version, TfliteOptions.rnn(activation, op.asymmetric()), inputs, List.of());
    } else {
      var options = TfliteOptions.sequenceRnn(!op.batchFirst(), activation, op.asymmetric());
      written.add(UNIDIRECTIONAL_SEQUENCE_RNN, version, options, inputs, List.of());
    }
    written.giveStates();
  }

  private static void svdf(Svdf op, Node node, TfliteSubgraph out) {
    boolean isHybrid = TfliteSequenceTypes.requireSvdf(op, node);
    var written = new Written(op, node, out);
    boolean isWhole = node.input(0).type().isQuantized();
    int version = isWhole ? 3 : !isHybrid ? 1 : op.asymmetric() ? 4 : 2;
    var options = TfliteOptions.svdf(op.rank(), activation(op.activation()), op.asymmetric());
    written.add(SVDF, version, options, written.inputs(Svdf.KEPT), List.of());
    written.giveStates();
  }

  private static int hybrid(boolean isHybrid, SequenceOp op, int plain) {
    if (!isHybrid) return plain;
    return plain + (op.asymmetric() ? 2 : 1);
  }

  private static TfliteOptions options(SequenceLstm op) {
    return TfliteOptions.bidirectionalLstm(
        activation(op.activation()),
        op.cellClip(),
        op.projectionClip(),
        op.merged(),
        !op.batchFirst(),
        op.asymmetric());
  }

  private static TfliteOptions options(SequenceLstm op, int rank) {
    byte activation = activation(op.activation());
    return rank == 2
        ? TfliteOptions.lstm(activation, op.cellClip(), op.projectionClip(), op.asymmetric())
        : TfliteOptions.sequenceLstm(
            activation, op.cellClip(), op.projectionClip(), !op.batchFirst(), op.asymmetric());
  }

  /// @throws Refusal if the kernels do not have the function
  static byte activation(Op function) {
    if (function instanceof Identity) return ActivationFunctionType.NONE;
    if (function instanceof Unary(var kind) && kind == Unary.Kind.TANH) {
      return ActivationFunctionType.TANH;
    }
    byte code = TfliteActivation.code(function);
    if (code != ActivationFunctionType.NONE) return code;
    throw Refusal.operator(
        "TFLite's recurrent operators have no activation " + function, "use Tanh or Relu");
  }

  /// An operator while it is written.
  private static final class Written {
    private final SequenceOp op;
    private final Node node;
    private final TfliteSubgraph out;
    private final List<Integer> states = new ArrayList<>();

    Written(SequenceOp op, Node node, TfliteSubgraph out) {
      this.op = op;
      this.node = node;
      this.out = out;
      for (int d = 0; d < op.direction().count(); d++) {
        for (int i = 0; i < op.stateCount(); i++) states.add(state(d, i));
      }
    }

    int rank() {
      return node.input(0).shape().rank();
    }

    int operand(int i) {
      return operand(0, i);
    }

    int operand(int direction, int i) {
      return out.tensor(input(op.first(direction) + i));
    }

    int backwardInput() {
      return out.tensor(input(op.backwardInput()));
    }

    private Value input(int i) {
      return i < node.inputs().size() ? node.input(i) : Value.ABSENT;
    }

    /// The input, the weights of each direction, and all states.
    List<Integer> inputs(int weights) {
      var all = new ArrayList<>(List.of(out.tensor(node.input(0))));
      for (int d = 0; d < op.direction().count(); d++) {
        for (int i = 0; i < weights; i++) all.add(operand(d, i));
      }
      all.addAll(states);
      return all;
    }

    private int state(int direction, int state) {
      var initial = input(op.first(direction) + op.firstState() + state);
      var type = node.output(op.stateOutput(direction, state)).type();
      if (isVariable(initial)) return out.tensor(initial);
      int made = out.variable(node.output(0).name() + "/state", type);
      if (type.shape().isFixed()) {
        int from = initial.isPresent() ? out.tensor(initial) : zero(type);
        fill(made, from, List.of());
        return made;
      }
      if (initial.isPresent() || node.graph().isBody()) {
        throw Refusal.dynamic("the shape " + type.shape() + " of its state is not fixed");
      }
      out.inFront(() -> fill(made, zero(type), node.graph().inputs()));
      return made;
    }

    /// A runtime allocates a variable once, of the size that it has before the first operator runs
    /// whose output's size is not known till then.
    private void fill(int variable, int from, List<Value> sources) {
      int dims = TfliteDims.vector(out.type(variable).shape(), sources, out);
      out.add(BROADCAST_TO, TfliteOptions.NONE, List.of(from, dims), List.of(variable));
    }

    private boolean isVariable(Value initial) {
      return initial.isPresent()
          && initial
              .producer()
              .filter(read ->
                  read.op() instanceof ReadState(var name, _) && out.variableStates().has(name))
              .isPresent();
    }

    private int zero(TensorType type) {
      long zero = type.quantization() instanceof Quantization.PerTensor(_, long point) ? point : 0;
      return out.constant(
          TensorData.filled(TensorData.scalar(type.dtype(), zero), Shape.of(1)),
          type.quantization());
    }

    void add(
        int code,
        int version,
        TfliteOptions options,
        List<Integer> inputs,
        List<Integer> intermediates) {
      var results = new ArrayList<Integer>();
      for (int i = 0; i < op.sequences(); i++) results.add(out.tensor(node.output(i)));
      out.add(code, version, options, inputs, results, intermediates);
    }

    /// Copies states that are used out of their tensors.
    void giveStates() {
      for (int i = 0; i < states.size(); i++) {
        var value = node.output(op.sequences() + i);
        boolean isUsed =
            node.graph().isOutput(value) || value.uses().stream().anyMatch(this::isRead);
        if (isUsed) copy(states.get(i), value);
      }
    }

    private boolean isRead(Value.Use use) {
      return !(use.node().op() instanceof WriteState(var name)) || !out.variableStates().has(name);
    }

    private void copy(int state, Value value) {
      var type = value.type();
      if (!type.shape().hasRank(2) || !type.shape().dim(1).isFixed()) {
        throw Refusal.dynamic("the shape " + type.shape() + " of a state is not that of a matrix");
      }
      int batch = rank() == 2 || op.batchFirst() ? 0 : 1;
      int all = TfliteShapeOps.shape(node.output(0), DataType.INT32, out);
      int first = out.temporary(TensorType.of(DataType.INT32, 1));
      out.add(GATHER, TfliteOptions.gather(0, 0), List.of(all, out.ints(batch)), List.of(first));
      int dims = out.temporary(TensorType.of(DataType.INT32, 2));
      int width = out.ints(Math.toIntExact(type.shape().dim(1).fixed()));
      out.add(CONCATENATION, TfliteOptions.concatenation(0), List.of(first, width), List.of(dims));
      out.add(BROADCAST_TO, TfliteOptions.NONE, List.of(state, dims), List.of(out.tensor(value)));
    }
  }
}
