package watari.format.tensorflow;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.IndexOp.OneHot;
import watari.op.MatMulOp.Det;
import watari.op.ReduceOp.ArgReduce;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Linear algebra.
final class TensorflowReadMatrixOps {
  /// Rows of a matrix whose elimination is unrolled.
  private static final int MOST_ROWS = 32;

  private TensorflowReadMatrixOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Cross", TensorflowReadMatrixOps::cross)
        .on("MatrixDeterminant", n -> n.give(new Det(), n.in(0)))
        .on("MatrixInverse", TensorflowReadMatrixOps::inverse);
  }

  /// Of vectors of 3 along the last axis.
  private static void cross(TensorflowReadNode n) {
    var f = n.formula();
    var a = n.in(0);
    var b = n.in(1);
    var left = f.mul(turned(f, a, 1, 2, 0), turned(f, b, 2, 0, 1));
    n.give(0, f.sub(left, f.mul(turned(f, a, 2, 0, 1), turned(f, b, 1, 2, 0))));
  }

  private static Value turned(Formula f, Value x, long... order) {
    return f.gather(x, f.vector(order), x.shape().rank() - 1);
  }

  /// Gauss and Jordan's elimination of `[A, 1]`, each step with the largest element of its column
  /// that is left; what stands beside is then the inverse.
  private static void inverse(TensorflowReadNode n) {
    var f = n.formula();
    var x = n.in(0);
    int rank = n.rank(0);
    var size = x.shape().dim(-1);
    if (!size.isFixed() || !size.equals(x.shape().dim(-2))) {
      throw TensorflowReadNode.computed("the size of its square matrices");
    }
    int rows = (int) Math.min(size.fixed(), Integer.MAX_VALUE);
    if (rows > MOST_ROWS) {
      throw TensorflowRefusal.unsupported(
          "its matrices have %d rows, of which Watari unrolls %d at most"
              .formatted(rows, MOST_ROWS),
          "invert them before, or in parts");
    }
    if (n.flag("adjoint", false)) x = f.toLast(x, rank - 2);
    var matrices = f.reshape(x, -1, rows, rows);
    var unit = f.expand(f.constant(unit(x.dtype(), rows)), f.shapeOf(matrices));
    var both = f.concat(2, matrices, unit);
    for (int i = 0; i < rows; i++) both = eliminated(f, both, i, rows);
    n.give(0, f.reshape(f.slice(both, 2, rows, 2L * rows), f.shapeOf(n.in(0))));
  }

  private static TensorData unit(DataType dtype, int rows) {
    var elements = new double[rows * rows];
    for (int i = 0; i < rows; i++) elements[i * rows + i] = 1;
    return TensorData.ofDoubles(dtype, Shape.of(rows, rows), elements);
  }

  private static Value eliminated(Formula f, Value both, int step, int rows) {
    var left = f.slice(f.slice(both, 2, step, step + 1L), 1, step, rows);
    var largest = f.op(new ArgReduce(true, 1, false, false, DataType.INT64), f.abs(left));
    var place = f.reshape(f.add(largest, step), -1);
    var bools = f.cast(f.vector(0, 1), DataType.BOOL);
    var isPivot = f.unsqueeze(f.op(new OneHot(-1, false), place, f.vector(rows), bools), -1);
    var pivot = f.sum(f.select(isPivot, both, f.scalar(both, 0)), List.of(1));
    var own = f.slice(both, 1, step, step + 1L);
    var swapped = f.select(isPivot, own, both);
    var scaled = f.div(pivot, f.slice(pivot, 2, step, step + 1L));
    var factors = f.slice(swapped, 2, step, step + 1L);
    var others = f.sub(swapped, f.mul(factors, scaled));
    var isStep = new long[rows];
    isStep[step] = 1;
    var mask = f.reshape(f.cast(f.vector(isStep), DataType.BOOL), 1, rows, 1);
    return f.select(mask, scaled, others);
  }
}
