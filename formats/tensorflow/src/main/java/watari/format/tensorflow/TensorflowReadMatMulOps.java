package watari.format.tensorflow;

import java.util.List;
import java.util.TreeSet;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.MatMul;

/// Products and sums along an axis.
final class TensorflowReadMatMulOps {
  private TensorflowReadMatMulOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("BatchMatMul", n -> matMul(n, "adj_x", "adj_y"))
        .on("BatchMatMulV2", n -> matMul(n, "adj_x", "adj_y"))
        .on("BatchMatMulV3", n -> matMul(n, "adj_x", "adj_y"))
        .on("Einsum", TensorflowReadMatMulOps::einsum)
        .on("MatMul", n -> matMul(n, "transpose_a", "transpose_b"));
  }

  /// Of complex numbers `adj` would conjugate, too.
  private static void matMul(TensorflowReadNode n, String a, String b) {
    boolean turnsA = n.flag(a, false);
    boolean turnsB = n.flag(b, false);
    if (n.dtype(0).isComplex()) {
      throw TensorflowRefusal.unsupported(
          "it multiplies complex numbers", "compute with their parts");
    }
    Value left = n.in(0);
    Value right = n.in(1);
    if (n.hasAttribute("Tout")) {
      var to = n.type("Tout", left.dtype());
      left = n.formula().cast(left, to);
      right = n.formula().cast(right, to);
    }
    n.give(new MatMul(turnsA, turnsB), left, right);
  }

  /// The equation gets its output where it leaves it out, as numpy does.
  private static void einsum(TensorflowReadNode n) {
    var equation = n.text("equation", "").replace(" ", "");
    if (!equation.contains("->")) equation += "->" + implied(equation);
    n.give(new Einsum(equation), List.copyOf(n.inputs()));
  }

  private static String implied(String terms) {
    var letters = new TreeSet<Character>();
    for (int i = 0; i < terms.length(); i++) {
      char letter = terms.charAt(i);
      boolean isOnce = terms.indexOf(letter) == terms.lastIndexOf(letter);
      if (Character.isLetter(letter) && isOnce) letters.add(letter);
    }
    var output = new StringBuilder(terms.contains("...") ? "..." : "");
    letters.forEach(output::append);
    return output.toString();
  }
}
