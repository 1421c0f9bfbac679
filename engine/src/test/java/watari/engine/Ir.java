package watari.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Writes OpenVINO IR for tests, as its specification says.
final class Ir {
  private static final int FLOAT_BYTES = 4;

  private final List<String> layers = new ArrayList<>();
  private final List<String> edges = new ArrayList<>();
  private final ByteBuffer bin = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
  private final int version;

  Ir(int version) {
    this.version = version;
  }

  /// Adds an input.
  ///
  /// @param element its type, as `f32`
  /// @param names of its tensor, with commas; empty for none
  /// @param dims with -1 for a dynamic one
  int parameter(String name, String element, String names, String dims) {
    var data = "<data shape='%s' element_type='%s'/>".formatted(dims.replace("-1", "?"), element);
    return layer(name, "Parameter", "opset1", data, List.of(), output(names, dims));
  }

  int constant(String dims, float... values) {
    int offset = bin.position();
    for (float value : values) bin.putFloat(value);
    var data =
        "<data shape='%s' element_type='f32' offset='%d' size='%d'/>"
            .formatted(dims, offset, FLOAT_BYTES * values.length);
    return layer("c" + layers.size(), "Const", "opset1", data, List.of(), output("", dims));
  }

  /// Adds an operator of one output.
  int node(String name, String type, String names, String dims, Integer... inputs) {
    return layer(name, type, "opset1", "", List.of(inputs), output(names, dims));
  }

  int node(String name, String type, String opset, String data, String dims, Integer... inputs) {
    return layer(name, type, opset, data, List.of(inputs), output("", dims));
  }

  void result(int input) {
    layer("r" + layers.size(), "Result", "opset1", "", List.of(input), "");
  }

  void sink(String type, String opset, String data, int input) {
    layer("s" + layers.size(), type, opset, data, List.of(input), "");
  }

  /// An output port, of the number behind those of the inputs.
  private static String output(String names, String dims) {
    var attribute = names.isEmpty() ? "" : " names='" + names + "'";
    return "<output><port id='%d' precision='FP32'"
        + attribute
        + ">"
        + dims(dims)
        + "</port></output>";
  }

  private static String dims(String dims) {
    var all = new StringBuilder();
    for (var dim : dims.isEmpty() ? new String[0] : dims.split(",", -1)) {
      all.append("<dim>").append(dim).append("</dim>");
    }
    return all.toString();
  }

  private int layer(
      String name, String type, String opset, String data, List<Integer> inputs, String output) {
    int id = layers.size();
    var ports = new StringBuilder();
    for (int port = 0; port < inputs.size(); port++) {
      ports.append("<port id='%d' precision='FP32'/>".formatted(port));
      // Ports of layers count their inputs first.
      var from = layers.get(inputs.get(port));
      int fromPort = from.split("<input>", -1).length == 1 ? 0 : inputsOf(from);
      edges.add(
          "<edge from-layer='%d' from-port='%d' to-layer='%d' to-port='%d'/>"
              .formatted(inputs.get(port), fromPort, id, port));
    }
    var input = inputs.isEmpty() ? "" : "<input>" + ports + "</input>";
    layers.add(
        "<layer id='%d' name='%s' type='%s' version='%s'>".formatted(id, name, type, opset)
            + data
            + input
            + (output.isEmpty() ? "" : output.formatted(inputs.size()))
            + "</layer>");
    return id;
  }

  private static int inputsOf(String layer) {
    var input = layer.substring(layer.indexOf("<input>"), layer.indexOf("</input>"));
    return input.split("<port", -1).length - 1;
  }

  String xml() {
    return "<?xml version='1.0'?>\n<net name='net' version='"
        + version
        + "'>\n<layers>\n"
        + String.join("\n", layers)
        + "\n</layers>\n<edges>\n"
        + String.join("\n", edges)
        + "\n</edges>\n</net>\n";
  }

  /// Writes `net.xml` and `net.bin`.
  Path write(Path folder) throws IOException {
    Files.write(folder.resolve("net.bin"), java.util.Arrays.copyOf(bin.array(), bin.position()));
    return Files.writeString(folder.resolve("net.xml"), xml());
  }
}
