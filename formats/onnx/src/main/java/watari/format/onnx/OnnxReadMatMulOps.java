package watari.format.onnx;

import java.util.TreeMap;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.Det;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.tensor.Shape;

/// Products and sums along an axis.
final class OnnxReadMatMulOps {
  private OnnxReadMatMulOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("MatMul", n -> n.give(new MatMul(false, false), n.in(0), n.in(1)))
        .on("MatMulInteger", n -> n.give(new MatMulInteger(), n.inputs()))
        .on("Gemm", OnnxReadMatMulOps::gemm)
        .on("Einsum", OnnxReadMatMulOps::einsum)
        .on("Det", n -> n.give(new Det(), n.in(0)));
  }

  /// `alpha · A · B + beta · C`; fully connected where that says the same.
  static void gemm(OnnxReadNode n) {
    float alpha = n.real("alpha", 1);
    float beta = n.has(2) ? n.real("beta", 1) : 0;
    boolean transposeA = n.flag("transA", false);
    boolean transposeB = n.flag("transB", false);
    boolean isFullyConnected = !transposeA && alpha == 1 && (beta == 0 || beta == 1);
    if (isFullyConnected && beta == 0) {
      n.give(0, new FullyConnected(), n.in(0), weights(n, transposeB));
      return;
    }
    if (isFullyConnected) {
      var bias = bias(n.in(2), n.shape(1), transposeB ? 0 : 1);
      if (bias.isPresent()) {
        n.give(0, new FullyConnected(), n.in(0), weights(n, transposeB), bias(n, bias));
        return;
      }
    }
    var product = n.add(new MatMul(transposeA, transposeB), n.in(0), n.in(1));
    if (alpha != 1) product = n.times(product, n.like(product, alpha));
    if (beta == 0) {
      n.give(0, product);
      return;
    }
    var added = n.in(2);
    if (beta != 1) added = n.times(added, n.like(added, beta));
    n.give(0, new Binary(Binary.Kind.ADD), product, added);
  }

  private static Value weights(OnnxReadNode n, boolean transposed) {
    var b = n.in(1);
    if (transposed) return b;
    var perm = OnnxTerms.swap(2, 0, 1);
    return b.constant()
        .map(data -> n.constant(data.transposed(perm)))
        .orElseGet(() -> n.transpose(b, perm));
  }

  /// The value if it has one element for each output; else one of another rank.
  private static Value bias(Value c, Shape b, int outputAxis) {
    var shape = c.shape();
    if (!shape.isRanked() || !b.hasRank(2)) return Value.ABSENT;
    var outputs = b.dim(outputAxis);
    boolean isVector = shape.hasRank(1) && shape.dim(0).equals(outputs);
    boolean isRow =
        c.isConstant() && shape.hasRank(2) && shape.dim(0).is(1) && shape.dim(1).equals(outputs);
    return isVector || isRow ? c : Value.ABSENT;
  }

  private static Value bias(OnnxReadNode n, Value c) {
    if (c.shape().hasRank(1)) return c;
    return n.constant(c.constant().orElseThrow().reshaped(Shape.of(c.shape().dim(1))));
  }

  /// The equation with its output, without blanks.
  private static void einsum(OnnxReadNode n) {
    var equation = n.text("equation", "").replace(" ", "");
    n.give(
        new Einsum(equation.contains("->") ? equation : equation + "->" + output(equation)),
        n.inputs());
  }

  /// Letters that come once, in alphabetical order, behind the broadcast axes.
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
}
