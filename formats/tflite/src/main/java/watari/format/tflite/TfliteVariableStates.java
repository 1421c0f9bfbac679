package watari.format.tflite;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.State;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.SequenceOp;
import watari.tensor.DataType;
import watari.tensor.Quantization;

/// States that a recurrent operator keeps by itself, in variable tensors: those that it alone reads
/// and writes, and that are zero before the first call, to which interpreters reset them.
///
/// @param names of the states
record TfliteVariableStates(Set<String> names) {
  static final TfliteVariableStates NONE = new TfliteVariableStates(Set.of());

  TfliteVariableStates {
    names = Set.copyOf(names);
  }

  boolean has(String state) {
    return names.contains(state);
  }

  static TfliteVariableStates of(Graph graph) {
    if (graph.states().isEmpty()) return NONE;
    Map<String, List<Node>> reads = new HashMap<>();
    Map<String, List<Node>> writes = new HashMap<>();
    collect(graph, reads, writes);
    var names = new HashSet<String>();
    for (var state : graph.states()) {
      var read = reads.getOrDefault(state.name(), List.of());
      var written = writes.getOrDefault(state.name(), List.of());
      boolean isOnce = read.size() == 1 && written.size() == 1;
      boolean isHere = isOnce && read.get(0).graph() == graph;
      if (isHere && isZero(state) && isKept(read.get(0), written.get(0))) names.add(state.name());
    }
    return new TfliteVariableStates(names);
  }

  private static void collect(
      Graph graph, Map<String, List<Node>> reads, Map<String, List<Node>> writes) {
    for (var node : graph) {
      if (node.op() instanceof ReadState(var name, _)) append(reads, name, node);
      if (node.op() instanceof WriteState(var name)) append(writes, name, node);
      for (var body : node.bodies()) collect(body, reads, writes);
    }
  }

  private static void append(Map<String, List<Node>> all, String name, Node node) {
    all.computeIfAbsent(name, _ -> new java.util.ArrayList<>()).add(node);
  }

  private static boolean isZero(State state) {
    boolean isInt8 = state.type().dtype() == DataType.INT8;
    long zero =
        isInt8 && state.type().quantization() instanceof Quantization.PerTensor(_, long point)
            ? point
            : 0;
    return state.initial().isAll(zero);
  }

  /// Whether one recurrent operator takes what is read, and gives what is written, as one state.
  private static boolean isKept(Node read, Node write) {
    var value = read.output();
    var last = write.input(0);
    if (value.uses().size() != 1 || read.graph().isOutput(value)) return false;
    var use = value.uses().iterator().next();
    if (!(use.node().op() instanceof SequenceOp op)) return false;
    int operand = use.index() - 1;
    int direction = operand / op.operandCount();
    int state = operand % op.operandCount() - op.firstState();
    if (direction >= op.direction().count() || state < 0 || state >= op.stateCount()) return false;
    boolean isLast =
        last.isPresent() && last == use.node().output(op.stateOutput(direction, state));
    return isLast && last.uses().size() == 1 && !read.graph().isOutput(last);
  }
}
