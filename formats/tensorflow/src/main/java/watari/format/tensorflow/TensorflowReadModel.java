package watari.format.tensorflow;

import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.FunctionDefLibrary;
import watari.format.tensorflow.schema.TensorProto;
import watari.graph.Value;
import watari.tensor.TensorData;

/// What all graphs and functions of one file share while they are read.
final class TensorflowReadModel {
  /// How often bodies of loops may be read anew to find the types of what they carry.
  private static final int MOST_REREADS = 200;

  /// Nodes that the calls of functions may come to: functions that call functions double fast.
  private static final int MOST_UNFOLDED = 500_000;

  private final Function<TensorProto, TensorData> elements;
  private final Function<String, Optional<TensorData>> variables;
  private final String path;
  private Findings findings;
  private final Map<String, FunctionDef> functions = new LinkedHashMap<>();
  private final Map<String, TensorflowNodes> bodies = new HashMap<>();
  private final TensorflowEffects effects = new TensorflowEffects(functions);
  private final Set<Value> broken = Collections.newSetFromMap(new IdentityHashMap<>());
  private int rereads;
  private int unfolded;

  /// @param elements finds those of a constant
  /// @param variables the content of a variable by the name of its node
  TensorflowReadModel(
      String path,
      FunctionDefLibrary library,
      Function<TensorProto, TensorData> elements,
      Function<String, Optional<TensorData>> variables,
      Findings findings) {
    this.path = path;
    this.elements = elements;
    this.variables = variables;
    this.findings = findings;
    for (var function : library.getFunctionList()) {
      functions.putIfAbsent(function.getSignature().getName(), function);
    }
  }

  /// @throws TensorflowRefusal if there is no function of the name
  FunctionDef function(String name) {
    var found = functions.get(name);
    if (found == null) throw TensorflowRefusal.broken("there is no function '" + name + "'");
    return found;
  }

  boolean isFunction(String name) {
    return functions.containsKey(name);
  }

  TensorflowNodes body(FunctionDef function) {
    var name = function.getSignature().getName();
    return bodies.computeIfAbsent(name, _ -> TensorflowNodes.of(function, functions));
  }

  /// What nodes change beside what they compute.
  TensorflowEffects effects() {
    return effects;
  }

  TensorData data(TensorProto tensor) {
    return elements.apply(tensor);
  }

  /// The content of a variable.
  Optional<TensorData> variable(String node) {
    return variables.apply(node);
  }

  void add(Finding finding) {
    findings.add(finding.inFile(path));
  }

  /// Findings of a tensor or file at a node.
  void add(ModelException exception) {
    exception.findings().forEach(this::add);
  }

  /// Lets findings go elsewhere from now on, and returns where they went before: for a body that
  /// may have to be read once more.
  Findings divert(Findings other) {
    var before = findings;
    findings = other;
    return before;
  }

  /// A value that stands for an output that could not be read: its users are not at fault.
  void setBroken(Value value) {
    broken.add(value);
  }

  boolean isBroken(Value value) {
    return broken.contains(value);
  }

  /// Whether a loop's body may be read once more.
  boolean mayReread() {
    return rereads++ < MOST_REREADS;
  }

  /// Whether so many nodes of a function may be put in the place of one more call.
  boolean mayUnfold(int nodes) {
    if (unfolded + nodes > MOST_UNFOLDED) return false;
    unfolded += nodes;
    return true;
  }
}
