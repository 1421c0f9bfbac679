package watari.format.tensorflow;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import watari.format.tensorflow.TensorflowLibrary.Argument;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.format.tensorflow.schema.DictValue;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.SavedConcreteFunction;
import watari.format.tensorflow.schema.SavedObjectGraph;
import watari.format.tensorflow.schema.SaverDef;
import watari.format.tensorflow.schema.SignatureDef;
import watari.format.tensorflow.schema.StructuredValue;
import watari.format.tensorflow.schema.TensorInfo;
import watari.format.tensorflow.schema.TensorSpecProto;
import watari.format.tensorflow.schema.TupleValue;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The parts of a SavedModel: functions, the graph around them, signatures and objects.
///
/// Source: TensorFlow 2.21, saved_object_graph.proto, and what its own saver writes.
final class SavedObjects {
  private static final String METHOD = "tensorflow/serving/predict";
  private static final String DEFAULT = "serving_default";

  /// @param trainable whether training is meant to change it
  record Variable(String name, TensorData data, Port handle, boolean trainable) {}

  /// A graph as a function.
  ///
  /// @param variables numbers of those that it reads, its last arguments
  private record Signature(
      String key,
      String function,
      List<Entry> inputs,
      List<Entry> outputs,
      Graph graph,
      List<Integer> variables) {}

  /// An input or output of a graph under the signature's name for it.
  private record Entry(String key, Value value, int index) {}

  private final TensorflowLibrary library;
  private final boolean hasVariables;
  private final TensorflowScope around;
  private final List<Variable> variables = new ArrayList<>();
  private final TensorflowNames variableNames = new TensorflowNames();
  private final List<Signature> signatures = new ArrayList<>();
  private final Map<TensorflowStep, String> names = new IdentityHashMap<>();
  private final Map<String, SignatureDef.Builder> defined = new TreeMap<>();

  SavedObjects(Arena arena, boolean hasVariables) {
    this.library = new TensorflowLibrary(arena);
    this.hasVariables = hasVariables;
    this.around = new TensorflowScope(library, (hint, data, s) -> s.constant(hint, data));
  }

  // ---- functions

  /// Adds a graph; the first one is served unless another is asked for.
  void add(Graph graph, int index) {
    var reads = new LinkedHashMap<Integer, Port>();
    var scope = new TensorflowScope(library, (hint, data, s) -> weight(hint, data, s, reads));
    var inputs = new ArrayList<Argument>();
    for (var input : graph.inputs()) {
      var given = scope.add(new TensorflowStep(input.name(), TensorflowGraph.GIVEN, List.of()));
      var port = given.given(Optional.of(TensorflowWriteTypes.carried(input.dtype())));
      inputs.add(new Argument(input.name(), port));
      scope.give(input, port);
    }
    TensorflowGraphWriter.write(graph, scope);
    var outputs = new ArrayList<Argument>();
    var ports = TensorflowGraphWriter.outputs(graph, scope, graph.outputNames());
    for (int i = 0; i < ports.size(); i++) {
      outputs.add(new Argument(graph.outputNames().get(i), ports.get(i)));
    }
    var inputNames = graph.inputs().stream().map(Value::name).toList();
    var given =
        sorted(keys(graph.signature().inputs(), inputNames), graph.inputs(), SavedObjects::keyword);
    var gives =
        sorted(keys(graph.signature().outputs(), graph.outputNames()), graph.outputs(), k -> k);
    var arguments = new ArrayList<Argument>();
    given.forEach(entry -> arguments.add(inputs.get(entry.index())));
    reads.values().forEach(port -> arguments.add(new Argument("variable", port)));
    var results = gives.stream().map(entry -> outputs.get(entry.index())).toList();
    var key = key(graph, index);
    var function = library.add("__inference_signature_" + key, scope, arguments, results);
    signatures.add(new Signature(key, function, given, gives, graph, List.copyOf(reads.keySet())));
  }

  /// By their keys, as TensorFlow's functions take and give what has names.
  private static List<Entry> sorted(
      List<String> keys, List<Value> values, UnaryOperator<String> order) {
    return IntStream.range(0, keys.size())
        .mapToObj(i -> new Entry(keys.get(i), values.get(i), i))
        .sorted(Comparator.comparing(entry -> order.apply(entry.key())))
        .toList();
  }

  /// The name that TensorFlow gives to an argument of such a key.
  private static String keyword(String key) {
    var clean = key.replaceAll("[^\\p{IsAlphabetic}\\p{IsDigit}]", "_");
    return !clean.isEmpty() && Character.isLetter(clean.charAt(0)) ? clean : "arg_" + clean;
  }

  private static String key(Graph graph, int index) {
    var given = graph.signature().key();
    if (!given.isEmpty()) return given;
    return index == 0 ? DEFAULT : DEFAULT + "_" + index;
  }

  /// The source's own names, else those of the graph; each once.
  private static List<String> keys(List<String> given, List<String> names) {
    var all = given.size() == names.size() ? given : names;
    var result = new ArrayList<String>();
    for (var name : all) {
      var key = name;
      for (int i = 1; result.contains(key); i++) key = name + "_" + i;
      result.add(key);
    }
    return result;
  }

  /// A constant, or what a variable holds: weights are floats of one axis or more.
  private Port weight(
      String hint, TensorData data, TensorflowScope scope, Map<Integer, Port> reads) {
    boolean isWeight =
        data.dtype().isFloat() && data.dtype().bits() >= 16 && data.shape().rank() > 0;
    if (!hasVariables || !isWeight || data.size() < 2) return scope.constant(hint, data);
    int number = variables.size();
    var name = variableNames.unique(hint);
    var handle =
        around
            .add(new TensorflowStep(name, "VarHandleOp", List.of()))
            .set("dtype", data.dtype())
            .set("shape", data.shape())
            .set("shared_name", name);
    variables.add(new Variable(name, data, handle.port(), true));
    var resource =
        scope
            .add(new TensorflowStep(name, TensorflowGraph.GIVEN, List.of()))
            .given(Optional.empty());
    reads.put(number, resource);
    return scope
        .add(new TensorflowStep(hint, "ReadVariableOp", List.of(resource)))
        .set("dtype", data.dtype())
        .port();
  }

  // ---- the graph around them

  /// Placeholders, calls and outputs of each signature, and what saves and restores variables.
  GraphDef graph() {
    var first = new ArrayList<TensorflowStep>();
    var ends = new ArrayList<Port>();
    var calls = new LinkedHashMap<Signature, List<Port>>();
    variables.forEach(variable -> ends.add(variable.handle()));
    for (var signature : signatures) calls.put(signature, call(signature, first, ends));
    var restore = restore(ends);
    ends.addAll(restore);
    var steps = TensorflowGraph.needed(around, ends);
    var graph = TensorflowGraph.graph(steps, first, names).setLibrary(library.build());
    calls.forEach((signature, ports) -> define(signature, ports));
    return graph.build();
  }

  private List<Port> call(Signature signature, List<TensorflowStep> first, List<Port> ends) {
    var taken = new ArrayList<Port>();
    for (var input : signature.inputs()) {
      var step = PbWriter.placeholder(input.value(), around);
      step.setHint(signature.key() + "_" + input.key());
      first.add(step);
      taken.add(step.port());
    }
    ends.addAll(taken);
    var all = new ArrayList<>(taken);
    signature.variables().forEach(number -> all.add(variables.get(number).handle()));
    var name = signature.variables().isEmpty() ? "PartitionedCall" : "StatefulPartitionedCall";
    var types = signature.outputs().stream().map(SavedObjects::dtype).toList();
    var call =
        around
            .add(new TensorflowStep(name, name, all))
            .setTypes("Tin", all.stream().map(TensorflowGraph::type).toList())
            .setTypes("Tout", types.stream().map(TensorflowWriteTypes::proto).toList())
            .setFunction("f", signature.function());
    var given = new Port[types.size()];
    for (int i = 0; i < types.size(); i++) {
      int index = signature.outputs().get(i).index();
      given[index] = call.part(i, Optional.of(types.get(i)));
    }
    var copies = new Port[types.size()];
    for (int i = 0; i < given.length; i++) {
      var hint = signature.graph().outputNames().get(i);
      var copy = around.add(new TensorflowStep(hint, "Identity", List.of(given[i])));
      first.add(copy.set("T", given[i].type()));
      copies[i] = copy.port();
    }
    for (var output : signature.outputs()) taken.add(copies[output.index()]);
    ends.addAll(List.of(copies));
    return taken;
  }

  private static DataType dtype(Entry entry) {
    return TensorflowWriteTypes.carried(entry.value().dtype());
  }

  private void define(Signature signature, List<Port> ports) {
    var definition = SignatureDef.newBuilder().setMethodName(METHOD);
    int at = 0;
    for (var input : signature.inputs()) {
      definition.putInputs(input.key(), info(ports.get(at++), input.value()));
    }
    for (var output : signature.outputs()) {
      definition.putOutputs(output.key(), info(ports.get(at++), output.value()));
    }
    defined.put(signature.key(), definition);
  }

  private TensorInfo info(Port port, Value value) {
    return TensorInfo.newBuilder()
        .setName(TensorflowGraph.reference(port, names) + ":0")
        .setDtype(TensorflowGraph.type(port))
        .setTensorShape(TensorflowWriteTypes.shape(value.shape()))
        .build();
  }

  /// Of graph() : call that first.
  Map<String, SignatureDef> signatures() {
    var all = new TreeMap<String, SignatureDef>();
    defined.forEach((key, definition) -> all.put(key, definition.build()));
    return all;
  }

  // ---- restoring

  /// For loaders that run the graph: a node that assigns all variables, one that saves them.
  private List<Port> restore(List<Port> ends) {
    var file =
        around
            .add(new TensorflowStep("saver_filename", "Placeholder", List.of()))
            .set("dtype", DataType.STRING)
            .set("shape", Shape.SCALAR);
    if (variables.isEmpty()) return List.of(file.port());
    int count = variables.size();
    var keys = new ArrayList<byte[]>();
    var blanks = new ArrayList<byte[]>();
    for (int i = 0; i < count; i++) {
      keys.add(checkpointKey(i).getBytes(StandardCharsets.UTF_8));
      blanks.add(new byte[0]);
    }
    around.setPrefix("save");
    var names = around.constant(TensorData.ofStrings(Shape.of(count), keys));
    var slices = around.constant(TensorData.ofStrings(Shape.of(count), blanks));
    var types = variables.stream().map(v -> TensorflowWriteTypes.proto(v.data().dtype())).toList();
    var read = around.bare("RestoreV2", file.port(), names, slices).setTypes("dtypes", types);
    var restored = around.bare("NoOp");
    restored.setHint("save/restore_all");
    var all = new ArrayList<Port>(List.of(file.port(), names, slices));
    for (int i = 0; i < count; i++) {
      var dtype = variables.get(i).data().dtype();
      var handle = variables.get(i).handle();
      var assigned =
          around
              .bare("AssignVariableOp", handle, read.part(i, Optional.of(dtype)))
              .set("dtype", dtype);
      restored.after(assigned);
      all.add(around.bare("ReadVariableOp", handle).set("dtype", dtype).port());
    }
    // A node without outputs has no port of its own: it is reached through this one.
    ends.add(restored.given(Optional.empty()));
    var saved = around.bare("SaveV2", all.toArray(Port[]::new)).setTypes("dtypes", types);
    var done = new TensorflowStep("save/control_dependency", "Identity", List.of(file.port()));
    around.add(done.set("T", DataType.STRING).after(saved));
    return List.of(done.port());
  }

  SaverDef saver() {
    var saver = SaverDef.newBuilder().setFilenameTensorName("saver_filename:0").setVersion(2);
    if (variables.isEmpty()) return SaverDef.getDefaultInstance();
    return saver
        .setSaveTensorName("save/control_dependency:0")
        .setRestoreOpName("save/restore_all")
        .build();
  }

  // ---- objects

  static String checkpointKey(int variable) {
    return "variables/" + variable + "/.ATTRIBUTES/VARIABLE_VALUE";
  }

  /// What the checkpoint holds, by keys.
  Map<String, TensorData> values() {
    var values = new TreeMap<String, TensorData>();
    var graph = new SavedObjectTree(variables, keys()).checkpoint();
    values.put(
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        TensorData.ofStrings(Shape.SCALAR, List.of(graph.toByteArray())));
    for (int i = 0; i < variables.size(); i++) {
      values.put(checkpointKey(i), variables.get(i).data());
    }
    return values;
  }

  private List<String> keys() {
    return signatures.stream().map(Signature::key).toList();
  }

  SavedObjectGraph objects() {
    var tree = new SavedObjectTree(variables, keys());
    var objects = SavedObjectGraph.newBuilder();
    for (var signature : signatures) {
      var function = SavedConcreteFunction.newBuilder();
      signature.variables().forEach(number -> function.addBoundInputs(tree.variable(number)));
      var inputs = specs(signature.inputs());
      var nothing = StructuredValue.newBuilder().setTupleValue(TupleValue.getDefaultInstance());
      function.setCanonicalizedInputSignature(
          StructuredValue.newBuilder()
              .setTupleValue(TupleValue.newBuilder().addValues(nothing).addValues(inputs)));
      function.setOutputSignature(specs(signature.outputs()));
      objects.putConcreteFunctions(signature.function(), function.build());
      tree.function(signature.function(), signature.inputs().stream().map(Entry::key).toList());
    }
    return objects.addAllNodes(tree.nodes()).build();
  }

  private static StructuredValue specs(List<Entry> entries) {
    var fields = DictValue.newBuilder();
    for (var entry : entries) {
      var spec =
          TensorSpecProto.newBuilder()
              .setName(entry.key())
              .setShape(TensorflowWriteTypes.shape(entry.value().shape()))
              .setDtype(TensorflowWriteTypes.proto(dtype(entry)));
      var value = StructuredValue.newBuilder().setTensorSpecValue(spec).build();
      fields.putFields(entry.key(), value);
    }
    return StructuredValue.newBuilder().setDictValue(fields).build();
  }
}
