package watari.format.tensorflow;

import java.lang.foreign.MemorySegment;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Diagonals of matrices, put in and taken out, by tables of their places.
///
/// Source: TensorFlow 2.21, array_ops: MatrixDiagV3 and its family.
final class TensorflowReadDiagonalOps {
  private static final long MOST_PLACES = 1 << 24;

  private TensorflowReadDiagonalOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("BatchMatrixBandPart", TensorflowReadDiagonalOps::bandPart)
        .on("MatrixBandPart", TensorflowReadDiagonalOps::bandPart)
        .on("MatrixDiag", n -> diag(n, 1))
        .on("MatrixDiagPart", n -> diagPart(n, 1))
        .on("MatrixDiagPartV2", n -> diagPart(n, 2))
        .on("MatrixDiagPartV3", n -> diagPart(n, 3))
        .on("MatrixDiagV2", n -> diag(n, 2))
        .on("MatrixDiagV3", n -> diag(n, 3))
        .on("MatrixSetDiag", n -> setDiag(n, 1))
        .on("MatrixSetDiagV2", n -> setDiag(n, 2))
        .on("MatrixSetDiagV3", n -> setDiag(n, 3));
  }

  // ---- the band around the main diagonal

  /// Inputs: matrices, how many diagonals below and above remain; all, where it is negative.
  private static void bandPart(TensorflowReadNode n) {
    var f = n.formula();
    var x = n.in(0);
    int rank = n.rank(0);
    var row = f.unsqueeze(f.range(f.dim(x, rank - 2)), 1);
    var column = f.unsqueeze(f.range(f.dim(x, rank - 1)), 0);
    var isIn =
        f.binary(
            Binary.Kind.AND,
            isWithin(n, f.sub(row, column), 1),
            isWithin(n, f.sub(column, row), 2));
    n.give(new watari.op.BinaryOp.Select(), isIn, x, f.scalar(x, 0));
  }

  private static Value isWithin(TensorflowReadNode n, Value distance, int limitInput) {
    var f = n.formula();
    var limit = f.reshape(f.cast(n.in(limitInput), DataType.INT64));
    var isOpen = f.binary(Binary.Kind.LESS, limit, f.scalar(limit, 0));
    var isNear = f.binary(Binary.Kind.LESS_EQUAL, distance, limit);
    return f.binary(Binary.Kind.OR, isNear, isOpen);
  }

  // ---- diagonals

  /// Diagonals of matrices, the highest first, each in a row.
  ///
  /// @param low the lowest, negative below the main one
  /// @param superLeft whether those above the main one begin at the left of their row
  /// @param subLeft whether those below do
  private record Band(
      long rows, long columns, long low, long high, boolean superLeft, boolean subLeft) {
    long count() {
      return high - low + 1;
    }

    long longest() {
      return Math.min(rows + Math.min(high, 0), columns - Math.max(low, 0));
    }

    private long offset(long diagonal) {
      boolean isLeft = diagonal >= 0 && superLeft || diagonal <= 0 && subLeft;
      long length = Math.min(rows + Math.min(0, diagonal), columns - Math.max(0, diagonal));
      return isLeft ? 0 : longest() - length;
    }

    /// Where each element of the matrix is among the diagonals; -1 where it is on none.
    long[] inDiagonals() {
      var places = new long[size(rows, columns)];
      for (long i = 0; i < rows; i++) {
        for (long j = 0; j < columns; j++) {
          long diagonal = j - i;
          boolean isOn = diagonal >= low && diagonal <= high;
          long along = j - Math.max(diagonal, 0) + offset(diagonal);
          places[(int) (i * columns + j)] = isOn ? (high - diagonal) * longest() + along : -1;
        }
      }
      return places;
    }

    /// Where each element of the diagonals is in the matrix; -1 where it is beside it.
    long[] inMatrix() {
      var places = new long[size(count(), longest())];
      java.util.Arrays.fill(places, -1);
      var back = inDiagonals();
      for (int i = 0; i < back.length; i++) if (back[i] >= 0) places[(int) back[i]] = i;
      return places;
    }

    private static int size(long a, long b) {
      if (a <= 0 || b <= 0 || a > MOST_PLACES / b) {
        throw TensorflowRefusal.broken("matrices of " + a + " by " + b + " have no diagonals");
      }
      return (int) (a * b);
    }
  }

  /// @param version 1 knows the main diagonal only, 2 begins all at the left
  private static Band band(
      TensorflowReadNode n, int version, long rows, long columns, long low, long high) {
    if (low > high || low <= -rows || high >= columns) {
      throw TensorflowRefusal.broken(
          "matrices of %d by %d have no diagonals %d to %d".formatted(rows, columns, low, high));
    }
    var text = version < 3 ? "LEFT_LEFT" : n.text("align", "RIGHT_LEFT");
    return switch (text) {
      case "LEFT_RIGHT" -> new Band(rows, columns, low, high, true, false);
      case "RIGHT_LEFT" -> new Band(rows, columns, low, high, false, true);
      case "LEFT_LEFT" -> new Band(rows, columns, low, high, true, true);
      case "RIGHT_RIGHT" -> new Band(rows, columns, low, high, false, false);
      default -> throw TensorflowReadNode.unknown("align", text, "'RIGHT_LEFT' or another order");
    };
  }

  /// The lowest and highest diagonal that an input names.
  private static long[] diagonals(TensorflowReadNode n, int version, int i) {
    if (version == 1) return new long[2];
    var given = n.integers(i, "which diagonals it takes");
    return given.length == 1 ? new long[] {given[0], given[0]} : given;
  }

  private static long fixed(Shape shape, int axis) {
    Dim dim = shape.dim(axis);
    if (!dim.isFixed()) throw TensorflowReadNode.computed("the size of its matrices");
    return dim.fixed();
  }

  private static Value padding(TensorflowReadNode n, int version, int i, Value x) {
    return version == 1 ? n.formula().scalar(x, 0) : n.formula().reshape(n.in(i));
  }

  /// Inputs: diagonals, which they are, rows, columns (-1: as few as there can be), padding.
  private static void diag(TensorflowReadNode n, int version) {
    var x = n.in(0);
    int rank = n.rank(0);
    var which = diagonals(n, version, 1);
    long longest = fixed(x.shape(), rank - 1);
    long leastRows = longest - Math.min(which[1], 0);
    long leastColumns = longest + Math.max(which[0], 0);
    long rows = version == 1 ? -1 : n.integers(2, "the number of rows")[0];
    long columns = version == 1 ? -1 : n.integers(3, "the number of columns")[0];
    if (rows < 0 && columns < 0) {
      rows = Math.max(leastRows, leastColumns);
      columns = rows;
    } else if (rows < 0) {
      rows = leastRows;
    } else if (columns < 0) {
      columns = leastColumns;
    }
    var band = band(n, version, rows, columns, which[0], which[1]);
    int taken = band.count() == 1 ? 1 : 2;
    var picked = picked(n, x, taken, band.inDiagonals(), rows, columns);
    n.give(0, chosen(n, band.inDiagonals(), picked, padding(n, version, 4, x), rows, columns));
  }

  /// Inputs: matrices, which diagonals, padding.
  private static void diagPart(TensorflowReadNode n, int version) {
    var x = n.in(0);
    int rank = n.rank(0);
    var which = diagonals(n, version, 1);
    var band =
        band(
            n, version, fixed(x.shape(), rank - 2), fixed(x.shape(), rank - 1), which[0], which[1]);
    var places = band.inMatrix();
    long[] dims =
        band.count() == 1 ? new long[] {band.longest()} : new long[] {band.count(), band.longest()};
    var picked = picked(n, x, 2, places, dims);
    n.give(0, chosen(n, places, picked, padding(n, version, 2, x), dims));
  }

  /// Inputs: matrices, diagonals, which they are.
  private static void setDiag(TensorflowReadNode n, int version) {
    var x = n.in(0);
    int rank = n.rank(0);
    long rows = fixed(x.shape(), rank - 2);
    long columns = fixed(x.shape(), rank - 1);
    var which = diagonals(n, version, 2);
    var band = band(n, version, rows, columns, which[0], which[1]);
    int taken = band.count() == 1 ? 1 : 2;
    var places = band.inDiagonals();
    var picked = picked(n, n.in(1), taken, places, rows, columns);
    n.give(0, chosen(n, places, picked, x, rows, columns));
  }

  // ---- by tables of places

  /// The elements at places of the last axes, which become others; any, where there is no place.
  private static Value picked(
      TensorflowReadNode n, Value x, int axes, long[] places, long... dims) {
    Formula f = n.formula();
    int outer = n.rank(x, "its input") - axes;
    var known = new long[places.length];
    for (int i = 0; i < places.length; i++) known[i] = Math.max(0, places[i]);
    var flat = axes == 1 ? x : f.reshape(x, shape(f, x, outer, -1));
    var found = f.gather(flat, f.constant(TensorData.vector(known)), outer);
    return dims.length == 1 ? found : f.reshape(found, shape(f, x, outer, dims));
  }

  private static Value shape(Formula f, Value x, int outer, long... dims) {
    if (outer == 0) return f.vector(dims);
    var outerShape = x.shape().slice(0, outer);
    if (!outerShape.isFixed()) return f.concat(0, f.shape(x, 0, outer), f.vector(dims));
    return f.constant(
        TensorData.joined(
            List.of(TensorData.vector(outerShape.fixedDims()), TensorData.vector(dims))));
  }

  private static Value chosen(
      TensorflowReadNode n, long[] places, Value picked, Value otherwise, long... dims) {
    var isThere = new byte[places.length];
    boolean all = true;
    for (int i = 0; i < places.length; i++) {
      isThere[i] = (byte) (places[i] >= 0 ? 1 : 0);
      all &= places[i] >= 0;
    }
    if (all) return picked;
    var mask = TensorData.of(DataType.BOOL, Shape.of(dims), MemorySegment.ofArray(isThere));
    return n.formula().select(n.builder().constant(mask), picked, otherwise);
  }
}
