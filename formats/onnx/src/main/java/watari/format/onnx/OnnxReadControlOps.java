package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import watari.finding.Findings;
import watari.format.ReadTable;
import watari.format.onnx.schema.GraphProto;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Control flow.
final class OnnxReadControlOps {
  /// How often the types of carried values are made more general, one by one, before nothing is
  /// said of the shapes any more.
  private static final int MOST_ATTEMPTS = 3;

  private OnnxReadControlOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("If", OnnxReadControlOps::ifThenElse)
        .on("Loop", OnnxReadControlOps::loop)
        .on("Scan", OnnxReadScanOps::scanOfBatch)
        .on("Scan", 9, OnnxReadScanOps::scan);
  }

  // ---- If

  private static void ifThenElse(OnnxReadNode n) {
    var then = n.body("then_branch");
    var otherwise = n.body("else_branch");
    var condition = n.constant(0).filter(data -> data.size() == 1);
    if (condition.isPresent()) {
      n.graph().inline(condition.get().longAt(0) != 0 ? then : otherwise, n);
      return;
    }
    var captures = new OnnxCaptures(n.scope(), List.of(then, otherwise), true);
    var bodies = List.of(branch(n, then, captures), branch(n, otherwise, captures));
    var inputs = new ArrayList<Value>();
    inputs.add(n.in(0));
    inputs.addAll(captures.values());
    n.give(new If(), inputs, n.proto().getOutputCount(), bodies);
  }

  private static Graph branch(OnnxReadNode n, GraphProto proto, OnnxCaptures captures) {
    var graph = new Graph(proto.getName());
    var body = n.graph().body(new GraphBuilder(graph));
    captures.bind(body);
    body.declare(proto);
    body.nodes(proto.getNodeList());
    for (var output : proto.getOutputList()) {
      graph.addOutput(output.getName(), body.scope().value(output.getName()));
    }
    return graph;
  }

  // ---- Loop

  private static void loop(OnnxReadNode n) {
    var proto = n.body("body");
    int carried = n.inputCount() - 2;
    int scans = proto.getOutputCount() - 1 - carried;
    if (carried < 0 || proto.getInputCount() != carried + 2 || scans < 0) {
      throw OnnxRefusal.broken(
          "its body has %d inputs and %d outputs for %d carried values"
              .formatted(proto.getInputCount(), proto.getOutputCount(), carried));
    }
    var captures = new OnnxCaptures(n.scope(), List.of(proto), false);
    var inputs = new ArrayList<>(List.of(n.optional(0), n.optional(1)));
    for (int i = 0; i < carried; i++) inputs.add(n.in(i + 2));
    var types = inputs.stream().skip(2).map(Value::type).toList();
    var body = settle(n.model(), types, given -> loopBody(n, proto, captures, given));
    inputs.addAll(captures.values());
    n.give(new Loop(carried, scans), inputs, carried + scans, List.of(body));
  }

  private static Graph loopBody(
      OnnxReadNode n, GraphProto proto, OnnxCaptures captures, List<TensorType> carried) {
    var graph = new Graph(proto.getName());
    var body = n.graph().body(new GraphBuilder(graph));
    var builder = body.scope().builder();
    parameter(body, proto, 0, builder.input(inputName(proto, 0), TensorType.of(DataType.INT64)));
    parameter(body, proto, 1, builder.input(inputName(proto, 1), TensorType.of(DataType.BOOL)));
    for (int i = 0; i < carried.size(); i++) {
      var name = inputName(proto, i + 2);
      body.scope().put(name, OnnxCaptures.parameter(builder, name, carried.get(i)));
    }
    captures.bind(body);
    body.declare(proto);
    body.nodes(proto.getNodeList());
    var condition = body.scope().value(proto.getOutput(0).getName());
    graph.addOutput(proto.getOutput(0).getName(), scalar(builder, condition));
    for (int i = 1; i < proto.getOutputCount(); i++) {
      var name = proto.getOutput(i).getName();
      graph.addOutput(name, body.scope().value(name));
    }
    return graph;
  }

  private static String inputName(GraphProto proto, int i) {
    return proto.getInput(i).getName();
  }

  /// The iteration and the condition are scalars here; a body may declare vectors of one element.
  private static void parameter(OnnxReadGraph body, GraphProto proto, int i, Value scalar) {
    var info = proto.getInput(i);
    boolean isVector = info.getType().getTensorType().getShape().getDimCount() == 1;
    var value = isVector ? new OnnxTerms(body.scope().builder()).unsqueeze(scalar, 0) : scalar;
    body.scope().put(info.getName(), value);
  }

  static Value scalar(GraphBuilder builder, Value value) {
    return value.shape().hasRank(0) ? value : new OnnxTerms(builder).reshape(value);
  }

  // ---- types of what loops carry

  /// Reads a body, at first with the types of the initial values, until the values that it carries
  /// leave it with types that it takes them in with.
  ///
  /// @param read makes the body for types of its carried values; its outputs are the condition,
  ///   these values, and others
  static Graph settle(
      OnnxReadModel model, List<TensorType> initial, Function<List<TensorType>, Graph> read) {
    var types = initial;
    for (int attempt = 1; ; attempt++) {
      var found = new Findings();
      var before = model.divert(found);
      Graph body;
      try {
        body = read.apply(types);
      } finally {
        model.divert(before);
      }
      var wider = widened(types, body);
      if (wider.equals(types)) {
        before.addAll(found.all());
        return body;
      }
      boolean isLast = attempt >= MOST_ATTEMPTS || !model.mayReread();
      types = isLast ? withoutShapes(types, wider) : wider;
    }
  }

  private static List<TensorType> widened(List<TensorType> taken, Graph body) {
    var types = new ArrayList<TensorType>();
    for (int i = 0; i < taken.size(); i++) {
      var left = body.outputs().get(i + 1).type();
      if (left.dtype() != taken.get(i).dtype()) {
        throw OnnxRefusal.broken(
            "its body takes carried value %d as %s, but leaves it as %s"
                .formatted(i, taken.get(i), left));
      }
      types.add(taken.get(i).with(widened(taken.get(i).shape(), left.shape(), i)));
    }
    return types;
  }

  private static Shape widened(Shape taken, Shape left, int value) {
    if (!taken.isRanked()) return taken;
    if (!left.isRanked() || left.rank() != taken.rank()) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < taken.rank(); i++) {
      boolean isWide = taken.dim(i).toString().startsWith("?");
      boolean holds = isWide || taken.dim(i).equals(left.dim(i));
      dims.add(holds ? taken.dim(i) : Dim.named("?carried" + value + "." + i));
    }
    return Shape.of(dims);
  }

  private static List<TensorType> withoutShapes(List<TensorType> before, List<TensorType> wider) {
    var types = new ArrayList<TensorType>();
    for (int i = 0; i < before.size(); i++) {
      boolean holds = before.get(i).equals(wider.get(i));
      types.add(holds ? before.get(i) : before.get(i).with(Shape.UNKNOWN));
    }
    return types;
  }
}
