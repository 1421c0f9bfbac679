package watari.format.tflite;

import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import watari.eval.Kernels;
import watari.format.tflite.schema.CallOnceOptions;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.VarHandleOptions;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.TensorData;

/// The resources of a file: variables with their initial values, and tables of keys.
///
/// CALL_ONCE runs a subgraph before the first call; it is run here, while the file is read. A
/// variable that nothing else assigns is a constant.
final class TfliteVariables {
  /// Keys and their values, the first one holds where a key comes twice.
  record Table(TensorData keys, TensorData values) {}

  private record Assigned(String resource, Value value) {}

  private record Imported(String resource, Value keys, Value values) {}

  private final TfliteSource source;
  private final Map<String, TensorData> initial = new HashMap<>();
  private final Map<String, Table> tables = new HashMap<>();
  private final Set<String> assigned = new HashSet<>();
  private final Set<Integer> initialisers = new HashSet<>();
  private final Map<Assigned, Boolean> assignments = new LinkedHashMap<>();
  private final Map<Imported, Boolean> imports = new LinkedHashMap<>();
  private boolean anyAssigned;
  private boolean running;
  private boolean scanned;

  TfliteVariables(TfliteSource source) {
    this.source = source;
  }

  /// Whether a tensor is a handle of a resource, not a value.
  static boolean isHandle(TfliteScope scope, int tensor) {
    return scope.tensors().dtype(tensor).isEmpty();
  }

  static String name(VarHandleOptions options) {
    var container = Objects.requireNonNullElse(options.container(), "");
    var shared = Objects.requireNonNullElse(options.sharedName(), "");
    return container.isEmpty() ? shared : container + "/" + shared;
  }

  /// Whether a subgraph is being run for its effects on resources.
  boolean isInitialising() {
    return running;
  }

  /// Whether the model changes a variable after it began.
  boolean isAssigned(String resource) {
    return anyAssigned || assigned.contains(resource);
  }

  Optional<TensorData> initial(String resource) {
    return Optional.ofNullable(initial.get(resource));
  }

  Optional<Table> table(String resource) {
    return Optional.ofNullable(tables.get(resource));
  }

  void assign(String resource, Value value) {
    assignments.put(new Assigned(resource, value), true);
  }

  void fill(String resource, Value keys, Value values) {
    imports.put(new Imported(resource, keys, values), true);
  }

  /// Finds what is assigned where, and runs the subgraphs that are called once.
  void prepare() {
    if (scanned) return;
    scanned = true;
    int subgraphs = source.file().model().subgraphsLength();
    for (int i = 0; i < subgraphs; i++) {
      for (var operator : source.operators(i)) {
        if (!isNamed(operator, "CALL_ONCE")) continue;
        var options = new CallOnceOptions();
        if (operator.builtinOptions(options) != null) initialisers.add(options.initSubgraphIndex());
      }
    }
    for (int i = 0; i < subgraphs; i++) if (!initialisers.contains(i)) scan(i);
    for (int subgraph : initialisers.stream().sorted().toList()) run(subgraph);
  }

  private boolean isNamed(Operator operator, String name) {
    return TfliteSource.name(source.code(operator)).equals(name);
  }

  private void scan(int subgraph) {
    var handles = new HashMap<Integer, String>();
    for (var operator : source.operators(subgraph)) {
      if (isNamed(operator, "VAR_HANDLE") && operator.outputsLength() > 0) {
        var options = new VarHandleOptions();
        if (operator.builtinOptions(options) != null) {
          handles.put(operator.outputs(0), name(options));
        }
      } else if (isNamed(operator, "ASSIGN_VARIABLE") && operator.inputsLength() > 0) {
        var resource = handles.get(operator.inputs(0));
        if (resource == null) anyAssigned = true;
        else assigned.add(resource);
      }
    }
  }

  private void run(int subgraph) {
    var graph = new Graph("initialise");
    running = true;
    new TfliteScope(source, subgraph, new GraphBuilder(graph), Optional.empty()).read();
    running = false;
    var known = evaluate(graph);
    for (var each : assignments.keySet()) {
      data(each.value(), known).ifPresent(data -> initial.put(each.resource(), data));
    }
    for (var each : imports.keySet()) {
      var keys = data(each.keys(), known);
      var values = data(each.values(), known);
      if (keys.isPresent() && values.isPresent()) {
        tables.put(each.resource(), new Table(keys.get(), values.get()));
      }
    }
    assignments.clear();
    imports.clear();
  }

  private static Optional<TensorData> data(Value value, Map<Value, TensorData> known) {
    return value.constant().or(() -> Optional.ofNullable(known.get(value)));
  }

  private static Map<Value, TensorData> evaluate(Graph graph) {
    var known = new IdentityHashMap<Value, TensorData>();
    for (var node : graph) {
      var results = Kernels.evaluate(node, value -> data(value, known));
      if (results.isEmpty()) continue;
      for (int i = 0; i < node.outputs().size(); i++) {
        known.put(node.output(i), results.get().get(i));
      }
    }
    return known;
  }
}
