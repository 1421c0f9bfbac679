package watari.format.openvino;

import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.MatMul;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ShapeOp.Expand;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Products.
final class OpenvinoReadMatMulOps {
  /// Columns of a matrix whose inverse is written out.
  private static final long MOST_COLUMNS = 16;

  private OpenvinoReadMatMulOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("MatMul", OpenvinoReadMatMulOps::matMul)
        .on("Einsum", 7, OpenvinoReadMatMulOps::einsum)
        .on("Inverse", 14, OpenvinoReadMatMulOps::inverse);
  }

  private static void matMul(OpenvinoReadNode n) {
    var op = new MatMul(n.flag("transpose_a", false), n.flag("transpose_b", false));
    n.give(op, n.in(0), n.in(1));
  }

  /// The equation with its output, without blanks. Without an output, letters that come once are
  /// it, in alphabetical order, behind the broadcast axes.
  private static void einsum(OpenvinoReadNode n) {
    var equation = n.text("equation").replace(" ", "");
    if (!equation.contains("->")) equation += "->" + output(equation);
    n.give(new Einsum(equation), n.inputs());
  }

  private static String output(String terms) {
    var counts = new TreeMap<Character, Integer>();
    for (int i = 0; i < terms.length(); i++) {
      if (Character.isLetter(terms.charAt(i))) counts.merge(terms.charAt(i), 1, Integer::sum);
    }
    var output = new StringBuilder(terms.contains("...") ? "..." : "");
    counts.forEach((letter, count) -> {
      if (count == 1) output.append(letter);
    });
    return output.toString();
  }

  // ---- Inverse

  /// Gauss and Jordan's elimination with the identity beside each matrix; the largest element left
  /// of a column is its pivot.
  private static void inverse(OpenvinoReadNode n) {
    int rank = n.rank(0);
    var dim = n.shape(0).dim(rank - 1);
    if (!dim.isFixed() || dim.fixed() > MOST_COLUMNS || n.flag("adjoint", false)) {
      n.custom();
      return;
    }
    var f = n.formula();
    int size = Math.toIntExact(dim.fixed());
    var matrices = f.reshape(n.in(0), -1, size, size);
    var unit = f.op(new Expand(), f.constant(identity(size)), f.shapeOf(matrices));
    var both = f.concat(2, List.of(matrices, unit));
    for (int column = 0; column < size; column++) both = eliminated(f, both, column, size);
    n.give(0, f.reshape(f.slice(both, 2, size, 2L * size), f.shapeOf(n.in(0))));
  }

  private static TensorData identity(int size) {
    var all = new float[size * size];
    for (int i = 0; i < size; i++) all[i * size + i] = 1;
    return TensorData.ofFloats(Shape.of(1, size, size), all);
  }

  /// Brings a column's pivot to its row and clears the rest of the column.
  private static Value eliminated(Formula f, Value both, int column, int size) {
    var below = f.slice(f.slice(both, 2, column, column + 1L), 1, column, size);
    var largest = new ArgReduce(true, 1, false, false, DataType.INT64);
    var pivot = f.add(f.op(largest, f.squeeze(f.abs(below), 2)), column);
    var rows = f.vector(LongStream.range(0, size).toArray());
    var isPivot = f.unsqueeze(f.binary(Binary.Kind.EQUAL, rows, f.unsqueeze(pivot, 1)), 2);
    var pivotRow = f.sum(f.select(isPivot, both, f.scalar(both, 0)), List.of(1));
    var own = f.slice(both, 1, column, column + 1L);
    var isOwn = f.unsqueeze(f.binary(Binary.Kind.EQUAL, rows, f.vector(column)), 0, 2);
    var swapped = f.select(isPivot, own, both);
    var row = f.div(pivotRow, f.slice(pivotRow, 2, column, column + 1L));
    var cleared = f.sub(swapped, f.mul(f.slice(swapped, 2, column, column + 1L), row));
    return f.select(isOwn, row, cleared);
  }
}
