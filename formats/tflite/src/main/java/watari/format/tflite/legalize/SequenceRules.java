package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Lstm, Rnn → SequenceLstm, SequenceRnn of each direction, which are kernels; a direction that
/// runs backwards has its input and output reversed.
///
/// Holds for constant weights, sequences of full length, no limit within the gates, and the
/// functions that the kernels have: of LSTM the gates' are sigmoids, and the other two the same.
final class SequenceRules {
  private static final int LENGTHS = 4;
  private static final int STATE = 5;
  private static final int PEEPHOLES = 7;

  private final RecurrentOp op;
  private final Match<?> match;
  private final Formula f;
  private final int time;

  private SequenceRules(RecurrentOp op, Match<?> match, Formula f) {
    this.op = op;
    this.match = match;
    this.f = f;
    this.time = op.batchFirst() ? 1 : 0;
  }

  /// @param refuse why a node cannot be written
  static List<Rule<?>> all(Function<Node, Optional<Finding>> refuse) {
    return List.of(
        new Replacement<>(
            "FuseLstm", Lstm.class, (op, m, f) -> new SequenceRules(op, m, f).fused(refuse)),
        new Replacement<>(
            "FuseRnn", Rnn.class, (op, m, f) -> new SequenceRules(op, m, f).fused(refuse)));
  }

  private Outcome fused(Function<Node, Optional<Finding>> refuse) {
    var reason = reason();
    if (reason.isPresent()) return Replacement.left(reason.get());
    var made = new ArrayList<Node>();
    for (int d = 0; d < op.direction().count(); d++) made.add(direction(d));
    for (var node : made) {
      if (refuse.apply(node).isPresent()) return Replacement.left("the kernel does not take it");
    }
    return new Outcome.Replaced(results(made));
  }

  private Optional<String> reason() {
    var x = match.input(0);
    if (!x.shape().hasRank(3)) return Optional.of("the input's rank is not 3");
    if (op.clip() > 0 && Float.isFinite(op.clip())) return Optional.of("its gates are limited");
    if (!isFullLength()) return Optional.of("sequences may end early");
    for (int i = 1; i < 4; i++) if (!isConstant(i)) return Optional.of("weights are computed");
    if (!isConstant(PEEPHOLES)) return Optional.of("weights are computed");
    boolean isCoupled = op instanceof Lstm lstm && lstm.coupled();
    if (isCoupled && !match.input(1).isConstant()) return Optional.of("weights are converted");
    for (int d = 0; d < op.direction().count(); d++) {
      if (function(d).isEmpty()) return Optional.of("the kernel lacks its functions");
    }
    return Optional.empty();
  }

  private boolean isConstant(int input) {
    return !match.input(input).isPresent() || match.constant(input).isPresent();
  }

  private boolean isFullLength() {
    if (!match.input(LENGTHS).isPresent()) return true;
    var steps = match.input(0).shape().dim(time);
    return steps.isFixed()
        && match.constant(LENGTHS).filter(data -> data.isAll(steps.fixed())).isPresent();
  }

  /// What stands for the functions of a direction.
  private Optional<Op> function(int d) {
    int each = op.activations().size() / op.direction().count();
    var all = op.activations().subList(d * each, (d + 1) * each);
    var last = all.get(each - 1);
    boolean isPlain =
        each == 1 || all.get(0).kind() == Activation.Kind.SIGMOID && all.get(1).equals(last);
    if (!isPlain) return Optional.empty();
    return switch (last.kind()) {
      case TANH -> Optional.of(new Unary(Unary.Kind.TANH));
      case RELU -> Optional.of(new Unary(Unary.Kind.RELU));
      case AFFINE ->
          last.alpha() == 1 && last.beta() == 0 ? Optional.of(new Identity()) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private boolean isReverse(int d) {
    return op.direction() == Direction.REVERSE || d == 1;
  }

  private Node direction(int d) {
    var x = match.input(0);
    var inputs = new ArrayList<Value>();
    inputs.add(isReverse(d) ? f.reversed(x, time) : x);
    inputs.addAll(op instanceof Lstm lstm ? lstm(lstm, d) : rnn(d));
    var function = function(d).orElseThrow();
    SequenceOp made =
        op instanceof Lstm
            ? new SequenceLstm(
                Direction.FORWARD, op.batchFirst(), function, 0, 0, false, false, List.of())
            : new SequenceRnn(Direction.FORWARD, op.batchFirst(), function, false, false);
    return f.builder().add(made, inputs, 1 + made.stateCount(), List.of());
  }

  // ---- operands

  private List<Value> rnn(int d) {
    int units = op.hidden();
    return List.of(part(1, d, 0, units), part(2, d, 0, units), bias(d, 0), state(d, 0));
  }

  private List<Value> lstm(Lstm lstm, int d) {
    var all = new ArrayList<Value>(Collections.nCopies(23, Value.ABSENT));
    boolean hasPeepholes = match.input(PEEPHOLES).isPresent();
    for (var gate : Gate.values()) {
      if (gate == Gate.INPUT && lstm.coupled()) continue;
      boolean isTurned = gate == Gate.FORGET && lstm.coupled();
      int place = place(isTurned ? Gate.INPUT : gate);
      all.set(gate.weights(), turned(isTurned, gate(1, d, place)));
      all.set(gate.recurrent(), turned(isTurned, gate(2, d, place)));
      all.set(gate.bias(), turned(isTurned, bias(d, place)));
      if (!hasPeepholes || gate == Gate.CELL) continue;
      all.set(gate.peephole(), turned(isTurned, gate(PEEPHOLES, d, place)));
    }
    all.set(SequenceLstm.HIDDEN, state(d, 0));
    all.set(SequenceLstm.CELL, state(d, 1));
    return all;
  }

  /// A forget gate that is one less the input gate is `sigmoid(-z)`.
  private Value turned(boolean isTurned, Value value) {
    return isTurned ? f.neg(value) : value;
  }

  /// Where the record has a gate: input, output, forget, cell.
  private static int place(Gate gate) {
    return switch (gate) {
      case INPUT -> 0;
      case OUTPUT -> 1;
      case FORGET -> 2;
      case CELL -> 3;
    };
  }

  private Value gate(int input, int d, int place) {
    return part(input, d, (long) place * op.hidden(), (place + 1L) * op.hidden());
  }

  /// Rows of a direction's weights, which are stored as they were.
  private Value part(int input, int d, long from, long to) {
    var value = match.input(input);
    var cast = value.producer().filter(n -> n.op() instanceof Cast && n.input(0).isConstant());
    var stored = cast.map(node -> node.input(0)).orElse(value);
    var rows = f.slice(f.gather(stored, f.builder().scalar((long) d), 0), 0, from, to);
    return cast.isPresent() ? f.op(cast.get().op(), rows) : rows;
  }

  private Value bias(int d, int place) {
    long units = op.hidden();
    if (!match.input(3).isPresent()) {
      return f.constant(TensorData.filled(TensorData.scalar(DataType.FLOAT32, 0), Shape.of(units)));
    }
    long gates = op instanceof Lstm ? 4 : 1;
    var first = part(3, d, place * units, (place + 1) * units);
    return f.add(first, part(3, d, (gates + place) * units, (gates + place + 1) * units));
  }

  private Value state(int d, int i) {
    var initial = match.input(STATE + i);
    boolean isZero =
        !initial.isPresent() || match.constant(STATE + i).filter(data -> data.isAll(0)).isPresent();
    if (isZero) return Value.ABSENT;
    return f.gather(initial, f.builder().scalar((long) d), op.batchFirst() ? 1 : 0);
  }

  // ---- results

  private List<Value> results(List<Node> made) {
    var results = new ArrayList<Value>();
    for (int i = 0; i < match.node().outputs().size(); i++) {
      if (!match.node().output(i).isPresent()) {
        results.add(Value.ABSENT);
        continue;
      }
      var parts = new ArrayList<Value>();
      for (int d = 0; d < made.size(); d++) {
        var each = made.get(d).output(i);
        if (i == 0 && isReverse(d)) each = f.reversed(each, time);
        parts.add(f.unsqueeze(each, i == 0 ? time + 1 : time));
      }
      results.add(f.concat(i == 0 ? time + 1 : time, parts));
    }
    return results;
  }
}
