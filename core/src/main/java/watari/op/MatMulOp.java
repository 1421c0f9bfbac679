package watari.op;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Products and sums along an axis.
public sealed interface MatMulOp extends Op {
  /// Numpy's `matmul`: `a` `[…, M, K]`, `b` `[…, K, N]`, outer axes broadcast; vectors are taken as
  /// a row and a column, whose axis the output drops. The last two axes of an operand of rank 2 or
  /// more may be swapped first.
  ///
  /// Source: ONNX MatMul-13, TFLite BATCH_MATMUL.
  record MatMul(boolean transposeA, boolean transposeB) implements MatMulOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(
          new TensorType(
              in.dtype(0), matMul(in.shape(0), in.shape(1), transposeA, transposeB, in)));
    }
  }

  /// `x · weightsᵀ + bias` over the last axis: `x` `[…, I]`, `weights` `[O, I]`, `bias` `[O]`
  /// (optional); output `[…, O]`.
  ///
  /// Source: TFLite FULLY_CONNECTED with keep_num_dims; ONNX Gemm with transB.
  record FullyConnected() implements MatMulOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      var weights = in.shape(1);
      if (!x.isRanked() || !weights.isRanked()) {
        return List.of(new TensorType(in.dtype(0), x));
      }
      Shapes.requireRankAtLeast(x, 1, "input");
      Shapes.requireRank(weights, 2, "weights");
      requireEqual(x.dim(-1), weights.dim(1), x, weights);
      return List.of(new TensorType(in.dtype(0), x.with(-1, weights.dim(0))));
    }
  }

  /// Matrix product of raw integers to int32: `(a - aZero) · (b - bZero)`.
  ///
  /// Inputs: `a`, `b`, `aZero` (scalar or per row, optional), `bZero` (scalar or per column,
  /// optional). Source: ONNX MatMulInteger-10.
  record MatMulInteger() implements MatMulOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = matMul(in.shape(0), in.shape(1), false, false, in);
      return List.of(new TensorType(DataType.INT32, shape));
    }
  }

  /// Einstein's summation: `ij,jk->ik`, with letters for axes, `...` for broadcast ones.
  ///
  /// Source: ONNX Einsum-12. The equation has its explicit form, without blanks.
  record Einsum(String equation) implements MatMulOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), shape(in)));
    }

    private Shape shape(InferContext in) {
      var sides = equation.split("->", -1);
      if (sides.length != 2) {
        throw new IllegalArgumentException("equation '" + equation + "' has no explicit output");
      }
      var terms = sides[0].split(",", -1);
      if (terms.length != in.inputCount()) {
        throw new IllegalArgumentException(
            "equation '"
                + equation
                + "' has "
                + terms.length
                + " terms for "
                + in.inputCount()
                + " inputs");
      }
      Map<Character, Dim> dims = new HashMap<>();
      Shape outer = Shape.SCALAR;
      for (int i = 0; i < terms.length; i++) {
        var shape = in.shape(i);
        if (!shape.isRanked()) return Shape.UNKNOWN;
        int letters = terms[i].replace("...", "").length();
        int dots = terms[i].indexOf("...");
        int free = shape.rank() - letters;
        if (free < 0 || free > 0 && dots < 0) {
          throw new IllegalArgumentException("term '" + terms[i] + "' does not fit shape " + shape);
        }
        int axis = 0;
        for (int at = 0; at < terms[i].length(); at++) {
          if (at == dots) {
            outer = Shapes.broadcast(outer, shape.slice(axis, axis + free), in);
            axis += free;
            at += 2;
          } else {
            var dim = shape.dim(axis++);
            dims.merge(terms[i].charAt(at), dim, (a, b) -> a.is(1) || b.isFixed() ? b : a);
          }
        }
      }
      return output(sides[1], dims, outer);
    }

    private Shape output(String side, Map<Character, Dim> dims, Shape outer) {
      var result = new ArrayList<Dim>();
      for (int at = 0; at < side.length(); at++) {
        if (side.startsWith("...", at)) {
          result.addAll(outer.dims());
          at += 2;
          continue;
        }
        var dim = dims.get(side.charAt(at));
        if (dim == null) {
          throw new IllegalArgumentException(
              "equation '" + equation + "' has an output axis that no input has");
        }
        result.add(dim);
      }
      return Shape.of(result);
    }
  }

  /// The determinant of the last two axes.
  record Det() implements MatMulOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var x = in.shape(0);
      Shapes.requireRankAtLeast(x, 2, "input");
      return List.of(new TensorType(in.dtype(0), x.isRanked() ? x.slice(0, x.rank() - 2) : x));
    }
  }

  private static void requireEqual(Dim a, Dim b, Shape x, Shape y) {
    if (a.isFixed() && b.isFixed() && !a.equals(b)) {
      throw new IllegalArgumentException(
          "shapes " + x + " and " + y + " do not multiply: " + a + " against " + b);
    }
  }

  private static Shape matMul(
      Shape a, Shape b, boolean transposeA, boolean transposeB, InferContext in) {
    if (!a.isRanked() || !b.isRanked()) return Shape.UNKNOWN;
    Shapes.requireRankAtLeast(a, 1, "the first operand");
    Shapes.requireRankAtLeast(b, 1, "the second operand");
    boolean row = a.rank() == 1;
    boolean column = b.rank() == 1;
    var rows = row ? Dim.ONE : a.dim(transposeA ? -1 : -2);
    var columns = column ? Dim.ONE : b.dim(transposeB ? -2 : -1);
    var inner = a.dim(transposeA && !row ? -2 : -1);
    requireEqual(inner, column ? b.dim(0) : b.dim(transposeB ? -1 : -2), a, b);
    var outerA = row ? Shape.SCALAR : a.slice(0, a.rank() - 2);
    var outerB = column ? Shape.SCALAR : b.slice(0, b.rank() - 2);
    var dims = new ArrayList<>(Shapes.broadcast(outerA, outerB, in).dims());
    if (!row) dims.add(rows);
    if (!column) dims.add(columns);
    return Shape.of(dims);
  }
}
