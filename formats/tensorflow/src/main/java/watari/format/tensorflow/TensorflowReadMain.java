package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.finding.Finding;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowNodes.Entry;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.TensorInfo;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Reads a GraphDef from its inputs to its outputs.
final class TensorflowReadMain {
  /// Operators that a graph has for their effects, or as parts of its control flow.
  private static final Set<String> NO_RESULTS =
      Set.of(
          "Assert",
          "Const",
          "Enter",
          "Exit",
          "LoopCond",
          "Merge",
          "NextIteration",
          "NoOp",
          "Placeholder",
          "PlaceholderWithDefault",
          "Print",
          "PrintV2",
          "SaveV2",
          "Switch");

  private final TensorflowReadModel model;
  private final TensorflowNodes nodes;
  private final Graph graph;
  private final TensorflowReadGraph reading;

  TensorflowReadMain(TensorflowReadModel model, GraphDef source) {
    this.model = model;
    this.nodes = TensorflowNodes.of(source.getNodeList());
    this.graph = new Graph("main");
    this.reading = new TensorflowReadGraph(model, new GraphBuilder(graph), nodes, "", 0);
  }

  /// Reads what the nodes give that nothing takes.
  Graph leaves() {
    var outputs = new LinkedHashMap<String, Edge>();
    for (var entry : unused()) {
      int count = TensorflowOperators.outputCount(entry.proto());
      for (int i = 0; i < count; i++) {
        var edge = new Edge(entry.name(), i);
        outputs.put(edge.toString(), edge);
      }
    }
    if (outputs.isEmpty()) {
      model.add(
          Finding.error("GRAPH_BROKEN", "the graph has no node whose output is left over")
              .fix("export the model with an Identity for each output"));
    }
    read(placeholders(outputs.values()), outputs);
    return graph;
  }

  /// Reads what a signature gives, from what it takes.
  Graph signature(Map<String, TensorInfo> inputs, Map<String, TensorInfo> outputs) {
    inputs.forEach((key, info) -> {
      var edge = TensorflowNodes.edge(info.getName());
      input(key, edge, info.getDtype(), TensorflowTypes.shape(key, info.getTensorShape()));
    });
    var wanted = new LinkedHashMap<String, Edge>();
    outputs.forEach((key, info) -> wanted.put(key, TensorflowNodes.edge(info.getName())));
    read(wanted);
    return graph;
  }

  private List<Entry> unused() {
    var used = new HashSet<String>();
    for (var entry : nodes.all()) {
      entry.inputs().forEach(edge -> used.add(edge.node()));
      used.addAll(entry.controls());
    }
    var unused = new ArrayList<Entry>();
    for (var entry : nodes.all()) {
      boolean isResult = !used.contains(entry.name()) && !NO_RESULTS.contains(entry.op());
      if (isResult) unused.add(entry);
    }
    return unused;
  }

  /// The placeholders that the outputs depend on, in the order of the file.
  private Map<String, Edge> placeholders(Iterable<Edge> outputs) {
    var seen = new HashSet<String>();
    var open = new java.util.ArrayDeque<String>();
    outputs.forEach(edge -> open.add(edge.node()));
    while (!open.isEmpty()) {
      var name = open.pop();
      if (!seen.add(name)) continue;
      nodes.find(name).ifPresent(entry -> entry.inputs().forEach(in -> open.add(in.node())));
    }
    var inputs = new LinkedHashMap<String, Edge>();
    for (var entry : nodes.all()) {
      boolean isInput = entry.op().equals("Placeholder") || entry.op().equals("_Arg");
      if (isInput && seen.contains(entry.name())) {
        inputs.put(entry.name(), new Edge(entry.name(), 0));
      }
    }
    return inputs;
  }

  /// Reads what the outputs depend on, from the inputs on.
  private void read(Map<String, Edge> inputs, Map<String, Edge> outputs) {
    inputs.forEach((name, edge) -> input(name, edge));
    read(outputs);
  }

  private void read(Map<String, Edge> outputs) {
    reading.read(List.copyOf(outputs.values()));
    reading.refuseChanges(outputs.values().stream().map(Edge::node).toList());
    outputs.forEach(this::output);
  }

  private void input(String name, Edge edge) {
    var entry = nodes.find(edge.node()).orElseThrow();
    var dtype = entry.proto().getAttrOrDefault("dtype", AttrValue.getDefaultInstance()).getType();
    input(name, edge, dtype, shape(name, entry));
  }

  private void input(
      String name, Edge edge, watari.format.tensorflow.schema.DataType theirs, Shape shape) {
    var dtype = TensorflowTypes.dtype(theirs);
    if (dtype.isEmpty()) {
      model.add(
          Finding.error(
                  "DTYPE_UNSUPPORTED",
                  "input '%s' has the element type '%s', which Watari does not know"
                      .formatted(name, theirs))
              .fix("export the model with tensors as inputs"));
      reading.standIn(edge);
      return;
    }
    var type = new TensorType(dtype.orElse(DataType.FLOAT32), shape);
    reading.put(edge, new Held.Tensor(graph.addInput(name, type)));
  }

  /// Without a shape nothing is known of it, not even its rank.
  private static Shape shape(String name, Entry entry) {
    var attribute = entry.proto().getAttrMap().get("shape");
    var listed = entry.proto().getAttrOrDefault("_output_shapes", AttrValue.getDefaultInstance());
    if (attribute == null || !attribute.hasShape()) return Shape.UNKNOWN;
    // Old files write an unknown shape as that of a scalar, and the one that they know elsewhere.
    boolean isScalar =
        attribute.getShape().getDimCount() == 0 && !attribute.getShape().getUnknownRank();
    boolean isListed = isScalar && listed.getList().getShapeCount() == 1;
    return TensorflowTypes.shape(
        name, isListed ? listed.getList().getShape(0) : attribute.getShape());
  }

  private void output(String name, Edge edge) {
    try {
      graph.addOutput(name, reading.value(edge));
    } catch (TensorflowRefusal e) {
      var operator = nodes.find(edge.node()).map(Entry::op).orElse("");
      model.add(e.finding().at(edge.node(), -1, operator));
      graph.addOutput(name, standIn(edge));
    }
  }

  private Value standIn(Edge edge) {
    var other = new Edge(edge.node() + "/broken", edge.output());
    reading.standIn(other);
    return reading.value(other);
  }
}
