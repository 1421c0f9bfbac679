package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Findings;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// How many turns a loop takes, where its condition only compares counters with limits.
///
/// @param turns for each comparison how many turns it allows, as scalars outside of the loop
/// @param counters places of what grows by one each turn from 0 on
/// @param body in which the counters are parameters
/// @param folding what is known outside
record LoopCount(
    List<Value> turns, List<Integer> counters, LoopBody body, TensorflowFolding folding) {

  /// Nothing where the condition is of another kind.
  static Optional<LoopCount> of(TensorflowReadLoop loop, LoopBody body) {
    var reading = new Reading(loop, body);
    return reading.count();
  }

  /// Whether an index in the body is the number of the turn.
  boolean numbers(Value index) {
    var plain = plain(index);
    return counters.stream().anyMatch(i -> parameter(body, i).filter(p -> p == plain).isPresent());
  }

  /// Whether a number is that of all turns.
  ///
  /// @param number a vector of one integer
  boolean isCount(Value number) {
    if (turns.isEmpty()) return false;
    var size = known(number);
    boolean isKnown = size.isPresent() && turns.stream().allMatch(each -> known(each).isPresent());
    if (isKnown) {
      long least = turns.stream().mapToLong(each -> known(each).get()).min().orElse(0);
      return size.get() == Math.max(0, least);
    }
    return turns.stream().allMatch(each -> isSame(each, number));
  }

  private Optional<Long> known(Value value) {
    return folding.of(value).filter(data -> data.size() == 1).map(data -> data.longAt(0));
  }

  private boolean isSame(Value turn, Value number) {
    if (plain(turn) == plain(number)) return true;
    var a = folding.dims(turn);
    var b = folding.dims(number);
    return a.isPresent() && a.equals(b);
  }

  /// The number of turns, an int64 scalar.
  Value trips(Formula formula) {
    var least = formula.cast(turns.get(0), DataType.INT64);
    for (var turn : turns.subList(1, turns.size())) {
      least = formula.min(least, formula.cast(turn, DataType.INT64));
    }
    var known = folding.of(least);
    return known
        .map(data -> formula.constant(TensorData.scalar(Math.max(0, data.longAt(0)))))
        .orElse(least);
  }

  /// A value before casts and shapes that leave its number as it is.
  private static Value plain(Value value) {
    var found = value;
    while (found.producer().isPresent()) {
      var op = found.producer().get().op();
      boolean passes =
          op instanceof Identity
              || op instanceof watari.op.ShapeOp.Reshape
              || op instanceof watari.op.ShapeOp.Squeeze
              || op instanceof watari.op.ShapeOp.Unsqueeze
              || op instanceof Cast(DataType to, _) && to.isInteger();
      if (!passes) return found;
      found = found.producer().get().input(0);
    }
    return found;
  }

  private static Optional<Value> parameter(LoopBody body, int i) {
    return body.inside().get(i) instanceof Held.Tensor(Value value)
        ? Optional.of(value)
        : Optional.empty();
  }

  /// Takes a condition apart.
  private static final class Reading {
    private final TensorflowReadLoop loop;
    private final LoopBody body;
    private final Formula formula;
    private final List<Value> turns = new ArrayList<>();

    Reading(TensorflowReadLoop loop, LoopBody body) {
      this.loop = loop;
      this.body = body;
      this.formula = new Formula(loop.outside().builder());
    }

    Optional<LoopCount> count() {
      var model = loop.outside().model();
      var before = model.divert(new Findings());
      try {
        var condition = loop.source().condition(body.builder(), body.inside());
        boolean isCounted = condition instanceof Held.Tensor(Value value) && compares(value);
        if (!isCounted) return Optional.empty();
      } finally {
        model.divert(before);
      }
      var fromZero = new ArrayList<Integer>();
      for (int i = 0; i < body.inside().size(); i++) {
        if (counts(i) && start(i).filter(data -> data.longAt(0) == 0).isPresent()) fromZero.add(i);
      }
      return Optional.of(new LoopCount(turns, fromZero, body, loop.outside().folding()));
    }

    private boolean compares(Value condition) {
      if (condition.producer().isEmpty()) return false;
      var node = condition.producer().get();
      if (node.op() instanceof Identity || node.op() instanceof watari.op.ShapeOp.Squeeze) {
        return compares(node.input(0));
      }
      if (!(node.op() instanceof Binary(var kind))) return false;
      return switch (kind) {
        case AND -> compares(node.input(0)) && compares(node.input(1));
        case LESS -> compares(node.input(0), node.input(1), 0);
        case LESS_EQUAL -> compares(node.input(0), node.input(1), 1);
        case GREATER -> compares(node.input(1), node.input(0), 0);
        case GREATER_EQUAL -> compares(node.input(1), node.input(0), 1);
        default -> false;
      };
    }

    /// `counter < limit` allows `limit - start` turns.
    private boolean compares(Value counter, Value limit, long more) {
      if (!counter.dtype().isInteger()) return false;
      var outer = outer(limit);
      for (int i = 0; i < body.inside().size(); i++) {
        boolean isThis = parameter(body, i).filter(p -> p == counter).isPresent();
        if (!isThis || !counts(i) || outer.isEmpty()) continue;
        var start = start(i);
        if (start.isEmpty()) return false;
        turns.add(turn(outer.get(), start.get(), more));
        return true;
      }
      return false;
    }

    private Value turn(Value limit, TensorData start, long more) {
      var scalar = limit.shape().hasRank(0) ? limit : formula.reshape(limit);
      long added = more - start.longAt(0);
      return added == 0 ? scalar : formula.add(formula.cast(scalar, DataType.INT64), added);
    }

    /// A limit as it is outside.
    private Optional<Value> outer(Value limit) {
      if (limit.isConstant()) {
        return limit.constant().map(formula::constant);
      }
      return body.parameters().entrySet().stream()
          .filter(each -> each.getValue() == limit)
          .map(Map.Entry::getKey)
          .findFirst();
    }

    /// Whether what is carried at a place grows by one each turn.
    private boolean counts(int i) {
      var parameter = parameter(body, i);
      if (parameter.isEmpty() || !parameter.get().dtype().isInteger()) return false;
      if (!(body.left().get(i) instanceof Held.Tensor(Value left))) return false;
      var node = left.producer();
      if (node.isEmpty() || !node.get().op().equals(new Binary(Binary.Kind.ADD))) return false;
      var a = node.get().input(0);
      var b = node.get().input(1);
      return a == parameter.get() && isOne(b) || b == parameter.get() && isOne(a);
    }

    private static boolean isOne(Value value) {
      return value.constant().filter(data -> data.size() == 1 && data.longAt(0) == 1).isPresent();
    }

    private Optional<TensorData> start(int i) {
      return switch (loop.initial().get(i)) {
        case Held.Constant(_, TensorData data) -> Optional.of(data);
        case Held.Tensor(Value value) -> loop.outside().folding().of(value);
        default -> Optional.empty();
      };
    }
  }
}
