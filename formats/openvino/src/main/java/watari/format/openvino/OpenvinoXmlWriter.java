package watari.format.openvino;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import watari.format.openvino.OpenvinoLayer.Body;
import watari.format.openvino.OpenvinoLayer.Output;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Writes the `.xml` file.
final class OpenvinoXmlWriter {
  private final XMLStreamWriter out;
  private int depth;

  private OpenvinoXmlWriter(XMLStreamWriter out) {
    this.out = out;
  }

  /// @param info what `rt_info` says of the whole: names and texts, and a map of its own for
  ///   `model_info`
  static void write(OpenvinoNet net, Map<String, Object> info, OutputStream stream)
      throws IOException {
    try {
      var out =
          XMLOutputFactory.newDefaultFactory()
              .createXMLStreamWriter(stream, StandardCharsets.UTF_8.name());
      out.writeStartDocument("1.0");
      new OpenvinoXmlWriter(out).net(net, info);
      out.writeEndDocument();
      out.close();
    } catch (XMLStreamException e) {
      throw e.getNestedException() instanceof IOException io ? io : new IOException(e);
    }
  }

  private void net(OpenvinoNet net, Map<String, Object> info) throws XMLStreamException {
    start("net", "name", net.name(), "version", "11");
    graph(net);
    info("rt_info", info);
    end();
    out.writeCharacters("\n");
  }

  private void info(String name, Map<?, ?> entries) throws XMLStreamException {
    if (entries.isEmpty()) {
      empty(name);
      return;
    }
    start(name);
    for (var entry : entries.entrySet()) {
      var key = String.valueOf(entry.getKey());
      if (entry.getValue() instanceof Map<?, ?> inner) info(key, inner);
      else empty(key, "value", String.valueOf(entry.getValue()));
    }
    end();
  }

  private void graph(OpenvinoNet net) throws XMLStreamException {
    start("layers");
    for (var layer : net.layers()) layer(layer);
    end();
    start("edges");
    for (var edge : edges(net)) {
      empty(
          "edge",
          "from-layer",
          edge.get(0).toString(),
          "from-port",
          edge.get(1).toString(),
          "to-layer",
          edge.get(2).toString(),
          "to-port",
          edge.get(3).toString());
    }
    end();
  }

  private static List<List<Integer>> edges(OpenvinoNet net) {
    var edges = new ArrayList<List<Integer>>();
    for (var layer : net.layers()) {
      for (int i = 0; i < layer.inputs().size(); i++) {
        var from = layer.inputs().get(i);
        edges.add(List.of(from.layer().id(), from.id(), layer.id(), i));
      }
    }
    edges.sort(
        Comparator.<List<Integer>>comparingInt(edge -> edge.get(0))
            .thenComparing(edge -> edge.get(1))
            .thenComparing(edge -> edge.get(2)));
    return edges;
  }

  private void layer(OpenvinoLayer layer) throws XMLStreamException {
    start(
        "layer",
        "id",
        Integer.toString(layer.id()),
        "name",
        layer.name(),
        "type",
        layer.type(),
        "version",
        layer.opset());
    if (!layer.resultName().isEmpty()) out.writeAttribute("output_names", layer.resultName());
    if (!layer.attributes().isEmpty()) {
      newLine();
      out.writeEmptyElement("data");
      for (var attribute : layer.attributes().entrySet()) {
        out.writeAttribute(attribute.getKey(), attribute.getValue());
      }
    }
    if (layer.decompresses()) {
      start("rt_info");
      empty("attribute", "name", "decompression", "version", "0");
      end();
    }
    for (var body : layer.bodies()) mappings(body);
    inputs(layer);
    outputs(layer);
    for (var body : layer.bodies()) body(body);
    end();
  }

  private void inputs(OpenvinoLayer layer) throws XMLStreamException {
    if (layer.inputs().isEmpty()) return;
    start("input");
    for (int i = 0; i < layer.inputs().size(); i++) {
      port(i, layer.inputs().get(i).type(), List.of(), "");
    }
    end();
  }

  private void outputs(OpenvinoLayer layer) throws XMLStreamException {
    if (layer.outputs().isEmpty()) return;
    start("output");
    for (int i = 0; i < layer.outputs().size(); i++) {
      Output output = layer.outputs().get(i);
      port(layer.inputs().size() + i, output.type(), output.names(), output.layout());
    }
    end();
  }

  private void port(int id, TensorType type, List<String> names, String layout)
      throws XMLStreamException {
    newLine();
    boolean isEmpty = layout.isEmpty() && type.shape().isRanked() && type.shape().rank() == 0;
    if (isEmpty) out.writeEmptyElement("port");
    else out.writeStartElement("port");
    out.writeAttribute("id", Integer.toString(id));
    out.writeAttribute("precision", OpenvinoTypes.precision(type.dtype()).orElseThrow());
    if (!names.isEmpty()) out.writeAttribute("names", names(names));
    if (isEmpty) return;
    depth++;
    for (var dim : type.shape().dims()) {
      newLine();
      out.writeStartElement("dim");
      out.writeCharacters(dim.isFixed() ? dim.toString() : "-1");
      out.writeEndElement();
    }
    if (!layout.isEmpty()) {
      start("rt_info");
      empty("attribute", "name", "layout", "version", "0", "layout", layout);
      end();
    }
    end();
  }

  /// Commas part names, so those inside one are escaped.
  private static String names(List<String> names) {
    return names.stream()
        .map(name -> name.replace("\\", "\\\\").replace(",", "\\,"))
        .collect(Collectors.joining(","));
  }

  private void mappings(Body body) throws XMLStreamException {
    start(body.map());
    for (var mapping : body.mappings()) {
      newLine();
      out.writeEmptyElement(mapping.isInput() ? "input" : "output");
      out.writeAttribute("external_port_id", Integer.toString(mapping.port()));
      out.writeAttribute("internal_layer_id", Integer.toString(mapping.layer()));
      for (var entry : mapping.extra().entrySet()) {
        out.writeAttribute(entry.getKey(), entry.getValue());
      }
    }
    end();
    if (body.back().isEmpty()) return;
    start("back_edges");
    for (var edge : body.back()) {
      empty(
          "edge",
          "from-layer",
          Integer.toString(edge.result()),
          "to-layer",
          Integer.toString(edge.parameter()));
    }
    end();
  }

  private void body(Body body) throws XMLStreamException {
    start(body.element());
    graph(body.net());
    empty("rt_info");
    end();
  }

  /// The `shape` of a Parameter or a variable.
  static String shape(Shape shape, String separator) {
    if (!shape.isRanked()) return "...";
    return shape.dims().stream()
        .map(dim -> dim.isFixed() ? dim.toString() : "?")
        .collect(Collectors.joining(separator));
  }

  // ---- lines

  private void start(String element, String... attributes) throws XMLStreamException {
    newLine();
    out.writeStartElement(element);
    write(attributes);
    depth++;
  }

  private void empty(String element, String... attributes) throws XMLStreamException {
    newLine();
    out.writeEmptyElement(element);
    write(attributes);
  }

  private void write(String... attributes) throws XMLStreamException {
    for (int i = 0; i < attributes.length; i += 2) {
      out.writeAttribute(attributes[i], attributes[i + 1]);
    }
  }

  private void end() throws XMLStreamException {
    depth--;
    newLine();
    out.writeEndElement();
  }

  private void newLine() throws XMLStreamException {
    out.writeCharacters("\n" + "\t".repeat(depth));
  }
}
