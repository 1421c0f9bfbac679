package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.SequenceOp;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.SequenceRnn;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.rewrite.RulePass;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// SequenceLstm, SequenceRnn → Lstm, Rnn where they say the same; else their steps, written out
/// where they are few, or as a Loop. Svdf → its arithmetic.
///
/// Holds in every mode but one: what a kernel for quantized weights rounds on its way is not
/// rounded.
public final class ReplaceSequence {
  private static final int MOST_STEPS = 256;

  private final SequenceOp.Gated op;
  private final Match<?> match;
  private final Formula f;
  private final int time;

  private ReplaceSequence(SequenceOp.Gated op, Match<?> match, Formula f) {
    this.op = op;
    this.match = match;
    this.f = f;
    this.time = op.batchFirst() ? 1 : 0;
  }

  /// @param keep nodes that the target has an operator for
  public static Pass pass(Predicate<Node> keep) {
    return new Whole(
        new RulePass(
            "sequences",
            List.of(
                new Replacement<>(
                    "ReplaceSequenceLstm",
                    SequenceLstm.class,
                    (op, m, f) -> replace(op, m, f, keep)),
                new Replacement<>(
                    "ReplaceSequenceRnn", SequenceRnn.class, (op, m, f) -> replace(op, m, f, keep)),
                ReplaceSvdf.rule(keep))));
  }

  /// What it makes of constants is folded.
  private record Whole(RulePass rules) implements Pass {
    @Override
    public String name() {
      return rules.name();
    }

    @Override
    public Set<Class<? extends Op>> roots() {
      return rules.roots();
    }

    @Override
    public void run(Graph graph, PassLog log) {
      int before = log.firings();
      rules.run(graph, log);
      if (log.firings() == before) return;
      new DeadCode().run(graph, log);
      new ConstantFolding().run(graph, log);
      new CommonSubexpressions().run(graph, log);
      new DeadCode().run(graph, log);
    }
  }

  private static Outcome replace(
      SequenceOp.Gated op, Match<?> match, Formula f, Predicate<Node> keep) {
    if (keep.test(match.node())) return Replacement.left("the target has it");
    var x = match.input(0).shape();
    if (!x.hasRank(2) && !x.hasRank(3)) return Replacement.left("the input's rank is not known");
    return new ReplaceSequence(op, match, f).replace();
  }

  /// Results of one direction.
  ///
  /// @param all the hidden states of all steps
  /// @param last the states after the last step
  private record Walked(Value all, List<Value> last) {}

  private Outcome replace() {
    var walked = new ArrayList<Walked>();
    for (int d = 0; d < op.direction().count(); d++) walked.add(walk(d));
    var results = new ArrayList<Value>();
    var all = walked.stream().map(Walked::all).toList();
    if (op.merged()) results.add(f.concat(-1, all));
    else results.addAll(all);
    for (var each : walked) {
      for (var state : each.last()) results.add(shaped(state, results.size()));
    }
    return new Outcome.Replaced(results.subList(0, match.node().outputs().size()));
  }

  /// A state in the shape that it went in with.
  private Value shaped(Value state, int output) {
    var node = match.node();
    if (output >= node.outputs().size()) return state;
    var shape = node.output(output).shape();
    return shape.isFixed() && !shape.equals(state.shape())
        ? f.reshape(state, shape.fixedDims())
        : state;
  }

  private Walked walk(int d) {
    boolean isReverse = op.direction() == Direction.REVERSE || d == 1;
    var operands = new ArrayList<Value>();
    for (int i = 0; i < op.operandCount(); i++) operands.add(match.input(op.first(d) + i));
    var x = match.input(0);
    if (d == 1 && match.input(op.backwardInput()).isPresent()) x = match.input(op.backwardInput());
    var states = states(x, operands);
    if (x.shape().hasRank(2)) {
      var next = new SequenceCell(op, f, operands).step(x, states);
      return new Walked(next.get(0), next);
    }
    var function = function();
    if (function.isPresent() && isPlain(operands)) {
      return recorded(function.get(), isReverse, x, operands, states);
    }
    var steps = x.shape().dim(time);
    boolean isShort = steps.isFixed() && steps.fixed() > 0 && steps.fixed() <= MOST_STEPS;
    return isShort
        ? unrolled((int) steps.fixed(), isReverse, x, operands, states)
        : looped(isReverse, x, operands, states);
  }

  /// The states at first, as matrices.
  private List<Value> states(Value x, List<Value> operands) {
    var states = new ArrayList<Value>();
    for (int i = 0; i < op.stateCount(); i++) {
      var state = operands.get(op.firstState() + i);
      long width = operands.get(op.recurrent()).shape().dim(1 - i).fixed();
      if (!state.isPresent()) state = zeros(x, width);
      else if (!state.shape().hasRank(2)) state = f.reshape(state, -1, width);
      states.add(state);
    }
    return states;
  }

  private Value zeros(Value x, long width) {
    int batch = x.shape().hasRank(3) ? 1 - time : 0;
    var zero = f.constant(TensorData.scalar(DataType.FLOAT32, 0));
    return f.expand(zero, f.concat(0, f.dim(x, batch), f.vector(width)));
  }

  private Optional<Activation> function() {
    return switch (op.activation()) {
      case Identity _ -> Optional.of(new Activation(Activation.Kind.AFFINE, 1, 0));
      case Unary(var kind) when kind == Unary.Kind.RELU ->
          Optional.of(Activation.of(Activation.Kind.RELU));
      case Unary(var kind) when kind == Unary.Kind.TANH ->
          Optional.of(Activation.of(Activation.Kind.TANH));
      default -> Optional.empty();
    };
  }

  private boolean isPlain(List<Value> operands) {
    return !(op instanceof SequenceLstm lstm)
        || lstm.cellClip() == 0
            && !operands.get(SequenceLstm.PROJECTION).isPresent()
            && !operands.get(Gate.FORGET.norm()).isPresent();
  }

  // ---- as a record

  /// A record gives `[T, 1, N, H]` or `[N, T, 1, H]`.
  private Walked recorded(
      Activation function, boolean isReverse, Value x, List<Value> operands, List<Value> states) {
    var records = new SequenceRecords(f, operands);
    var direction = isReverse ? Direction.REVERSE : Direction.FORWARD;
    var made =
        switch (op) {
          case SequenceLstm _ -> records.lstm(x, states, function, direction, op.batchFirst());
          case SequenceRnn _ -> records.rnn(x, states, function, direction, op.batchFirst());
        };
    var last = new ArrayList<Value>();
    for (int i = 0; i < states.size(); i++) last.add(f.squeeze(made.output(1 + i), time));
    return new Walked(f.squeeze(made.output(0), time + 1), last);
  }

  // ---- step by step

  private Walked unrolled(
      int steps, boolean isReverse, Value x, List<Value> operands, List<Value> first) {
    var cell = new SequenceCell(op, f, operands);
    var outputs = new Value[steps];
    var states = first;
    for (int i = 0; i < steps; i++) {
      int at = isReverse ? steps - 1 - i : i;
      states = cell.step(f.gather(x, f.builder().scalar((long) at), time), states);
      outputs[at] = states.get(0);
    }
    return new Walked(f.stack(time, List.of(outputs)), states);
  }

  private Walked looped(boolean isReverse, Value x, List<Value> operands, List<Value> states) {
    var steps = f.squeeze(f.dim(x, time), 0);
    var body = new Body(isReverse, x, operands, states, steps);
    var inputs = new ArrayList<Value>(List.of(steps, Value.ABSENT));
    inputs.addAll(states);
    inputs.addAll(body.captured);
    var loop =
        f.builder().add(new Loop(states.size(), 1), inputs, states.size() + 1, List.of(body.graph));
    var stack = loop.output(states.size());
    if (isReverse) stack = f.reversed(stack, 0);
    if (op.batchFirst()) stack = f.transpose(stack, 1, 0, 2);
    return new Walked(stack, loop.outputs().subList(0, states.size()));
  }

  /// The loop's body: parameters are the iteration, the condition, the states and what is captured.
  private final class Body {
    private final Graph graph = new Graph("steps");
    private final Formula inside = new Formula(new GraphBuilder(graph));
    private final List<Value> captured = new ArrayList<>();

    Body(boolean isReverse, Value x, List<Value> operands, List<Value> states, Value steps) {
      var builder = inside.builder().from(match.node().origins());
      var step = builder.input("iteration", TensorType.of(DataType.INT64));
      var condition = builder.input("condition", TensorType.of(DataType.BOOL));
      var before = new ArrayList<Value>();
      for (var state : states) before.add(builder.input("state", state.type()));
      var own = new ArrayList<Value>();
      for (int i = 0; i < operands.size(); i++) {
        boolean isState = i >= op.firstState() && i < op.firstState() + op.stateCount();
        own.add(isState ? Value.ABSENT : capture(operands.get(i)));
      }
      var all = capture(x);
      if (isReverse) {
        var count = capture(steps);
        step = inside.sub(inside.sub(count, inside.scalar(count, 1)), step);
      }
      var next = new SequenceCell(op, inside, own).step(inside.gather(all, step, time), before);
      graph.addOutput("condition", condition);
      for (int i = 0; i < next.size(); i++) graph.addOutput("state_out_" + i, next.get(i));
      graph.addOutput("output", next.get(0));
    }

    private Value capture(Value value) {
      if (!value.isPresent()) return value;
      if (value.isConstant() && !value.type().isQuantized()) {
        return inside.constant(value.constant().orElseThrow());
      }
      captured.add(value);
      return inside.builder().input("used", value.type());
    }
  }
}
