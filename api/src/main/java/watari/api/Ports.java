package watari.api;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.api.Lowering.Lowered;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;

/// Pairs the inputs and outputs of a result with its source's.
final class Ports {
  private Ports() {}

  static List<Port> of(Graph source, Lowered lowered) {
    var graph = lowered.model().main();
    var layouts = lowered.layouts().get(0);
    var ports = new ArrayList<Port>();
    for (int i = 0; i < graph.inputs().size(); i++) {
      var input = graph.inputs().get(i);
      ports.add(port(true, input.name(), input, input(source, graph, i), at(layouts.inputs(), i)));
    }
    for (int i = 0; i < graph.outputs().size(); i++) {
      var name = graph.outputNames().get(i);
      var from = output(source, name, i);
      ports.add(port(false, name, graph.outputs().get(i), from, at(layouts.outputs(), i)));
    }
    return ports;
  }

  /// The dims of inputs that are not known in the source, and numbers in the result.
  ///
  /// @param keepsDynamic whether there may be none
  static List<Finding> fixed(List<Port> ports, boolean keepsDynamic, Path file) {
    var findings = new ArrayList<Finding>();
    for (var port : ports) {
      var from = port.sourceShape();
      if (!port.isInput() || !from.isRanked() || !from.hasRank(port.shape().rank())) continue;
      for (int axis = 0; axis < from.rank(); axis++) {
        int old = port.permutation().isEmpty() ? axis : port.permutation().get(axis);
        var dim = port.shape().dim(axis);
        if (from.dim(old).isFixed() || !dim.isFixed()) continue;
        var why =
            "dim %d of input '%s', '%s' in the source, becomes %s"
                .formatted(axis, port.name(), from.dim(old), dim);
        findings.add(
            keepsDynamic
                ? Finding.error("DIM_FIXED", why)
                    .inFile(file.toString())
                    .fix("leave out --keep-dynamic, or the --batch or --input-shape that fixes it")
                : Finding.note("DIM_FIXED", why).inFile(file.toString()));
      }
    }
    return findings;
  }

  private static Port port(
      boolean isInput, String name, Value value, Source source, List<Integer> permutation) {
    return new Port(
        isInput,
        name,
        source.name(),
        value.shape(),
        source.value().shape(),
        value.dtype(),
        permutation);
  }

  private record Source(String name, Value value) {}

  private static Source input(Graph source, Graph result, int i) {
    var input = result.inputs().get(i);
    for (var candidate : source.inputs()) {
      if (candidate.name().equals(input.name())) return new Source(candidate.name(), candidate);
    }
    var inputs = source.inputs();
    return inputs.size() == result.inputs().size()
        ? new Source(inputs.get(i).name(), inputs.get(i))
        : new Source("", input);
  }

  private static Source output(Graph source, String name, int i) {
    int at = source.outputNames().indexOf(name);
    if (at < 0) at = i;
    if (at >= source.outputs().size()) return new Source(name, Value.ABSENT);
    return new Source(source.outputNames().get(at), source.outputs().get(at));
  }

  private static List<Integer> at(List<List<Integer>> permutations, int i) {
    return i < permutations.size() ? permutations.get(i) : List.of();
  }
}
