package watari.format.openvino;

import java.util.TreeMap;
import watari.format.ReadTable;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.MatMul;

/// Products.
final class OpenvinoReadMatMulOps {
  private OpenvinoReadMatMulOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("MatMul", OpenvinoReadMatMulOps::matMul)
        .on("Einsum", 7, OpenvinoReadMatMulOps::einsum);
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
}
