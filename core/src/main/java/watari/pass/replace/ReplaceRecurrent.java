package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.Loop;
import watari.op.MatMulOp.MatMul;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Lstm, Gru, Rnn → their steps: written out where they are few, else as a Loop.
///
/// What the input brings to the gates is computed for all steps at once. Holds in every mode.
public final class ReplaceRecurrent {
  private static final int MOST_STEPS = 64;

  private static final int LENGTHS = 4;
  private static final int STATE = 5;
  private static final int PEEPHOLES = 7;

  private final RecurrentOp op;
  private final Match<?> match;
  private final Formula f;
  private final int time;
  private final int batch;

  private ReplaceRecurrent(RecurrentOp op, Match<?> match, Formula f) {
    this.op = op;
    this.match = match;
    this.f = f;
    this.time = op.batchFirst() ? 1 : 0;
    this.batch = 1 - time;
  }

  public static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("ReplaceLstm", Lstm.class, ReplaceRecurrent::replace),
        new Replacement<>("ReplaceGru", Gru.class, ReplaceRecurrent::replace),
        new Replacement<>("ReplaceRnn", Rnn.class, ReplaceRecurrent::replace));
  }

  private static Outcome replace(RecurrentOp op, Match<?> match, Formula f) {
    if (!match.input(0).shape().hasRank(3)) return Replacement.left("the input's rank is not 3");
    return new ReplaceRecurrent(op, match, f).replace();
  }

  /// Results of one direction.
  ///
  /// @param all `[T, N, H]` or `[N, T, H]`
  /// @param last `[N, H]` each
  private record Walked(Value all, List<Value> last) {}

  private Outcome replace() {
    int directions = op.direction().count();
    int states = RecurrentCell.states(op);
    var walked = new ArrayList<Walked>();
    for (int d = 0; d < directions; d++) walked.add(walk(d));
    var results = new ArrayList<Value>();
    for (int i = 0; i < match.node().outputs().size(); i++) {
      int state = i - 1;
      if (!match.node().output(i).isPresent()) results.add(Value.ABSENT);
      else if (i == 0) results.add(joined(walked.stream().map(Walked::all).toList(), time + 1));
      else if (state < states) {
        results.add(joined(walked.stream().map(w -> w.last().get(state)).toList(), time));
      }
    }
    return new Outcome.Replaced(results);
  }

  /// Values of all directions along a new axis.
  private Value joined(List<Value> directions, int axis) {
    return f.concat(axis, directions.stream().map(value -> with(f, value, axis)).toList());
  }

  private static Value with(Formula f, Value x, int axis) {
    return f.op(new Unsqueeze(), x, f.vector(axis));
  }

  // ---- one direction

  private boolean isReverse(int d) {
    return op.direction() == Direction.REVERSE || d == 1;
  }

  private RecurrentCell cell(int d) {
    int each = RecurrentCell.activations(op);
    return new RecurrentCell(op, op.activations().subList(d * each, (d + 1) * each));
  }

  private Walked walk(int d) {
    var gates = gates(d);
    var weights = List.of(of(2, d, 0), extra(d));
    var states = initial(d);
    var steps = match.input(0).shape().dim(time);
    boolean isShort = steps.isFixed() && steps.fixed() > 0 && steps.fixed() <= MOST_STEPS;
    var lengths = match.input(LENGTHS);
    if (lengths.isPresent()) lengths = with(f, f.cast(lengths, DataType.INT64), 1);
    var walked =
        isShort
            ? unrolled(d, (int) steps.fixed(), gates, states, weights, lengths)
            : looped(d, gates, states, weights, lengths);
    return lengths.isPresent() ? new Walked(walked.all(), ended(walked, states, lengths)) : walked;
  }

  /// A sequence of no steps ends with zeros, whatever its first state was.
  private List<Value> ended(Walked walked, List<Value> states, Value lengths) {
    var ended = new ArrayList<Value>();
    var isSome = f.binary(Binary.Kind.GREATER, lengths, f.scalar(lengths, 0));
    for (int i = 0; i < states.size(); i++) {
      var last = walked.last().get(i);
      boolean mayDiffer = states.get(i).isPresent();
      ended.add(mayDiffer ? f.select(isSome, last, f.scalar(last, 0)) : last);
    }
    return ended;
  }

  /// What belongs to direction `d` of an input; absent where the input is.
  private Value of(int input, int d, int axis) {
    var value = match.input(input);
    return value.isPresent() ? f.gather(value, f.builder().scalar((long) d), axis) : value;
  }

  private List<Value> initial(int d) {
    var states = new ArrayList<Value>();
    for (int i = 0; i < RecurrentCell.states(op); i++) {
      boolean isZero = match.constant(STATE + i).filter(data -> data.isAll(0)).isPresent();
      states.add(isZero ? Value.ABSENT : of(STATE + i, d, op.batchFirst() ? 1 : 0));
    }
    return states;
  }

  /// The product of the input and its weights for all steps, with the biases.
  private Value gates(int d) {
    var product = f.op(new MatMul(false, true), match.input(0), of(1, d, 0));
    var bias = of(3, d, 0);
    if (!bias.isPresent()) return product;
    long hidden = op.hidden();
    long all = RecurrentCell.gates(op) * hidden;
    var input = f.slice(bias, 0, 0, all);
    var recurrent = f.slice(bias, 0, all, 2 * all);
    if (!isLinearBeforeReset()) return f.add(product, f.add(input, recurrent));
    var first = f.add(f.slice(input, 0, 0, 2 * hidden), f.slice(recurrent, 0, 0, 2 * hidden));
    return f.add(product, f.concat(0, List.of(first, f.slice(input, 0, 2 * hidden, all))));
  }

  private boolean isLinearBeforeReset() {
    return op instanceof Gru gru && gru.linearBeforeReset();
  }

  private Value extra(int d) {
    if (op instanceof Lstm) return of(PEEPHOLES, d, 0);
    var bias = of(3, d, 0);
    if (!isLinearBeforeReset() || !bias.isPresent()) return Value.ABSENT;
    return f.slice(bias, 0, 5L * op.hidden(), 6L * op.hidden());
  }

  // ---- written out

  private Walked unrolled(
      int d, int steps, Value gates, List<Value> first, List<Value> weights, Value lengths) {
    var cell = cell(d);
    var outputs = new Value[steps];
    var states = first;
    for (int i = 0; i < steps; i++) {
      long at = isReverse(d) ? steps - 1 - i : i;
      var step = f.builder().scalar(at);
      var next = cell.step(f, f.gather(gates, step, time), states, weights);
      var masked = masked(f, next, states, lengths, step);
      outputs[(int) at] = with(f, masked.get(0), time);
      states = masked.subList(1, masked.size());
    }
    return new Walked(f.concat(time, List.of(outputs)), states);
  }

  /// The output of a step, then its states: behind a sequence's end the output is zero and the
  /// states stay.
  private static List<Value> masked(
      Formula f, List<Value> next, List<Value> before, Value lengths, Value step) {
    var masked = new ArrayList<Value>();
    if (!lengths.isPresent()) {
      masked.add(next.get(0));
      masked.addAll(next);
      return masked;
    }
    var zero = f.scalar(next.get(0), 0);
    var isInside = f.binary(Binary.Kind.GREATER, lengths, step);
    masked.add(f.select(isInside, next.get(0), zero));
    for (int i = 0; i < next.size(); i++) {
      var stays = before.get(i).isPresent() ? before.get(i) : zero;
      masked.add(f.select(isInside, next.get(i), stays));
    }
    return masked;
  }

  // ---- as a loop

  private Walked looped(int d, Value gates, List<Value> first, List<Value> weights, Value lengths) {
    var states = first.stream().map(state -> state.isPresent() ? state : zeros()).toList();
    var steps = dim(time);
    var body = new Body(d, states, steps, List.of(gates, weights.get(0), weights.get(1), lengths));
    var inputs = new ArrayList<Value>(List.of(steps, Value.ABSENT));
    inputs.addAll(states);
    inputs.addAll(body.captured);
    var loop =
        f.builder().add(new Loop(states.size(), 1), inputs, states.size() + 1, List.of(body.graph));
    var stack = loop.output(states.size());
    if (isReverse(d)) stack = f.reversed(stack, 0);
    if (op.batchFirst()) stack = f.transpose(stack, 1, 0, 2);
    return new Walked(stack, loop.outputs().subList(0, states.size()));
  }

  /// A dim of the input as an int64 scalar.
  private Value dim(int axis) {
    var known = match.input(0).shape().dim(axis);
    if (known.isFixed()) return f.builder().scalar(known.fixed());
    var shape = f.op(new ShapeOf(DataType.INT64), match.input(0));
    return f.gather(shape, f.builder().scalar((long) axis), 0);
  }

  private Value zeros() {
    var zero = TensorData.scalar(match.input(0).dtype(), 0);
    var known = match.input(0).shape().dim(batch);
    if (known.isFixed()) {
      return f.constant(TensorData.filled(zero, Shape.of(known.fixed(), op.hidden())));
    }
    var shape =
        f.op(new Concat(0), f.op(new Unsqueeze(), dim(batch), f.vector(0)), f.vector(op.hidden()));
    return f.op(new Expand(), f.constant(zero), shape);
  }

  /// The loop's body: parameters are the iteration, the condition, the states and what is captured.
  private final class Body {
    private final Graph graph = new Graph("steps");
    private final Formula inside = new Formula(new GraphBuilder(graph));
    private final List<Value> captured = new ArrayList<>();

    Body(int d, List<Value> states, Value count, List<Value> used) {
      var builder = inside.builder().from(match.node().origins());
      var iteration = builder.input("iteration", TensorType.of(DataType.INT64));
      var condition = builder.input("condition", TensorType.of(DataType.BOOL));
      var before = new ArrayList<Value>();
      for (var state : states) before.add(builder.input("state", state.type()));
      var own = used.stream().map(this::capture).toList();
      var step = iteration;
      if (isReverse(d)) {
        var steps = capture(count);
        step = inside.sub(inside.sub(steps, inside.scalar(steps, 1)), iteration);
      }
      var gates = inside.gather(own.get(0), step, time);
      var next = cell(d).step(inside, gates, before, own.subList(1, 3));
      var masked = masked(inside, next, before, own.get(3), step);
      graph.addOutput("condition", condition);
      for (int i = 1; i < masked.size(); i++) graph.addOutput("state_out_" + i, masked.get(i));
      graph.addOutput("output", masked.get(0));
    }

    private Value capture(Value value) {
      if (!value.isPresent()) return value;
      if (value.isConstant()) return inside.constant(value.constant().orElseThrow());
      captured.add(value);
      return inside.builder().input("used", value.type());
    }
  }
}
