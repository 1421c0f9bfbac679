package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.BidirectionalSequenceLSTMOptions;
import watari.format.tflite.schema.LSTMKernelType;
import watari.format.tflite.schema.LSTMOptions;
import watari.format.tflite.schema.UnidirectionalSequenceLSTMOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.NormOp.LayerNorm;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Split;

/// Long short-term memories.
///
/// Where the record [Lstm] says the same, they become it. With layer normalisation, a projection or
/// a limit of the cell they are written out step by step.
final class TfliteReadLstmOps {
  private static final float NORM_EPSILON = 1e-8f;

  private TfliteReadLstmOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BIDIRECTIONAL_SEQUENCE_LSTM", TfliteReadLstmOps::bidirectional)
        .on("LSTM", TfliteReadLstmOps::lstm)
        .on("UNIDIRECTIONAL_SEQUENCE_LSTM", TfliteReadLstmOps::unidirectional);
  }

  /// Where the operands of one direction stand among the inputs: four weights, four recurrent ones,
  /// three peepholes, four biases, the projection and its bias from `first` on; gates are input,
  /// forget, cell, output.
  ///
  /// @param norms of four coefficients of layer normalisation, or -1
  private record Operands(int first, int hidden, int cell, int norms) {
    private static final int INPUT = 0;
    private static final int FORGET = 1;
    private static final int CELL = 2;
    private static final int OUTPUT = 3;

    int weights(int gate) {
      return first + gate;
    }

    int recurrent(int gate) {
      return first + 4 + gate;
    }

    /// @param gate not CELL
    int peephole(int gate) {
      return first + 8 + (gate == OUTPUT ? 2 : gate);
    }

    int bias(int gate) {
      return first + 11 + gate;
    }

    int projection() {
      return first + 15;
    }

    /// Coefficients of a gate, or an index that no operator has.
    int norm(int gate) {
      return norms < 0 ? Integer.MAX_VALUE : norms + gate;
    }
  }

  private record Limits(int activation, float cell, float projection) {}

  private static void lstm(TfliteNode node) {
    var options = node.options(new LSTMOptions());
    if (options.kernelType() == LSTMKernelType.BASIC) {
      basic(node);
      return;
    }
    var limits =
        new Limits(options.fusedActivationFunction(), options.cellClip(), options.projClip());
    var operands = new Operands(1, 18, 19, 20);
    var cell = new Cell(node, operands, limits, node.in(0));
    node.emit(new Identity(), cell.step(node.in(0)));
    cell.keep();
  }

  private static void unidirectional(TfliteNode node) {
    var options = node.options(new UnidirectionalSequenceLSTMOptions());
    if (options.diagonalRecurrentTensors()) {
      throw Unreadable.operator(
          "its recurrent weights are diagonals", "export it with whole matrices");
    }
    var limits =
        new Limits(options.fusedActivationFunction(), options.cellClip(), options.projClip());
    var operands = new Operands(1, 18, 19, 20);
    var all = sequence(node, node.in(0), operands, limits, options.timeMajor(), false);
    node.emit(new Identity(), all);
  }

  /// A further input without weights of its own is what the backward direction reads.
  private static void bidirectional(TfliteNode node) {
    var options = node.options(new BidirectionalSequenceLSTMOptions());
    for (int i = 40; i < 48; i++) {
      if (node.has(i)) {
        throw Unreadable.operator("it has weights for a second input", "use one input");
      }
    }
    var limits =
        new Limits(options.fusedActivationFunction(), options.cellClip(), options.projClip());
    boolean timeMajor = options.timeMajor();
    var backwardInput = node.has(39) ? node.in(39) : node.in(0);
    var forward = sequence(node, node.in(0), new Operands(1, 35, 36, -1), limits, timeMajor, false);
    var backward =
        sequence(node, backwardInput, new Operands(18, 37, 38, -1), limits, timeMajor, true);
    TfliteReadRecurrentOps.emitDirections(node, options.mergeOutputs(), forward, backward);
  }

  private static Value sequence(
      TfliteNode node,
      Value x,
      Operands operands,
      Limits limits,
      boolean timeMajor,
      boolean reverse) {
    var function = TfliteReadRecurrentOps.function(limits.activation());
    boolean isPlain =
        function.isPresent()
            && limits.cell() <= 0
            && !node.has(operands.projection())
            && !node.has(operands.norm(Operands.FORGET));
    if (isPlain) return record(node, x, operands, function, timeMajor, reverse);
    var cell = new Cell(node, operands, limits, x);
    var all =
        TfliteReadRecurrentOps.steps(
            node,
            x,
            timeMajor,
            reverse,
            time -> cell.step(TfliteReadRecurrentOps.at(node, x, time, timeMajor)));
    cell.keep();
    return all;
  }

  // ---- as a record

  /// Without an input gate that gate is one less the forget gate, `sigmoid(-z)`: its weights are
  /// those of the forget gate with their signs turned.
  private static Value record(
      TfliteNode node,
      Value x,
      Operands operands,
      Optional<Activation> function,
      boolean timeMajor,
      boolean reverse) {
    int units = Math.toIntExact(node.fixedDims(operands.weights(Operands.FORGET))[0]);
    var inputs = new ArrayList<Value>();
    inputs.add(x);
    inputs.add(gates(node, operands::weights, operands));
    inputs.add(gates(node, operands::recurrent, operands));
    inputs.add(biases(node, operands, x, units));
    inputs.add(Value.ABSENT);
    inputs.add(TfliteReadRecurrentOps.direction(node, node.in(operands.hidden()), !timeMajor));
    inputs.add(TfliteReadRecurrentOps.direction(node, node.in(operands.cell()), !timeMajor));
    if (node.has(operands.peephole(Operands.FORGET))) inputs.add(peepholes(node, operands));
    var outer = function.orElseThrow();
    var op =
        new Lstm(
            units,
            reverse ? Direction.REVERSE : Direction.FORWARD,
            !timeMajor,
            List.of(Activation.of(Activation.Kind.SIGMOID), outer, outer),
            Float.POSITIVE_INFINITY,
            false);
    var made = node.addAll(op, inputs, 3);
    var hidden = TfliteReadRecurrentOps.lastState(node, made.output(1), !timeMajor);
    TfliteReadRecurrentOps.keep(node, operands.hidden(), hidden);
    var cell = TfliteReadRecurrentOps.lastState(node, made.output(2), !timeMajor);
    TfliteReadRecurrentOps.keep(node, operands.cell(), cell);
    return TfliteReadRecurrentOps.allStates(node, made, !timeMajor);
  }

  /// Operands of all gates in the record's order: input, output, forget, cell.
  private static Value gates(
      TfliteNode node, java.util.function.IntUnaryOperator at, Operands operands) {
    var forget = node.in(at.applyAsInt(Operands.FORGET));
    var input =
        node.has(operands.weights(Operands.INPUT))
            ? node.in(at.applyAsInt(Operands.INPUT))
            : negative(node, forget);
    var output = node.in(at.applyAsInt(Operands.OUTPUT));
    var cell = node.in(at.applyAsInt(Operands.CELL));
    return TfliteReadRecurrentOps.stacked(node, List.of(input, output, forget, cell));
  }

  private static Value negative(TfliteNode node, Value value) {
    return node.add(new Unary(Unary.Kind.NEG), value);
  }

  private static Value biases(TfliteNode node, Operands operands, Value x, int units) {
    var forget = bias(node, operands, Operands.FORGET, x);
    var input =
        node.has(operands.weights(Operands.INPUT))
            ? bias(node, operands, Operands.INPUT, x)
            : negative(node, forget);
    var parts =
        List.of(
            input,
            bias(node, operands, Operands.OUTPUT, x),
            forget,
            bias(node, operands, Operands.CELL, x),
            TfliteReadRecurrentOps.zeros(node, 4L * units));
    return TfliteReadRecurrentOps.stacked(node, parts);
  }

  private static Value bias(TfliteNode node, Operands operands, int gate, Value x) {
    if (!node.has(operands.bias(gate))) {
      return TfliteReadRecurrentOps.zeros(node, node.fixedDims(operands.weights(gate))[0]);
    }
    return TfliteReadConvOps.bias(node, operands.bias(gate), x, node.in(operands.weights(gate)));
  }

  private static Value peepholes(TfliteNode node, Operands operands) {
    var forget = node.in(operands.peephole(Operands.FORGET));
    var input =
        node.has(operands.peephole(Operands.INPUT))
            ? node.in(operands.peephole(Operands.INPUT))
            : negative(node, forget);
    var output = node.in(operands.peephole(Operands.OUTPUT));
    return TfliteReadRecurrentOps.stacked(node, List.of(input, output, forget));
  }

  // ---- step by step

  /// One direction while its steps are written out.
  private static final class Cell {
    private final TfliteNode node;
    private final Operands operands;
    private final Limits limits;
    private final Value x;
    private Value hidden;
    private Value cell;

    Cell(TfliteNode node, Operands operands, Limits limits, Value x) {
      this.node = node;
      this.operands = operands;
      this.limits = limits;
      this.x = x;
      this.hidden = node.in(operands.hidden());
      this.cell = node.in(operands.cell());
    }

    /// The hidden state after an input; the cell goes along.
    Value step(Value input) {
      var forget = sigmoid(gate(Operands.FORGET, input, cell));
      boolean coupled = !node.has(operands.weights(Operands.INPUT));
      var kept =
          coupled
              ? node.add(new Binary(Binary.Kind.SUB), node.builder().scalar(1f), forget)
              : sigmoid(gate(Operands.INPUT, input, cell));
      var candidate = node.activated(limits.activation(), gate(Operands.CELL, input, cell));
      var next = add(multiply(forget, cell), multiply(kept, candidate));
      if (limits.cell() > 0) next = node.add(new Clip(-limits.cell(), limits.cell()), next);
      var output = sigmoid(gate(Operands.OUTPUT, input, next));
      cell = next;
      hidden = projected(multiply(output, node.activated(limits.activation(), next)));
      return hidden;
    }

    void keep() {
      TfliteReadRecurrentOps.keep(node, operands.hidden(), hidden);
      TfliteReadRecurrentOps.keep(node, operands.cell(), cell);
    }

    private Value gate(int gate, Value input, Value seen) {
      boolean normed = node.has(operands.norm(gate));
      var bias = normed ? Value.ABSENT : bias(node, operands, gate, x);
      var weights = node.in(operands.weights(gate));
      var fromInput = node.add(new FullyConnected(), input, weights, bias);
      var recurrent = node.in(operands.recurrent(gate));
      var sum = add(fromInput, node.add(new FullyConnected(), hidden, recurrent));
      if (gate != Operands.CELL && node.has(operands.peephole(gate))) {
        sum = add(sum, multiply(seen, node.in(operands.peephole(gate))));
      }
      if (!normed) return sum;
      return node.add(
          new LayerNorm(-1, NORM_EPSILON),
          sum,
          node.in(operands.norm(gate)),
          TfliteReadConvOps.stated(node, operands.bias(gate)));
    }

    private Value projected(Value value) {
      int at = operands.projection();
      if (!node.has(at)) return value;
      var bias = TfliteReadConvOps.stated(node, at + 1);
      var made = node.add(new FullyConnected(), value, node.in(at), bias);
      if (limits.projection() <= 0) return made;
      return node.add(new Clip(-limits.projection(), limits.projection()), made);
    }

    private Value sigmoid(Value value) {
      return node.add(new Unary(Unary.Kind.SIGMOID), value);
    }

    private Value add(Value a, Value b) {
      return node.add(new Binary(Binary.Kind.ADD), a, b);
    }

    private Value multiply(Value a, Value b) {
      return node.add(new Binary(Binary.Kind.MUL), a, b);
    }
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
