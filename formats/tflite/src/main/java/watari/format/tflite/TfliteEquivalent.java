package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.Custom;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Custom operators whose definition is known: read with a body of standard operators that compute
/// the same.
final class TfliteEquivalent {
  /// Writes the operator's formula, and gives its outputs.
  @FunctionalInterface
  interface Body {
    List<Value> of(List<Value> inputs, Formula f);
  }

  private TfliteEquivalent() {}

  /// Reads an operator whose inputs have these element types; with others it has no body.
  static void read(TfliteNode node, List<DataType> dtypes, Body formula) {
    if (!takes(node, dtypes)) {
      TfliteCustom.read(node, /* isCustom= */ true);
      return;
    }
    var body = body(node, formula);
    if (body.outputs().size() != node.outputCount()) {
      throw Unreadable.broken(
          "it has %d outputs, expected %d".formatted(node.outputCount(), body.outputs().size()));
    }
    var types = body.outputs().stream().map(Value::type).map(TensorType::withoutQuantization);
    var op =
        new Custom(
            TfliteCustom.CUSTOM,
            node.name(),
            node.version(),
            TfliteCustom.customOptions(node),
            types.toList(),
            /* isPure= */ true);
    var outputs = IntStream.range(0, node.outputCount()).boxed().toList();
    node.emit(outputs, op, node.inputs(), List.of(body));
  }

  private static boolean takes(TfliteNode node, List<DataType> dtypes) {
    if (node.inputCount() < dtypes.size()) {
      throw Unreadable.broken(
          "it has %d inputs, expected %d".formatted(node.inputCount(), dtypes.size()));
    }
    for (int i = 0; i < dtypes.size(); i++) {
      var type = node.in(i).type();
      if (type.isQuantized() || type.dtype() != dtypes.get(i)) return false;
    }
    return true;
  }

  private static Graph body(TfliteNode node, Body formula) {
    var body = new Graph(node.name());
    var builder = new GraphBuilder(body).from(node.origin());
    var parameters = new ArrayList<Value>();
    for (var input : node.inputs()) {
      if (input.isPresent()) parameters.add(builder.input(input.name(), input.type()));
    }
    for (var output : formula.of(parameters, new Formula(builder))) body.addOutput(output);
    return body;
  }
}
