package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ControlOp.If;

/// If; loops stand in [OpenvinoReadLoopOps].
final class OpenvinoReadControlOps {
  private OpenvinoReadControlOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("If", 8, OpenvinoReadControlOps::ifThenElse)
        .on("TensorIterator", OpenvinoReadLoopOps::tensorIterator)
        .on("Loop", 5, OpenvinoReadLoopOps::loop);
  }

  private static void ifThenElse(OpenvinoReadNode n) {
    var then = OpenvinoReadBody.of(n, "then_body");
    var otherwise = OpenvinoReadBody.of(n, "else_body");
    var condition = n.constant(0).filter(data -> data.size() == 1);
    if (condition.isPresent()) {
      inline(n, condition.get().longAt(0) != 0 ? then : otherwise);
      return;
    }
    var captures = new OpenvinoReadBody.Captures();
    for (var branch : List.of(then, otherwise)) {
      for (var entry : branch.body().inputs()) captures.add(n.in(branch.input(entry)));
    }
    var bodies = List.of(branch(n, then, captures), branch(n, otherwise, captures));
    var inputs = new ArrayList<>(List.of(n.in(0)));
    inputs.addAll(captures.values());
    n.give(new If(), inputs, n.outputCount(), bodies);
  }

  private static Graph branch(
      OpenvinoReadNode n, OpenvinoReadBody branch, OpenvinoReadBody.Captures captures) {
    var graph = new Graph(branch.body().kind());
    var builder = new GraphBuilder(graph);
    var inside = captures.bind(builder);
    var reading = n.graph().body(builder, branch.body().net());
    for (var entry : branch.body().inputs()) {
      var parameter = branch.layer(OpenvinoReadBody.internal(entry), "Parameter");
      var outside = n.in(branch.input(entry));
      var value = OpenvinoReadBody.Captures.inside(builder, inside, outside);
      if (n.model().isBroken(outside)) n.model().setBroken(value);
      reading.put(OpenvinoReadBody.port(parameter), value);
    }
    reading.layers();
    for (var value : results(n, branch, reading)) graph.addOutput(value.name(), value);
    return graph;
  }

  /// The values of the branch, in the order of the layer's outputs.
  private static List<Value> results(
      OpenvinoReadNode n, OpenvinoReadBody branch, OpenvinoReadGraph reading) {
    var all = new Value[n.outputCount()];
    for (var entry : branch.body().outputs()) {
      var result = branch.layer(OpenvinoReadBody.internal(entry), "Result");
      all[branch.output(entry)] = OpenvinoReadBody.result(reading, result);
    }
    for (int i = 0; i < all.length; i++) {
      if (all[i] == null) {
        throw OpenvinoRefusal.broken(
            "its " + branch.body().kind() + " does not compute output " + i);
      }
    }
    return List.of(all);
  }

  /// Reads a branch in the place of its layer.
  private static void inline(OpenvinoReadNode n, OpenvinoReadBody branch) {
    var reading = n.graph().body(n.builder(), branch.body().net());
    for (var entry : branch.body().inputs()) {
      var parameter = branch.layer(OpenvinoReadBody.internal(entry), "Parameter");
      reading.put(OpenvinoReadBody.port(parameter), n.in(branch.input(entry)));
    }
    reading.layers();
    n.builder().from(n.graph().origin(n.layer()));
    var results = results(n, branch, reading);
    for (int i = 0; i < results.size(); i++) n.give(i, results.get(i));
  }
}
