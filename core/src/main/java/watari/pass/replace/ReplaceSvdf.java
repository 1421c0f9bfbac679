package watari.pass.replace;

import java.util.List;
import java.util.function.Predicate;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Identity;
import watari.op.MatMulOp.FullyConnected;
import watari.op.ReduceOp.Reduce;
import watari.op.SequenceOp.Svdf;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// `Svdf(x, filters, ages, bias, kept)` → `y = f(Σ ages · k + bias)` and `k = concat(kept without
/// the oldest, FullyConnected(x, filters))`.
///
/// Holds always. Where what is kept is stored as integers, so is each new result.
final class ReplaceSvdf {
  private final Svdf op;
  private final Match<Svdf> match;
  private final Formula f;

  private ReplaceSvdf(Svdf op, Match<Svdf> match, Formula f) {
    this.op = op;
    this.match = match;
    this.f = f;
  }

  /// @param keep nodes that the target has an operator for
  static Rule<Svdf> rule(Predicate<Node> keep) {
    return new Replacement<>(
        "ReplaceSvdf",
        Svdf.class,
        (op, match, f) ->
            keep.test(match.node())
                ? Replacement.left("the target has it")
                : new ReplaceSvdf(op, match, f).replace());
  }

  private Value operand(int i) {
    return match.input(op.first(0) + i);
  }

  private Outcome replace() {
    var ages = operand(Svdf.AGES);
    if (!ages.shape().isFixed()) return Replacement.left("the number of filters is not known");
    long filters = ages.shape().dim(0).fixed();
    long memory = ages.shape().dim(1).fixed();
    var kept = kept(filters, memory);
    var weighed = f.mul(kept, ages);
    var each = f.reduce(Reduce.Kind.SUM, weighed, false, List.of(2));
    var units = f.reshape(each, -1, filters / op.rank(), op.rank());
    var sum = f.reduce(Reduce.Kind.SUM, units, false, List.of(2));
    var bias = operand(Svdf.BIAS);
    if (bias.isPresent()) sum = f.add(sum, bias);
    var result = op.activation() instanceof Identity ? sum : f.op(op.activation(), sum);
    var last = stored(f.reshape(kept, -1, filters * memory), kept.type());
    var results = List.of(result, shaped(last));
    return new Outcome.Replaced(results.subList(0, match.node().outputs().size()));
  }

  /// The last results of each filter, this step's behind: `[N, filters, memory]`.
  private Value kept(long filters, long memory) {
    var before = before(filters, memory);
    var type = before.type();
    var feature = f.op(new FullyConnected(), match.input(0), operand(Svdf.FILTERS));
    var newest = stored(f.unsqueeze(stored(feature, type), 2), type);
    if (memory == 1) return newest;
    var older = stored(f.slice(before, 2, 1, memory), type);
    return stored(f.concat(2, older, newest), type);
  }

  private Value before(long filters, long memory) {
    var state = operand(Svdf.KEPT);
    if (state.isPresent()) return stored(f.reshape(state, -1, filters, memory), state.type());
    var zero = f.constant(TensorData.scalar(match.input(0).dtype(), 0));
    return f.expand(zero, f.concat(0, f.dim(match.input(0), 0), f.vector(filters, memory)));
  }

  /// The state in the shape that it went in with.
  private Value shaped(Value last) {
    var state = operand(Svdf.KEPT);
    if (!state.isPresent()) return last;
    Shape shape = state.shape();
    boolean isOther = shape.isFixed() && !shape.equals(last.shape());
    return isOther ? stored(f.reshape(last, shape), last.type()) : last;
  }

  private static Value stored(Value value, TensorType like) {
    Match.carryQuantization(value, like);
    return value;
  }
}
