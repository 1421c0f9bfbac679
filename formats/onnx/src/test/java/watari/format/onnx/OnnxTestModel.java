package watari.format.onnx;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.ReadOptions;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.AttributeProto.AttributeType;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.OperatorSetIdProto;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TypeProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.Graph;
import watari.graph.Model;

/// A small ONNX model, built in a test and read from a file.
final class OnnxTestModel {
  private final Path folder;
  private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(10);
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("main");

  OnnxTestModel(Path folder, int opset) {
    this.folder = folder;
    imports("", opset);
  }

  OnnxTestModel imports(String domain, int version) {
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version));
    return this;
  }

  ModelProto.Builder proto() {
    return model;
  }

  GraphProto.Builder graph() {
    return graph;
  }

  OnnxTestModel input(String name, TensorProto.DataType type, Object... dims) {
    graph.addInput(info(name, type, dims));
    return this;
  }

  OnnxTestModel floats(String name, Object... dims) {
    return input(name, TensorProto.DataType.FLOAT, dims);
  }

  /// An output without a declared type.
  OnnxTestModel output(String name) {
    graph.addOutput(ValueInfoProto.newBuilder().setName(name));
    return this;
  }

  OnnxTestModel constant(String name, List<Long> dims, float... values) {
    var tensor = TensorProto.newBuilder().setName(name).addAllDims(dims).setDataType(1);
    for (float value : values) tensor.addFloatData(value);
    graph.addInitializer(tensor);
    return this;
  }

  OnnxTestModel integers(String name, TensorProto.DataType type, List<Long> dims, int... values) {
    graph.addInitializer(tensor(name, type, dims, values));
    return this;
  }

  /// Inputs and outputs are separated by blanks; `_` is one left out.
  OnnxTestModel node(String op, String inputs, String outputs, AttributeProto... attributes) {
    graph.addNode(nodeOf(op, inputs, outputs, attributes));
    return this;
  }

  static NodeProto.Builder nodeOf(
      String op, String inputs, String outputs, AttributeProto... attributes) {
    var node = NodeProto.newBuilder().setOpType(op).setName("the" + op);
    for (var name : names(inputs)) node.addInput(name);
    for (var name : names(outputs)) node.addOutput(name);
    return node.addAllAttribute(List.of(attributes));
  }

  private static List<String> names(String text) {
    if (text.isEmpty()) return List.of();
    return List.of(text.split(" ")).stream().map(name -> name.equals("_") ? "" : name).toList();
  }

  // ---- parts

  static TensorProto tensor(
      String name, TensorProto.DataType type, List<Long> dims, int... values) {
    var tensor =
        TensorProto.newBuilder().setName(name).addAllDims(dims).setDataType(type.getNumber());
    boolean isLong = type == TensorProto.DataType.INT64;
    for (int value : values) {
      if (isLong) tensor.addInt64Data(value);
      else tensor.addInt32Data(value);
    }
    return tensor.build();
  }

  static ValueInfoProto.Builder info(String name, TensorProto.DataType type, Object... dims) {
    var tensor = TypeProto.Tensor.newBuilder().setElemType(type.getNumber());
    tensor.getShapeBuilder();
    for (var dim : dims) {
      var made = tensor.getShapeBuilder().addDimBuilder();
      if (dim instanceof String symbol) made.setDimParam(symbol);
      else made.setDimValue(((Number) dim).longValue());
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor));
  }

  static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
  }

  static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  static AttributeProto attribute(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  static AttributeProto attribute(String name, List<Long> values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.INTS)
        .addAllInts(values)
        .build();
  }

  static AttributeProto attribute(String name, GraphProto.Builder value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(value)
        .build();
  }

  // ---- reading

  /// What reading gives.
  record Read(Model model, List<Finding> findings) {
    Graph graph() {
      return model.main();
    }

    /// The nodes, a line each, without their types.
    List<String> nodes() {
      return graph().nodes().stream().map(node -> node.op().toString()).toList();
    }

    List<String> sentences() {
      return findings.stream().map(Finding::why).toList();
    }
  }

  byte[] bytes() {
    return model.setGraph(graph).build().toByteArray();
  }

  Read read() {
    var findings = new Findings();
    try {
      var path = folder.resolve("model.onnx");
      Files.write(path, bytes());
      var model = new OnnxReader().read(path, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
      return new Read(model, findings.all());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
