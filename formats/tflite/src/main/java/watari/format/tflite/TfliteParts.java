package watari.format.tflite;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.State;
import watari.tensor.TensorData;

/// A file to be: subgraphs, operator codes and buffers.
class TfliteParts {
  /// Small constants are compared, so that equal ones share a buffer.
  private static final long MAX_COMPARED_BYTES = 1 << 16;

  /// What an operator is by code, version and custom name.
  record Code(int code, int version, String custom) {}

  /// A signature to be; tensors by name.
  record Signature(
      String key,
      int subgraph,
      List<Map.Entry<String, Integer>> inputs,
      List<Map.Entry<String, Integer>> outputs) {}

  private final TfliteOutput output = new TfliteOutput();
  private final List<TfliteSubgraph> subgraphs = new ArrayList<>();
  private final List<Signature> signatures = new ArrayList<>();
  private final Map<Code, Integer> codes = new LinkedHashMap<>();
  private final Map<Integer, List<Known>> small = new HashMap<>();

  private record Known(TensorData data, int buffer) {}

  TfliteOutput output() {
    return output;
  }

  List<TfliteSubgraph> subgraphs() {
    return subgraphs;
  }

  List<Signature> signatures() {
    return signatures;
  }

  List<Code> codes() {
    return List.copyOf(codes.keySet());
  }

  int code(TfliteSubgraph.Operator operator) {
    var code = new Code(operator.code(), operator.version(), operator.custom());
    return codes.computeIfAbsent(code, _ -> codes.size());
  }

  /// The buffer of a constant; equal ones have the same.
  int buffer(TensorData data) {
    if (data.dtype() == watari.tensor.DataType.STRING || data.sizeBytes() > MAX_COMPARED_BYTES) {
      return output.add(data);
    }
    var alike = small.computeIfAbsent(hash(data), _ -> new ArrayList<>());
    for (var known : alike) if (known.data().contentEquals(data)) return known.buffer();
    int made = output.add(data);
    alike.add(new Known(data, made));
    return made;
  }

  private static int hash(TensorData data) {
    long hash = data.dtype().name().hashCode() * 31L + data.size();
    for (long i = 0; i < Math.min(data.size(), 64); i++) {
      hash = hash * 31 + Double.hashCode(data.doubleAt(i));
    }
    return Long.hashCode(hash);
  }

  /// Whether nothing is written, only looked at.
  boolean isDry() {
    return false;
  }

  /// Adds an empty subgraph.
  TfliteSubgraph open(String name) {
    var subgraph = new TfliteSubgraph(this, name);
    subgraphs.add(subgraph);
    return subgraph;
  }

  int indexOf(TfliteSubgraph subgraph) {
    return subgraphs.indexOf(subgraph);
  }

  /// Writes a body; its place among the subgraphs.
  int subgraph(Graph graph) {
    var body = open(graph.name());
    TfliteGraphWriter.write(graph, body);
    return indexOf(body);
  }

  /// The resource of a state, and the subgraph that gives it its first value.
  void initialise(List<State> states, TfliteSubgraph main) {
    if (states.isEmpty()) return;
    var body = open(main.name() + "/initialise");
    for (var state : states) TfliteControlOps.assignInitial(state, body);
    TfliteControlOps.callOnce(indexOf(body), main);
  }
}
