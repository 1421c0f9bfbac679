package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import watari.finding.Finding;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp;
import watari.op.Custom;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.pass.replace.Formula;
import watari.pass.replace.InFloats;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Operators whose kernels do not take their element types are computed in others.
final class TypeRules {
  /// The next wider type, which holds all values of the narrower.
  private static final Map<DataType, DataType> WIDER =
      Map.of(
          DataType.INT8, DataType.INT32,
          DataType.UINT8, DataType.INT32,
          DataType.INT16, DataType.INT32,
          DataType.UINT16, DataType.INT32,
          DataType.UINT32, DataType.INT64,
          DataType.BOOL, DataType.INT32);

  private TypeRules() {}

  /// @param refuse why a node cannot be written
  static List<Rule<?>> all(Function<Node, Optional<Finding>> refuse) {
    return List.of(
        new SmallRule<>(
            "ReplaceConvert", Convert.class, (op, match, f) -> convert(match, f, refuse)),
        new SmallRule<>("ComputeInFloats", Op.class, (op, match, f) -> inFloats(op, match, refuse)),
        new SmallRule<>(
            "ComputeInWiderType", Op.class, (op, match, f) -> inWiderType(op, match, f, refuse)));
  }

  private static boolean isFixed(Op op) {
    return op instanceof Convert
        || op instanceof Cast
        || op instanceof Bitcast
        || op instanceof Custom
        || op instanceof ControlOp;
  }

  private static Outcome inFloats(
      Op op, Match<Op> match, Function<Node, Optional<Finding>> refuse) {
    var node = match.node();
    if (isFixed(op) || node.outputs().isEmpty() || !InFloats.isQuantized(node)) {
      return Replacement.left("nothing is quantized");
    }
    return refuse.apply(node).isPresent()
        ? InFloats.replace(match)
        : Replacement.left("it is a kernel");
  }

  private static Outcome inWiderType(
      Op op, Match<Op> match, Formula f, Function<Node, Optional<Finding>> refuse) {
    var node = match.node();
    if (isFixed(op) || node.outputs().isEmpty() || InFloats.isQuantized(node)) {
      return Replacement.left("its types are fixed");
    }
    var narrow =
        node.inputs().stream()
            .filter(v -> v.isPresent() && WIDER.containsKey(v.dtype()))
            .filter(v -> v.dtype() != DataType.BOOL || movesBools(op))
            .findFirst();
    boolean refused =
        narrow.isPresent()
            && refuse.apply(node).filter(x -> x.code().equals("DTYPE_UNSUPPORTED")).isPresent();
    if (!refused) return Replacement.left("it is a kernel");
    return widened(op, match, narrow.get().dtype(), f);
  }

  /// Whether elements are only moved, so that 0 and 1 stand for bools.
  private static boolean movesBools(Op op) {
    return op instanceof watari.op.ShapeOp || op instanceof watari.op.IndexOp;
  }

  private static Outcome widened(Op op, Match<Op> match, DataType narrow, Formula f) {
    var node = match.node();
    var wide = WIDER.getOrDefault(narrow, narrow);
    var inputs = new ArrayList<Value>();
    for (var input : node.inputs()) {
      inputs.add(input.isPresent() && input.dtype() == narrow ? f.cast(input, wide) : input);
    }
    var names = Collections.nCopies(node.outputs().size(), node.output(0).name());
    var made = f.builder().add(op, inputs, names, node.bodies());
    var results = new ArrayList<Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      var output = node.output(i);
      boolean back = output.isPresent() && output.dtype() == narrow;
      results.add(back ? f.cast(made.output(i), narrow) : made.output(i));
    }
    return new Outcome.Replaced(results);
  }

  /// Quantizing and dequantizing that no kernel does, as arithmetic.
  private static Outcome convert(
      Match<Convert> match, Formula f, Function<Node, Optional<Finding>> refuse) {
    var from = match.input(0);
    var to = match.output();
    if (refuse.apply(match.node()).isEmpty()) return Replacement.left("it is a kernel");
    if (from.type().isQuantized() && to.type().isQuantized()) {
      var real = f.op(new Convert(DataType.FLOAT32), from);
      var stored = f.op(new Convert(to.dtype()), real);
      Match.carryQuantization(stored, to.type());
      return match.replaceWith(stored);
    }
    if (from.isConstant() && from.type().isQuantized()) {
      var data = from.constant().orElseThrow();
      return match.replaceWith(
          f.constant(data.dequantized(from.type().quantization(), DataType.FLOAT32)));
    }
    return Replacement.left("no arithmetic does it");
  }
}
