package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.MatMul;
import watari.op.ShapeOp.Concat;
import watari.op.Shapes;
import watari.pass.replace.Formula;

/// Layers of several inputs. An input of fewer axes gets those that it lacks behind the batch.
final class KerasReadMergeOps {
  private KerasReadMergeOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Add", call -> fold(call, Binary.Kind.ADD))
        .on("Subtract", call -> fold(call, Binary.Kind.SUB))
        .on("Multiply", call -> fold(call, Binary.Kind.MUL))
        .on("Maximum", call -> fold(call, Binary.Kind.MAX))
        .on("Minimum", call -> fold(call, Binary.Kind.MIN))
        .on("Average", KerasReadMergeOps::average)
        .on("Concatenate", KerasReadMergeOps::concatenate)
        .on("Dot", KerasReadMergeOps::dot);
  }

  private static void fold(KerasCall call, Binary.Kind kind) {
    call.give(folded(call, kind));
  }

  private static Value folded(KerasCall call, Binary.Kind kind) {
    var f = call.formula();
    BinaryOperator<Value> operator = (a, b) -> f.binary(kind, a, b);
    return aligned(call).stream()
        .reduce(operator)
        .orElseThrow(() -> KerasRefusal.broken("it is called without a tensor"));
  }

  private static List<Value> aligned(KerasCall call) {
    var f = call.formula();
    int rank = call.inputs().stream().mapToInt(call::rank).max().orElse(0);
    var all = new ArrayList<Value>();
    for (var x : call.inputs()) {
      var missing = new long[rank - call.rank(x)];
      for (int i = 0; i < missing.length; i++) missing[i] = i + 1L;
      all.add(f.unsqueeze(x, missing));
    }
    return all;
  }

  private static void average(KerasCall call) {
    int count = call.inputs().size();
    call.give(call.formula().mul(folded(call, Binary.Kind.ADD), 1.0 / count));
  }

  private static void concatenate(KerasCall call) {
    int axis = call.axis("axis", -1);
    call.give(call.builder().add(new Concat(axis), call.inputs()));
  }

  // ---- products

  /// The sum over one axis of each, for each sample of the batch.
  private static void dot(KerasCall call) {
    var f = call.formula();
    var x = call.inputs().get(0);
    var y = call.inputs().get(1);
    var axes = call.config().integers("axes", 2);
    int a = Shapes.axis(axes.get(0), call.rank(x));
    int b = Shapes.axis(axes.get(1), call.rank(y));
    if (call.config().flag("normalize", false)) {
      x = unit(f, x, a);
      y = unit(f, y, b);
    }
    call.give(batchDot(call, x, y, a, b));
  }

  private static Value unit(Formula f, Value x, int axis) {
    var squares = f.max(f.sum(f.square(x), List.of(axis)), 1e-12);
    return f.div(x, f.sqrt(squares));
  }

  private static Value batchDot(KerasCall call, Value x, Value y, int a, int b) {
    var f = call.formula();
    int ranks = call.rank(x) + call.rank(y);
    if (call.rank(x) > 3 || call.rank(y) > 3) return einsum(call, x, y, a, b);
    if (ranks == 4)
      return f.reduce(watari.op.ReduceOp.Reduce.Kind.SUM, f.mul(x, y), true, List.of(1));
    boolean isRow = call.rank(x) == 2;
    boolean isColumn = call.rank(y) == 2;
    var left = isRow ? f.unsqueeze(x, 1) : x;
    var right = isColumn ? f.unsqueeze(y, 2) : y;
    var product = f.op(new MatMul(!isRow && a == 1, !isColumn && b == 2), left, right);
    if (isRow) return f.squeeze(product, 1);
    return isColumn ? f.squeeze(product, 2) : product;
  }

  /// The axes of `x` without its `a`, then those of `y` without its `b`.
  private static Value einsum(KerasCall call, Value x, Value y, int a, int b) {
    var left = new StringBuilder("a");
    var right = new StringBuilder("a");
    var rest = new StringBuilder("a");
    char letter = 'c';
    for (int i = 1; i < call.rank(x); i++) {
      char each = i == a ? 'b' : letter++;
      left.append(each);
      if (i != a) rest.append(each);
    }
    for (int i = 1; i < call.rank(y); i++) {
      char each = i == b ? 'b' : letter++;
      right.append(each);
      if (i != b) rest.append(each);
    }
    var equation = left + "," + right + "->" + rest;
    return call.formula().op(new watari.op.MatMulOp.Einsum(equation), x, y);
  }
}
