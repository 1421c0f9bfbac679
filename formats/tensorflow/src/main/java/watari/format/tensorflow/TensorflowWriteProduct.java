package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.RealFft2d;
import watari.tensor.DataType;

/// Products along an axis, softmaxes and complex numbers.
final class TensorflowWriteProduct {
  private TensorflowWriteProduct() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(MatMul.class, TensorflowWriteProduct::matMul)
        .on(FullyConnected.class, TensorflowWriteProduct::fullyConnected)
        .on(Softmax.class, (op, node, out) -> softmax("Softmax", op.axis(), node, out))
        .on(LogSoftmax.class, (op, node, out) -> softmax("LogSoftmax", op.axis(), node, out))
        .on(LpNorm.class, TensorflowWriteProduct::lpNorm)
        .on(Lrn.class, TensorflowWriteProduct::lrn)
        .on(RealFft2d.class, TensorflowWriteProduct::realFft2d)
        .on(ComplexPart.class, TensorflowWriteProduct::complexPart);
  }

  private static void matMul(MatMul op, Node node, TensorflowScope out) {
    var a = node.input(0).shape();
    var b = node.input(1).shape();
    if (!a.isRanked() || !b.isRanked()) {
      throw TensorflowRefusal.dynamic("the ranks of its operands are not known");
    }
    boolean isRow = a.rank() == 1;
    boolean isColumn = b.rank() == 1;
    var left = isRow ? out.op("ExpandDims", out.in(node, 0), out.index(0)) : out.in(node, 0);
    var right = isColumn ? out.op("ExpandDims", out.in(node, 1), out.index(1)) : out.in(node, 1);
    var product =
        product(
            left,
            right,
            op.transposeA() && !isRow,
            op.transposeB() && !isColumn,
            Math.max(a.rank(), b.rank()) <= 2,
            out);
    if (isColumn) product = out.op("Squeeze", s -> s.set("squeeze_dims", new long[] {-1}), product);
    if (isRow) {
      long axis = isColumn ? -1 : -2;
      product = out.op("Squeeze", s -> s.set("squeeze_dims", new long[] {axis}), product);
    }
    out.give(node, product);
  }

  private static Port product(
      Port a, Port b, boolean swapA, boolean swapB, boolean isMatrix, TensorflowScope out) {
    return isMatrix
        ? out.op("MatMul", s -> s.set("transpose_a", swapA).set("transpose_b", swapB), a, b)
        : out.op("BatchMatMulV2", s -> s.set("adj_x", swapA).set("adj_y", swapB), a, b);
  }

  private static void fullyConnected(FullyConnected op, Node node, TensorflowScope out) {
    var shape = node.input(0).shape();
    if (!shape.isRanked()) throw TensorflowRefusal.dynamic("the rank of its input is not known");
    var x = out.in(node, 0);
    var weights = node.input(1);
    boolean isConstant = weights.isConstant();
    var right = isConstant ? permuted(weights, List.of(1, 0), out) : out.in(node, 1);
    if (shape.rank() == 1) x = out.op("ExpandDims", x, out.index(0));
    var product = product(x, right, false, !isConstant, shape.rank() <= 2, out);
    if (shape.rank() == 1) {
      product = out.op("Squeeze", s -> s.set("squeeze_dims", new long[] {0}), product);
    }
    out.give(node, biased(product, node, 2, shape.rank(), out));
  }

  /// With a bias for each channel, the last axis.
  static Port biased(Port x, Node node, int i, int rank, TensorflowScope out) {
    if (!out.has(node, i)) return x;
    var bias = out.in(node, i);
    boolean isVector = node.input(i).shape().hasRank(1) && rank >= 2;
    return out.op(isVector ? "BiasAdd" : "AddV2", x, bias);
  }

  /// A value with its axes in another order: of a constant another constant is written.
  static Port permuted(Value value, List<Integer> perm, TensorflowScope out) {
    var data = value.constant();
    if (data.isPresent()) return out.weight(value.name(), data.get().transposed(perm));
    boolean moves = !perm.equals(IntStream.range(0, perm.size()).boxed().toList());
    return moves ? out.op("Transpose", out.port(value), out.ints(perm)) : out.port(value);
  }

  private static void softmax(String name, int axis, Node node, TensorflowScope out) {
    if (node.input(0).dtype() == DataType.BFLOAT16) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow does not round the steps of a softmax to bfloat16",
          "store the model with --precision float32");
    }
    var shape = node.input(0).shape();
    var x = out.in(node, 0);
    boolean isLast = axis == -1 || shape.isRanked() && axis == shape.rank() - 1;
    if (isLast && !shape.hasRank(0)) {
      out.give(node, out.op(name, x));
      return;
    }
    if (!shape.isRanked()) throw TensorflowRefusal.dynamic("the rank of its input is not known");
    var perm = new ArrayList<>(IntStream.range(0, shape.rank()).boxed().toList());
    int at = Math.floorMod(axis, shape.rank());
    perm.set(at, shape.rank() - 1);
    perm.set(shape.rank() - 1, at);
    var moved = out.op("Transpose", x, out.ints(perm));
    out.give(node, out.op("Transpose", out.op(name, moved), out.ints(perm)));
  }

  private static void lpNorm(LpNorm op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var sizes = op.p() == 1 ? out.op("Abs", x) : out.op("Square", x);
    var sum = out.op("Sum", s -> s.set("keep_dims", true), sizes, out.ints(op.axis()));
    var norm = op.p() == 1 ? sum : out.op("Sqrt", sum);
    out.give(
        node,
        op.epsilon() > 0
            ? out.op("RealDiv", x, out.op("Maximum", norm, out.scalar(x.type(), op.epsilon())))
            : out.op("DivNoNan", x, norm));
  }

  /// TensorFlow's alpha is not divided by the size, and its sizes are odd.
  private static void lrn(Lrn op, Node node, TensorflowScope out) {
    if (!node.input(0).shape().hasRank(4) || op.size() % 2 == 0) {
      throw TensorflowRefusal.unsupported(
          "TensorFlow normalizes images over an odd number of channels, not %d of shape %s"
              .formatted(op.size(), node.input(0).shape()),
          "end the model before this node with --outputs");
    }
    out.give(
        node,
        out.op(
            "LRN",
            s ->
                s.set("depth_radius", (op.size() - 1) / 2L)
                    .set("bias", op.bias())
                    .set("alpha", op.alpha() / op.size())
                    .set("beta", op.beta()),
            out.in(node, 0)));
  }

  private static void realFft2d(RealFft2d op, Node node, TensorflowScope out) {
    var lengths = out.cast(out.in(node, 1), DataType.INT32);
    out.give(
        node,
        out.op("RFFT2D", s -> s.set("Tcomplex", DataType.COMPLEX64), out.in(node, 0), lengths));
  }

  private static void complexPart(ComplexPart op, Node node, TensorflowScope out) {
    var x = out.in(node, 0);
    var name =
        switch (op.part()) {
          case REAL -> "Real";
          case IMAGINARY -> "Imag";
          case ABS -> "ComplexAbs";
        };
    var to = x.type() == DataType.COMPLEX128 ? DataType.FLOAT64 : DataType.FLOAT32;
    out.give(node, out.op(name, s -> s.set("Tout", to), x));
  }
}
