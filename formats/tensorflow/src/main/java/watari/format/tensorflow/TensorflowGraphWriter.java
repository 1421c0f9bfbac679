package watari.format.tensorflow;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;

/// Writes the nodes of a graph, or of a body, into a scope.
final class TensorflowGraphWriter {
  private TensorflowGraphWriter() {}

  static void write(Graph graph, TensorflowScope out) {
    for (var node : graph) write(node, out);
  }

  private static void write(Node node, TensorflowScope out) {
    for (var value : values(node)) requireType(value);
    var entry =
        TensorflowWriteOps.TABLE
            .entry(node.op())
            .orElseThrow(() ->
                TensorflowRefusal.unsupported(
                    "operator '" + node.op().name() + "' has no TensorFlow equivalent",
                    "end the model before this node with --outputs"));
    out.setPrefix(node.outputs().isEmpty() ? "" : node.output(0).name());
    try {
      entry.write(node.op(), node, out);
    } catch (ArithmeticException _) {
      throw TensorflowRefusal.unsupported(
          "a number that says how it moves elements is not known or too large",
          "state the shapes with --input-shape");
    }
  }

  private static List<Value> values(Node node) {
    return Stream.concat(node.inputs().stream(), node.outputs().stream())
        .filter(Value::isPresent)
        .toList();
  }

  private static void requireType(Value value) {
    if (!TensorflowWriteTypes.isKnown(value.dtype())) TensorflowWriteTypes.proto(value.dtype());
  }

  /// Outputs, each a node of its own behind all others.
  static List<Port> outputs(Graph graph, TensorflowScope out, List<String> names) {
    var all = new ArrayList<Port>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      var from = out.port(graph.outputs().get(i));
      var copy = new TensorflowStep(names.get(i), "Identity", List.of(from));
      all.add(out.add(copy).set("T", from.type()).port());
    }
    return all;
  }

  /// Why a node cannot be written.
  static Optional<Finding> refuse(Node node) {
    try (var arena = Arena.ofConfined()) {
      var out = new TensorflowScope(new TensorflowLibrary(arena), dry());
      for (var input : node.inputs()) {
        if (!input.isPresent()) continue;
        var given = new TensorflowStep("x", TensorflowGraph.GIVEN, List.of());
        var dtype = TensorflowWriteTypes.carried(input.dtype());
        if (!input.isConstant()) out.give(input, given.given(Optional.of(dtype)));
      }
      write(node, out);
      return Optional.empty();
    } catch (TensorflowRefusal refusal) {
      return Optional.of(refusal.finding());
    }
  }

  /// Constants whose elements are not looked at.
  private static TensorflowScope.Constants dry() {
    return (_, data, _) ->
        new TensorflowStep("x", TensorflowGraph.GIVEN, List.of())
            .given(Optional.of(TensorflowWriteTypes.carried(data.dtype())));
  }
}
