package watari.format.openvino;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.Loop;
import watari.op.ShapeOp.Reshape;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Loop and TensorIterator.
///
/// A sliced input is taken whole by the body, which gathers the slice of its iteration. An output
/// of which the last value is wanted, but which is not carried, is the last of a stack.
final class OpenvinoReadLoopOps {
  private final OpenvinoReadNode n;
  private final OpenvinoReadBody body;
  private final OpenvinoReadBody.Captures captures = new OpenvinoReadBody.Captures();

  /// Ids of parameters of the body by those of the results that they take next.
  private final List<Merged> merged = new ArrayList<>();

  /// Ids of the results of which every iteration's value is kept.
  private final List<String> scans = new ArrayList<>();

  /// A value that goes from one iteration to the next.
  private record Merged(Layer parameter, Layer result, Value initial) {}

  private OpenvinoReadLoopOps(OpenvinoReadNode n) {
    this.n = n;
    this.body = OpenvinoReadBody.of(n, "body");
    collect();
  }

  static void tensorIterator(OpenvinoReadNode n) {
    var loop = new OpenvinoReadLoopOps(n);
    loop.give(loop.count(), Value.ABSENT);
  }

  static void loop(OpenvinoReadNode n) {
    new OpenvinoReadLoopOps(n).give(trips(n), condition(n));
  }

  // ---- what ports mean

  private void collect() {
    for (var edge : body.body().backEdges()) {
      var to = edge.getOrDefault("to-layer", "").strip();
      var parameter = body.layer(to, "Parameter");
      var result = body.layer(edge.getOrDefault("from-layer", "").strip(), "Result");
      var entry =
          OpenvinoReadBody.find(body.body().inputs(), "internal_layer_id", to)
              .orElseThrow(() ->
                  OpenvinoRefusal.broken("its port map gives layer " + to + " no initial value"));
      merged.add(new Merged(parameter, result, n.in(body.input(entry))));
    }
    for (var entry : body.body().inputs()) {
      boolean isOwn = isIteration(entry) || isMerged(OpenvinoReadBody.internal(entry));
      if (!isOwn) captures.add(n.in(body.input(entry)));
    }
    for (var entry : body.body().outputs()) {
      if (isCondition(entry)) continue;
      var id = OpenvinoReadBody.internal(entry);
      boolean isCarried = merged.stream().anyMatch(each -> each.result().id().equals(id));
      if (entry.containsKey("axis") || !isCarried) scans.add(id);
    }
  }

  private boolean isMerged(String id) {
    return merged.stream().anyMatch(each -> each.parameter().id().equals(id));
  }

  private static boolean isIteration(Map<String, String> entry) {
    return "current_iteration".equals(entry.get("purpose"));
  }

  private static boolean isCondition(Map<String, String> entry) {
    return "execution_condition".equals(entry.get("purpose"));
  }

  private static long number(Map<String, String> entry, String name, long otherwise) {
    var text = entry.get(name);
    if (text == null) return otherwise;
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException _) {
      throw OpenvinoRefusal.broken("its port map has '%s' as %s".formatted(text, name));
    }
  }

  // ---- how often

  /// A negative number of trips is none at all that would end the loop.
  private static Value trips(OpenvinoReadNode n) {
    var constant = n.constant(0).filter(data -> data.size() == 1);
    if (constant.isPresent() && constant.get().longAt(0) < 0) return Value.ABSENT;
    var f = n.formula();
    var trips = n.scalarInput(0, DataType.INT64);
    if (constant.isPresent()) return trips;
    var isOpen = f.binary(Binary.Kind.LESS, trips, f.scalar(trips, 0));
    return f.select(isOpen, n.builder().scalar(Long.MAX_VALUE), trips);
  }

  private static Value condition(OpenvinoReadNode n) {
    var constant = n.constant(1).filter(data -> data.size() == 1);
    boolean isTrue = constant.isPresent() && constant.get().longAt(0) != 0;
    return isTrue ? Value.ABSENT : n.scalarInput(1, DataType.BOOL);
  }

  /// As many as the first sliced input has parts; begin and end belong to it.
  private Value count() {
    var sliced =
        body.body().inputs().stream().filter(entry -> entry.containsKey("axis")).findFirst();
    if (sliced.isEmpty()) return n.builder().scalar(1);
    var f = n.formula();
    var x = n.in(body.input(sliced.get()));
    int axis = n.axis(number(sliced.get(), "axis", 0), n.rank(x, "a sliced input"));
    var start = position(f, x, axis, number(sliced.get(), "start", 0));
    var end = position(f, x, axis, number(sliced.get(), "end", -1));
    long part = number(sliced.get(), "part_size", 1);
    if (part < 1) throw OpenvinoRefusal.broken("its port map has '" + part + "' as part_size");
    boolean isReversed = number(sliced.get(), "stride", 1) < 0;
    var length = f.add(isReversed ? f.sub(start, end) : f.sub(end, start), 1);
    var dim = x.shape().dim(axis);
    if (dim.isFixed()) {
      long from = number(sliced.get(), "start", 0);
      long to = number(sliced.get(), "end", -1);
      from = from < 0 ? from + dim.fixed() : from;
      to = to < 0 ? to + dim.fixed() : to;
      return n.builder().scalar((Math.abs(to - from) + 1) / part);
    }
    var count = part == 1 ? length : f.binary(Binary.Kind.DIV, length, f.scalar(length, part));
    return f.squeeze(count, 0);
  }

  /// A position on an axis, counted from 0, as a vector of one.
  private static Value position(Formula f, Value x, int axis, long at) {
    if (at >= 0) return f.vector(at);
    var dim = x.shape().dim(axis);
    return dim.isFixed() ? f.vector(dim.fixed() + at) : f.add(f.dim(x, axis), at);
  }

  // ---- the body

  private Graph read(List<TensorType> carried) {
    var graph = new Graph("body");
    var builder = new GraphBuilder(graph);
    var iteration = builder.input("iteration", TensorType.of(DataType.INT64));
    var condition = builder.input("condition", TensorType.of(DataType.BOOL));
    var reading = n.graph().body(builder, body.body().net());
    for (int i = 0; i < merged.size(); i++) {
      var parameter = merged.get(i).parameter();
      var value = OpenvinoReadBody.parameter(builder, parameter.name(), carried.get(i));
      reading.put(OpenvinoReadBody.port(parameter), value);
    }
    var inside = captures.bind(builder);
    for (var entry : body.body().inputs()) bind(reading, builder, inside, iteration, entry);
    reading.layers();
    graph.addOutput("condition", next(reading, builder).orElse(condition));
    for (var each : merged) add(graph, OpenvinoReadBody.result(reading, each.result()));
    for (var entry : outputs()) {
      var result = body.layer(OpenvinoReadBody.internal(entry), "Result");
      add(graph, stacked(builder, OpenvinoReadBody.result(reading, result), entry));
    }
    return graph;
  }

  private static void add(Graph graph, Value value) {
    graph.addOutput(value.name(), value);
  }

  /// The outputs of the port map that are stacks.
  private List<Map<String, String>> outputs() {
    var all = new ArrayList<Map<String, String>>();
    for (var entry : body.body().outputs()) {
      if (isCondition(entry) || !scans.contains(OpenvinoReadBody.internal(entry))) continue;
      if (entry.containsKey("axis") || !isCarried(entry)) all.add(entry);
    }
    return all;
  }

  private boolean isCarried(Map<String, String> entry) {
    var id = OpenvinoReadBody.internal(entry);
    return merged.stream().anyMatch(each -> each.result().id().equals(id));
  }

  private void bind(
      OpenvinoReadGraph reading,
      GraphBuilder builder,
      Map<Value, Value> inside,
      Value iteration,
      Map<String, String> entry) {
    var id = OpenvinoReadBody.internal(entry);
    if (isMerged(id)) return;
    var parameter = body.layer(id, "Parameter");
    var port = OpenvinoReadBody.port(parameter);
    if (isIteration(entry)) {
      reading.put(port, counter(builder, iteration, port));
      return;
    }
    var outside = n.in(body.input(entry));
    var whole = OpenvinoReadBody.Captures.inside(builder, inside, outside);
    if (n.model().isBroken(outside)) n.model().setBroken(whole);
    reading.put(port, entry.containsKey("axis") ? slice(builder, whole, iteration, entry) : whole);
  }

  /// The iteration as the body's parameter has it: int32 or int64, a scalar or a vector of one.
  private static Value counter(GraphBuilder builder, Value iteration, OpenvinoFile.Port port) {
    var f = new Formula(builder);
    var dtype = OpenvinoTypes.dtype(port.precision()).orElse(DataType.INT64);
    var counter = f.cast(iteration, dtype);
    return port.dims().size() == 1 ? f.unsqueeze(counter, 0) : counter;
  }

  /// The part of a sliced input that an iteration takes.
  private Value slice(
      GraphBuilder builder, Value whole, Value iteration, Map<String, String> entry) {
    var f = new Formula(builder);
    int axis = n.axis(number(entry, "axis", 0), n.rank(whole, "a sliced input"));
    long stride = number(entry, "stride", 1);
    long part = number(entry, "part_size", 1);
    var start = position(f, whole, axis, number(entry, "start", 0));
    var places = LongStream.range(0, part).map(i -> stride < 0 ? i + 1 - part : i).toArray();
    var first = f.add(start, f.mul(f.unsqueeze(iteration, 0), stride));
    return f.gather(whole, part == 1 ? first : f.add(first, f.vector(places)), axis);
  }

  /// The condition to go on, if the body has one.
  private Optional<Value> next(OpenvinoReadGraph reading, GraphBuilder builder) {
    return OpenvinoReadBody.find(body.body().outputs(), "purpose", "execution_condition")
        .map(entry -> body.layer(OpenvinoReadBody.internal(entry), "Result"))
        .map(layer -> OpenvinoReadBody.result(reading, layer))
        .map(value -> value.shape().hasRank(0) ? value : scalar(builder, value));
  }

  private static Value scalar(GraphBuilder builder, Value value) {
    return new Formula(builder).reshape(value);
  }

  /// A part of one element loses its axis before it is stacked.
  private Value stacked(GraphBuilder builder, Value value, Map<String, String> entry) {
    if (!entry.containsKey("axis") || number(entry, "part_size", 1) != 1) return value;
    int axis = n.axis(number(entry, "axis", 0), n.rank(value, "a concatenated output"));
    return new Formula(builder).squeeze(value, axis);
  }

  // ---- the node

  private void give(Value trips, Value condition) {
    var types = merged.stream().map(each -> each.initial().type()).toList();
    var graph = OpenvinoReadBody.settle(n.model(), types, this::read);
    var inputs = new ArrayList<>(List.of(trips, condition));
    merged.forEach(each -> inputs.add(each.initial()));
    inputs.addAll(captures.values());
    var stacks = outputs();
    var op = new Loop(merged.size(), stacks.size());
    n.builder().from(n.graph().origin(n.layer()));
    var node = n.builder().add(op, inputs, merged.size() + stacks.size(), List.of(graph));
    var places = new HashMap<String, Integer>();
    for (int i = 0; i < merged.size(); i++) places.putIfAbsent(merged.get(i).result().id(), i);
    for (var entry : body.body().outputs()) {
      if (isCondition(entry)) continue;
      int stack = stacks.indexOf(entry);
      if (stack < 0) {
        int place = places.getOrDefault(OpenvinoReadBody.internal(entry), 0);
        n.give(body.output(entry), node.output(place));
      } else {
        n.give(body.output(entry), unstacked(node, merged.size() + stack, entry));
      }
    }
  }

  private Value unstacked(Node node, int output, Map<String, String> entry) {
    var f = n.formula();
    var stack = node.output(output);
    if (!entry.containsKey("axis")) return f.squeeze(f.slice(stack, 0, -1, Long.MAX_VALUE), 0);
    if (number(entry, "stride", 1) < 0) stack = f.reversed(stack, 0);
    long part = number(entry, "part_size", 1);
    int rank = n.rank(stack, "a concatenated output") - (part == 1 ? 0 : 1);
    int axis = n.axis(number(entry, "axis", 0), rank);
    var perm = new ArrayList<>(IntStream.range(1, stack.shape().rank()).boxed().toList());
    perm.add(axis, 0);
    var moved = f.transpose(stack, perm);
    return part == 1 ? moved : merged(f, moved, axis);
  }

  /// An axis and the one behind it as one.
  private static Value merged(Formula f, Value x, int axis) {
    var dims = new ArrayList<>(x.shape().dims());
    var both = dims.get(axis).times(dims.remove(axis + 1));
    dims.set(axis, both);
    var shape = Shape.of(dims);
    if (shape.isFixed()) return f.reshape(x, shape);
    var all = f.shapeOf(x);
    var before = f.slice(all, 0, 0, axis);
    var behind = f.slice(all, 0, axis + 2L, Long.MAX_VALUE);
    return f.op(new Reshape(true), x, f.concat(0, List.of(before, f.vector(-1), behind)));
  }
}
