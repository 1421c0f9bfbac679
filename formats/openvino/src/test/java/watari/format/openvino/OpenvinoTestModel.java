package watari.format.openvino;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.ReadOptions;
import watari.graph.Graph;
import watari.graph.Model;

/// A small IR, built in a test and read from a file. Input ports are numbered from 0, and the
/// outputs behind them.
final class OpenvinoTestModel {
  private final Path folder;
  private final StringBuilder layers = new StringBuilder();
  private final StringBuilder edges = new StringBuilder();
  private final ByteArrayOutputStream weights = new ByteArrayOutputStream();
  private int ir = 11;
  private String set = "opset1";
  private List<String> dims = List.of();
  private String precision = "FP32";
  private final Map<String, Integer> firstOutput = new HashMap<>();

  OpenvinoTestModel(Path folder) {
    this.folder = folder;
  }

  OpenvinoTestModel version(int version) {
    ir = version;
    return this;
  }

  /// Layers are from this operator set from now on.
  OpenvinoTestModel version(String operatorSet) {
    set = operatorSet;
    return this;
  }

  /// Outputs of layers declare these dims from now on.
  OpenvinoTestModel dims(String... declared) {
    dims = List.of(declared);
    return this;
  }

  /// Outputs of layers declare this type from now on.
  OpenvinoTestModel precision(String declared) {
    precision = declared;
    return this;
  }

  /// Adds a layer.
  ///
  /// @param inputs ids of layers, or `id.output`, separated by blanks
  /// @param outputs the names of each output, separated by blanks; `_` for none
  OpenvinoTestModel layer(
      String id, String name, String type, String data, String inputs, String outputs) {
    return layer(id, name, type, data, inputs, outputs, "");
  }

  /// Adds a layer with further elements.
  OpenvinoTestModel layer(
      String id,
      String name,
      String type,
      String data,
      String inputs,
      String outputs,
      String elements) {
    layers.append(
        "<layer id=\"%s\" name=\"%s\" type=\"%s\" version=\"%s\">".formatted(id, name, type, set));
    if (!data.isEmpty()) layers.append("<data ").append(data).append("/>");
    layers.append(elements).append("<input>");
    int port = 0;
    for (var input : words(inputs)) {
      var from = input.split("\\.");
      int output = firstOutput.getOrDefault(from[0], 1);
      if (from.length > 1) output += Integer.parseInt(from[1]);
      edges.append(
          "<edge from-layer=\"%s\" from-port=\"%d\" to-layer=\"%s\" to-port=\"%d\"/>"
              .formatted(from[0], output, id, port));
      layers.append("<port id=\"").append(port++).append("\"/>");
    }
    layers.append("</input><output>");
    firstOutput.putIfAbsent(id, port);
    for (var names : words(outputs)) output(port++, names);
    layers.append("</output></layer>\n");
    return this;
  }

  private void output(int port, String names) {
    layers.append(
        "<port id=\"%d\" precision=\"%s\" names=\"%s\">"
            .formatted(port, precision, names.equals("_") ? "" : names));
    dims.forEach(dim -> layers.append("<dim>").append(dim).append("</dim>"));
    layers.append("</port>");
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(" "));
  }

  /// A constant of float32 numbers.
  OpenvinoTestModel floats(String id, String shape, float... values) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) bytes.putFloat(value);
    return constant(id, "f32", shape, bytes.array());
  }

  /// A constant of int64 numbers.
  OpenvinoTestModel integers(String id, String shape, long... values) {
    var bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) bytes.putLong(value);
    return constant(id, "i64", shape, bytes.array());
  }

  /// A constant, whose bytes go behind those of the others.
  OpenvinoTestModel constant(String id, String element, String shape, byte... bytes) {
    var data =
        "element_type=\"%s\" shape=\"%s\" offset=\"%d\" size=\"%d\""
            .formatted(element, shape, weights.size(), bytes.length);
    weights.writeBytes(bytes);
    return layer(id, "const" + id, "Const", data, "", "const" + id);
  }

  /// An input of float32 numbers.
  OpenvinoTestModel input(String id, String shape) {
    var data = "shape=\"%s\" element_type=\"f32\"".formatted(shape);
    return layer(id, "in" + id, "Parameter", data, "", "in" + id);
  }

  /// An operator with one output.
  OpenvinoTestModel operator(String id, String type, String data, String inputs) {
    return layer(id, type, type, data, inputs, "out" + id);
  }

  OpenvinoTestModel result(String id, String input) {
    return layer(id, "result" + id, "Result", "", input, "");
  }

  String text() {
    return "<?xml version=\"1.0\"?>\n<net name=\"main\" version=\"%d\"><layers>\n%s</layers><edges>%s</edges></net>"
        .formatted(ir, layers, edges);
  }

  /// What reading gives.
  record Read(Model model, List<Finding> findings) {
    Graph graph() {
      return model.main();
    }

    /// The operators, one a line.
    List<String> nodes() {
      return graph().nodes().stream().map(node -> node.op().toString()).toList();
    }

    List<String> sentences() {
      return findings.stream().map(Finding::why).toList();
    }
  }

  Read read() {
    return read(text());
  }

  Read read(String text) {
    var findings = new Findings();
    try {
      var path = Files.writeString(folder.resolve("model.xml"), text);
      if (weights.size() > 0) Files.write(folder.resolve("model.bin"), weights.toByteArray());
      var model = new OpenvinoReader().read(path, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
      return new Read(model, findings.all());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
