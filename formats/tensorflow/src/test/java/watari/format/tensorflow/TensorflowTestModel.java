package watari.format.tensorflow;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.eval.PlainEvaluator;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.ReadOptions;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.DataType;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.NodeDef;
import watari.format.tensorflow.schema.TensorProto;
import watari.format.tensorflow.schema.TensorShapeProto;
import watari.graph.Graph;
import watari.graph.Model;
import watari.graph.Value;
import watari.tensor.TensorData;

/// A small frozen graph, built in a test and read from a file.
final class TensorflowTestModel {
  private final Path folder;
  private final GraphDef.Builder graph = GraphDef.newBuilder();

  TensorflowTestModel(Path folder) {
    this.folder = folder;
  }

  GraphDef.Builder proto() {
    return graph;
  }

  TensorflowTestModel input(String name, DataType type, long... dims) {
    return node("Placeholder", name, "", type("dtype", type), shape("shape", dims));
  }

  TensorflowTestModel floats(String name, long... dims) {
    return input(name, DataType.DT_FLOAT, dims);
  }

  TensorflowTestModel constant(String name, List<Long> dims, float... values) {
    var tensor = TensorProto.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(of(dims));
    for (float value : values) tensor.addFloatVal(value);
    return constant(name, tensor.build());
  }

  TensorflowTestModel integers(String name, List<Long> dims, int... values) {
    var tensor = TensorProto.newBuilder().setDtype(DataType.DT_INT32).setTensorShape(of(dims));
    for (int value : values) tensor.addIntVal(value);
    return constant(name, tensor.build());
  }

  TensorflowTestModel constant(String name, TensorProto tensor) {
    var value = attribute("value", AttrValue.newBuilder().setTensor(tensor));
    return node("Const", name, "", value, type("dtype", tensor.getDtype()));
  }

  /// Inputs are separated by blanks.
  @SafeVarargs
  final TensorflowTestModel node(
      String op, String name, String inputs, Map.Entry<String, AttrValue>... attributes) {
    graph.addNode(nodeOf(op, name, inputs, attributes));
    return this;
  }

  @SafeVarargs
  static NodeDef nodeOf(
      String op, String name, String inputs, Map.Entry<String, AttrValue>... attributes) {
    var node = NodeDef.newBuilder().setName(name).setOp(op);
    if (!inputs.isEmpty()) node.addAllInput(List.of(inputs.split(" ")));
    for (var attribute : attributes) node.putAttr(attribute.getKey(), attribute.getValue());
    return node.build();
  }

  TensorflowTestModel function(FunctionDef.Builder function) {
    graph.getLibraryBuilder().addFunction(function);
    return this;
  }

  // ---- attributes

  private static TensorShapeProto of(List<Long> dims) {
    var shape = TensorShapeProto.newBuilder();
    for (long dim : dims) shape.addDimBuilder().setSize(dim);
    return shape.build();
  }

  static Map.Entry<String, AttrValue> attribute(String name, AttrValue.Builder value) {
    return Map.entry(name, value.build());
  }

  static Map.Entry<String, AttrValue> type(String name, DataType type) {
    return attribute(name, AttrValue.newBuilder().setType(type));
  }

  static Map.Entry<String, AttrValue> shape(String name, long... dims) {
    var all = java.util.Arrays.stream(dims).boxed().toList();
    return attribute(name, AttrValue.newBuilder().setShape(of(all)));
  }

  static Map.Entry<String, AttrValue> number(String name, long value) {
    return attribute(name, AttrValue.newBuilder().setI(value));
  }

  static Map.Entry<String, AttrValue> real(String name, float value) {
    return attribute(name, AttrValue.newBuilder().setF(value));
  }

  static Map.Entry<String, AttrValue> flag(String name, boolean value) {
    return attribute(name, AttrValue.newBuilder().setB(value));
  }

  static Map.Entry<String, AttrValue> text(String name, String value) {
    return attribute(name, AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)));
  }

  static Map.Entry<String, AttrValue> numbers(String name, long... values) {
    var list = AttrValue.ListValue.newBuilder();
    for (long value : values) list.addI(value);
    return attribute(name, AttrValue.newBuilder().setList(list));
  }

  static Map.Entry<String, AttrValue> function(String name, String function) {
    var value = AttrValue.newBuilder();
    value.getFuncBuilder().setName(function);
    return attribute(name, value);
  }

  // ---- reading

  /// What reading gives.
  record Read(Model model, List<Finding> findings) {
    Graph graph() {
      return model.main();
    }

    List<String> nodes() {
      return graph().nodes().stream().map(node -> node.op().toString()).toList();
    }

    List<String> sentences() {
      return findings.stream().map(Finding::why).toList();
    }

    /// What the outputs are, computed by our kernels.
    List<TensorData> run(TensorData... inputs) {
      Map<Value, TensorData> given = new HashMap<>();
      for (int i = 0; i < inputs.length; i++) given.put(graph().inputs().get(i), inputs[i]);
      return new PlainEvaluator().run(graph(), given);
    }
  }

  byte[] bytes() {
    return graph.build().toByteArray();
  }

  Read read() {
    return read(folder, bytes());
  }

  static Read read(Path folder, byte[] bytes) {
    var findings = new Findings();
    try {
      var path = folder.resolve("model.pb");
      Files.write(path, bytes);
      var model = new PbReader().read(path, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
      return new Read(model, findings.all());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
