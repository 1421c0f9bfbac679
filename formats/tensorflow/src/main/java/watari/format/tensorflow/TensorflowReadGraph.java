package watari.format.tensorflow;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowNodes.Entry;
import watari.format.tensorflow.schema.FunctionDef;
import watari.graph.GraphBuilder;
import watari.graph.Origin;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Reads those nodes of a graph, of a function or of a body that wanted tensors depend on.
final class TensorflowReadGraph {
  /// Functions that call functions deeper than that call themselves.
  private static final int MOST_CALLS = 64;

  private final TensorflowReadModel model;
  private final GraphBuilder builder;
  private final TensorflowNodes nodes;
  private final String prefix;
  private final int calls;
  private final TensorflowFolding folding;
  private final Map<Edge, Held> held = new HashMap<>();
  private final Map<String, List<Held>> loops = new HashMap<>();
  private final Map<Held.Constant, Value> made = new java.util.IdentityHashMap<>();

  TensorflowReadGraph(
      TensorflowReadModel model,
      GraphBuilder builder,
      TensorflowNodes nodes,
      String prefix,
      int calls) {
    this.model = model;
    this.builder = builder;
    this.folding = new TensorflowFolding(builder);
    this.nodes = nodes;
    this.prefix = prefix;
    this.calls = calls;
  }

  TensorflowReadModel model() {
    return model;
  }

  GraphBuilder builder() {
    return builder;
  }

  TensorflowFolding folding() {
    return folding;
  }

  TensorflowNodes nodes() {
    return nodes;
  }

  /// The name that a new value gets for an output.
  String hint(Edge edge) {
    return prefix + edge;
  }

  // ---- what stands for tensors

  void put(Edge edge, Held what) {
    held.put(edge, what);
  }

  boolean isKnown(Edge edge) {
    return held.containsKey(edge);
  }

  /// @throws TensorflowRefusal if nothing computes it
  Held held(Edge edge) {
    var found = held.get(edge);
    if (found != null) return found;
    throw TensorflowRefusal.broken("'" + edge + "' is used, but nothing computes it");
  }

  /// @throws TensorflowRefusal if it is no tensor
  Value value(Edge edge) {
    return value(held(edge), edge.toString());
  }

  Value value(Held what, String name) {
    return switch (what) {
      case Held.Tensor(Value value) -> value;
      case Held.Constant constant ->
          made.computeIfAbsent(
              constant, each -> builder.constant(prefix + each.name(), each.data()));
      case Held.TensorList list -> TensorflowLists.stacked(builder, list);
      case Held.Variable _ ->
          throw TensorflowRefusal.unsupported(
              "'" + name + "' is a variable, which is read by ReadVariableOp only",
              "export the model for inference");
      case Held.Complex _ ->
          throw TensorflowRefusal.unsupported(
              "'" + name + "' has complex numbers, which no other format has",
              "compute with their parts, or with their sizes");
      case Held.Resource(var operator) ->
          throw TensorflowRefusal.unsupported(
              "'" + name + "' is a resource of " + operator + ", which no other format has",
              "export the part of the model behind it");
    };
  }

  // ---- reading

  /// Reads what the tensors depend on.
  void read(List<Edge> wanted) {
    for (var entry : needed(wanted)) {
      if (!held.containsKey(new Edge(entry.name(), 0))) read(entry);
    }
  }

  /// Refuses what changes variables before the nodes, or with them: no other format changes any.
  ///
  /// Nodes that are read have been refused already, if they do.
  void refuseChanges(Iterable<String> roots) {
    for (var entry : model.effects().changes(nodes, roots)) {
      if (held.containsKey(new Edge(entry.name(), 0))) continue;
      refuse(entry, TensorflowRefused.change().finding());
    }
  }

  /// The nodes that are not read yet, each behind what it depends on, else in the file's order.
  private List<Entry> needed(List<Edge> wanted) {
    var before = new HashMap<Entry, Set<Entry>>();
    var open = new ArrayDeque<Entry>();
    for (var edge : wanted) entry(edge).ifPresent(open::add);
    while (!open.isEmpty()) {
      var entry = open.pop();
      if (before.containsKey(entry)) continue;
      var all = new HashSet<Entry>();
      for (var input : dependencies(entry)) entry(input).ifPresent(all::add);
      before.put(entry, all);
      open.addAll(all);
    }
    return ordered(before);
  }

  private List<Edge> dependencies(Entry entry) {
    try {
      return nodes.flow().dependencies(entry);
    } catch (TensorflowRefusal e) {
      refuse(entry, e.finding());
      return List.of();
    }
  }

  private Optional<Entry> entry(Edge edge) {
    return held.containsKey(edge) ? Optional.empty() : nodes.find(edge.node());
  }

  private static List<Entry> ordered(Map<Entry, Set<Entry>> before) {
    var behind = new HashMap<Entry, List<Entry>>();
    var waiting = new HashMap<Entry, Integer>();
    var ready = new PriorityQueue<Entry>((a, b) -> Integer.compare(a.index(), b.index()));
    before.forEach((entry, all) -> {
      waiting.put(entry, all.size());
      if (all.isEmpty()) ready.add(entry);
      all.forEach(each -> behind.computeIfAbsent(each, _ -> new ArrayList<>()).add(entry));
    });
    var order = new ArrayList<Entry>();
    while (!ready.isEmpty()) {
      var entry = ready.poll();
      order.add(entry);
      for (var next : behind.getOrDefault(entry, List.of())) {
        if (waiting.merge(next, -1, Integer::sum) == 0) ready.add(next);
      }
    }
    if (order.size() < before.size()) {
      var left = before.keySet().stream().filter(each -> !order.contains(each)).findFirst();
      throw new ModelException(
          Finding.error(
                  "GRAPH_BROKEN",
                  "node '" + left.map(Entry::name).orElse("") + "' needs its own output")
              .fix("export the model again"));
    }
    return order;
  }

  private void read(Entry entry) {
    var origin = origin(entry);
    builder.from(origin);
    try {
      var node = new TensorflowReadNode(this, entry);
      if (usesBroken(node)) entryOutputs(entry).forEach(this::standIn);
      else TensorflowReadOps.read(node);
    } catch (TensorflowRefusal e) {
      refuse(entry, e.finding());
    } catch (ModelException e) {
      e.findings().forEach(finding -> refuse(entry, finding));
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      refuse(entry, TensorflowRefusal.broken(sentence(e)).finding());
    }
  }

  private static String sentence(RuntimeException e) {
    var message = String.valueOf(e.getMessage());
    return e instanceof IndexOutOfBoundsException
        ? "an index is out of range: " + message
        : message;
  }

  Origin origin(Entry entry) {
    return new Origin(prefix + entry.name(), entry.index(), entry.op());
  }

  private boolean usesBroken(TensorflowReadNode node) {
    for (var edge : node.entry().inputs()) {
      if (held.get(edge) instanceof Held.Tensor(Value value) && model.isBroken(value)) return true;
    }
    return false;
  }

  private void refuse(Entry entry, Finding finding) {
    var types = new ArrayList<String>();
    for (var edge : entry.inputs()) {
      types.add(
          switch (held.get(edge)) {
            case Held.Tensor(Value value) -> value.type().toString();
            case Held.Constant(_, TensorData data) -> data.type().toString();
            case null, default -> "";
          });
    }
    var origin = origin(entry);
    model.add(
        finding.at(origin.node(), origin.index(), origin.operator()).withTypes(types, List.of()));
    entryOutputs(entry).forEach(this::standIn);
  }

  private List<Edge> entryOutputs(Entry entry) {
    var all = new ArrayList<Edge>();
    int count = Math.clamp(TensorflowOperators.outputCount(entry.proto()), 1, 1 << 16);
    for (int i = 0; i < count; i++) all.add(new Edge(entry.name(), i));
    return all;
  }

  /// Lets a constant stand for a value that cannot be read, so that reading goes on and no later
  /// step has more to say of it.
  void standIn(Edge edge) {
    if (held.containsKey(edge)) return;
    var zero = TensorData.of(DataType.FLOAT32, Shape.SCALAR, MemorySegment.ofArray(new byte[4]));
    var value = builder.constant(hint(edge), zero);
    model.setBroken(value);
    put(edge, new Held.Tensor(value));
  }

  // ---- functions

  /// Reads a function in the place of its call.
  List<Held> call(FunctionDef function, List<Held> arguments, String name) {
    if (calls >= MOST_CALLS) {
      throw TensorflowRefusal.broken(
          "function '" + function.getSignature().getName() + "' calls itself");
    }
    return inline(function, arguments, builder, prefix + name + "/");
  }

  /// Reads a function into a graph.
  List<Held> inline(
      FunctionDef function, List<Held> arguments, GraphBuilder into, String innerPrefix) {
    var signature = function.getSignature();
    if (!model.mayUnfold(function.getNodeDefCount())) {
      throw TensorflowRefusal.broken(
          "function '" + signature.getName() + "' and others before unfold to too many nodes");
    }
    if (arguments.size() != signature.getInputArgCount()) {
      throw TensorflowRefusal.broken(
          "function '%s' is given %d arguments, expected %d"
              .formatted(signature.getName(), arguments.size(), signature.getInputArgCount()));
    }
    var inner = new TensorflowReadGraph(model, into, model.body(function), innerPrefix, calls + 1);
    for (int i = 0; i < arguments.size(); i++) {
      inner.put(new Edge(signature.getInputArg(i).getName(), 0), arguments.get(i));
    }
    var byName = new HashMap<String, watari.format.tensorflow.schema.NodeDef>();
    function.getNodeDefList().forEach(node -> byName.put(node.getName(), node));
    var wanted = new ArrayList<Edge>();
    for (var output : signature.getOutputArgList()) {
      var from = function.getRetOrDefault(output.getName(), output.getName());
      wanted.add(TensorflowNodes.edge(from, byName, Map.of()));
    }
    inner.read(wanted);
    inner.refuseChanges(function.getControlRetMap().values());
    inner.refuseChanges(wanted.stream().map(Edge::node).toList());
    return wanted.stream().map(inner::held).toList();
  }

  /// The same nodes, read into another graph: into a body of a loop or of a branch.
  TensorflowReadGraph inside(GraphBuilder into) {
    return new TensorflowReadGraph(model, into, nodes, prefix, calls);
  }

  /// What the loop of a condition leaves, read when it is first asked for.
  List<Held> loop(String condition, java.util.function.Supplier<List<Held>> read) {
    var known = loops.get(condition);
    if (known != null) return known;
    var made = read.get();
    loops.put(condition, made);
    return made;
  }
}
