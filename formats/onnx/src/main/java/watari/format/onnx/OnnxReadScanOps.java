package watari.format.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.onnx.schema.GraphProto;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Scan as a Loop: each iteration gathers its slices of the scanned inputs.
final class OnnxReadScanOps {
  /// What a Scan does at one place.
  ///
  /// @param at the graph that gets the Loop
  /// @param axes of each scanned input
  /// @param reversed which scanned inputs are walked from the end
  private record Walk(
      OnnxReadGraph at,
      GraphProto body,
      List<Value> states,
      List<Value> scanned,
      List<Integer> axes,
      List<Boolean> reversed) {}

  private OnnxReadScanOps() {}

  // ---- since opset 9

  static void scan(OnnxReadNode n) {
    var body = n.body("body");
    int scans = n.integer("num_scan_inputs", 0);
    int states = n.inputCount() - scans;
    check(body, states, scans);
    var inputs = n.inputs();
    var scanned = inputs.subList(states, inputs.size());
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < scans; i++) {
      int axis = listed(n, "scan_input_axes", i, scans);
      axes.add(n.axis(axis, n.rank(scanned.get(i), "scanned input " + i)));
    }
    var reversed =
        IntStream.range(0, scans)
            .mapToObj(i -> listed(n, "scan_input_directions", i, scans) == 1)
            .toList();
    var walk = new Walk(n.graph(), body, inputs.subList(0, states), scanned, axes, reversed);
    var loop = loop(walk, names(n, states));
    for (int i = 0; i < states; i++) n.give(i, loop.output(i));
    for (int i = states; i < loop.outputs().size(); i++) stack(n, loop, i, states);
  }

  private static void check(GraphProto body, int states, int scans) {
    boolean fits =
        scans > 0
            && states >= 0
            && body.getInputCount() == states + scans
            && body.getOutputCount() >= states;
    if (!fits) {
      throw OnnxRefusal.broken(
          "its body has %d inputs and %d outputs for %d states and %d scanned inputs"
              .formatted(body.getInputCount(), body.getOutputCount(), states, scans));
    }
  }

  private static int listed(OnnxReadNode n, String attribute, int i, int count) {
    var all = n.integers(attribute);
    if (all.isEmpty()) return 0;
    if (all.size() != count) {
      throw OnnxRefusal.broken(
          "attribute '%s' has %d numbers, expected %d".formatted(attribute, all.size(), count));
    }
    return all.get(i);
  }

  /// Only the states leave the loop as they leave the node.
  private static List<String> names(OnnxReadNode n, int states) {
    var names = new ArrayList<String>();
    int outputs = n.body("body").getOutputCount();
    for (int i = 0; i < outputs; i++) {
      boolean isNamed = n.wants(i) && (i < states || isPlain(n, i - states, outputs - states));
      names.add(n.scope().hint(isNamed ? n.outputName(i) : ""));
    }
    return names;
  }

  private static boolean isPlain(OnnxReadNode n, int scan, int scans) {
    return listed(n, "scan_output_axes", scan, scans) == 0
        && listed(n, "scan_output_directions", scan, scans) == 0;
  }

  /// Turns and moves the axis along which a loop has stacked values.
  private static void stack(OnnxReadNode n, Node loop, int output, int states) {
    if (!n.wants(output)) return;
    int scans = loop.outputs().size() - states;
    var value = loop.output(output);
    if (listed(n, "scan_output_directions", output - states, scans) == 1) {
      value = n.reversed(value, 0);
    }
    int given = listed(n, "scan_output_axes", output - states, scans);
    if (given != 0) {
      int rank = n.rank(value, "output " + output);
      var perm = new ArrayList<>(IntStream.range(1, rank).boxed().toList());
      perm.add(n.axis(given, rank), 0);
      value = n.transpose(value, perm);
    }
    n.give(output, value);
  }

  // ---- opset 8

  /// In opset 8 all inputs have a batch axis, and each sample is scanned for itself: a loop over
  /// the samples around the loop over time.
  static void scanOfBatch(OnnxReadNode n) {
    if (n.has(0)) {
      throw OnnxRefusal.unsupported(
          "it scans sequences of several lengths", "convert the model to opset 9 or later");
    }
    var proto = n.body("body");
    int scans = n.integer("num_scan_inputs", 0);
    int states = n.inputCount() - 1 - scans;
    check(proto, states, scans);
    var captures = new OnnxCaptures(n.scope(), List.of(proto), false);
    var inputs = n.inputs().subList(1, n.inputCount());
    inputs.forEach(captures::add);
    var graph = new Graph(proto.getName());
    var body = n.graph().body(new GraphBuilder(graph));
    sample(n, body, graph, inputs, captures, states);
    var given = new ArrayList<>(List.of(n.squeeze(n.dim(inputs.get(0), 0), 0), Value.ABSENT));
    given.addAll(captures.values());
    int outputs = proto.getOutputCount();
    n.give(new Loop(0, outputs), given, outputs, List.of(graph));
  }

  private static void sample(
      OnnxReadNode n,
      OnnxReadGraph body,
      Graph graph,
      List<Value> inputs,
      OnnxCaptures captures,
      int states) {
    var terms = new OnnxTerms(body.scope().builder());
    var iteration = terms.builder().input("sample", TensorType.of(DataType.INT64));
    var condition = terms.builder().input("condition", TensorType.of(DataType.BOOL));
    var inside = captures.bind(body);
    var parts = inputs.stream().map(inside::get).map(x -> terms.gather(x, iteration, 0)).toList();
    int scans = parts.size() - states;
    var reversed =
        IntStream.range(0, scans).mapToObj(i -> listed(n, "directions", i, scans) == 1).toList();
    var walk =
        new Walk(
            body,
            n.body("body"),
            parts.subList(0, states),
            parts.subList(states, parts.size()),
            OnnxReadNode.repeat(scans, 0),
            reversed);
    var loop = loop(walk, Collections.nCopies(walk.body().getOutputCount(), "step"));
    graph.addOutput("condition", condition);
    loop.outputs().forEach(graph::addOutput);
  }

  // ---- the loop over time

  private static Node loop(Walk walk, List<String> names) {
    var terms = new OnnxTerms(walk.at().scope().builder());
    var captures = new OnnxCaptures(walk.at().scope(), List.of(walk.body()), false);
    walk.scanned().forEach(captures::add);
    var types = walk.states().stream().map(Value::type).toList();
    var body =
        OnnxReadControlOps.settle(walk.at().model(), types, given -> body(walk, captures, given));
    var steps = terms.dim(walk.scanned().get(0), walk.axes().get(0));
    var inputs = new ArrayList<>(List.of(terms.squeeze(steps, 0), Value.ABSENT));
    inputs.addAll(walk.states());
    inputs.addAll(captures.values());
    int scans = walk.body().getOutputCount() - walk.states().size();
    return terms.builder().add(new Loop(types.size(), scans), inputs, names, List.of(body));
  }

  private static Graph body(Walk walk, OnnxCaptures captures, List<TensorType> carried) {
    var proto = walk.body();
    var graph = new Graph(proto.getName());
    var body = walk.at().body(new GraphBuilder(graph));
    var builder = body.scope().builder();
    var iteration = builder.input("iteration", TensorType.of(DataType.INT64));
    var condition = builder.input("condition", TensorType.of(DataType.BOOL));
    for (int i = 0; i < carried.size(); i++) {
      var name = proto.getInput(i).getName();
      body.scope().put(name, OnnxCaptures.parameter(builder, name, carried.get(i)));
    }
    var inside = captures.bind(body);
    for (int i = 0; i < walk.scanned().size(); i++) {
      var whole = java.util.Objects.requireNonNull(inside.get(walk.scanned().get(i)));
      var slice = slice(walk, new OnnxTerms(builder), iteration, whole, i);
      body.scope().put(proto.getInput(carried.size() + i).getName(), slice);
    }
    body.declare(proto);
    body.nodes(proto.getNodeList());
    graph.addOutput("condition", condition);
    for (var output : proto.getOutputList()) {
      graph.addOutput(output.getName(), body.scope().value(output.getName()));
    }
    return graph;
  }

  private static Value slice(
      Walk walk, OnnxTerms terms, Value iteration, Value whole, int scanned) {
    int axis = walk.axes().get(scanned);
    if (!walk.reversed().get(scanned)) return terms.gather(whole, iteration, axis);
    var last = terms.minus(terms.squeeze(terms.dim(whole, axis), 0), terms.scalar(1));
    return terms.gather(whole, terms.minus(last, iteration), axis);
  }
}
