package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.TargetPipeline;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;

/// An IR that is written for a test, and looked at.
record OpenvinoWritten(Path folder) {
  private Path xml() {
    return folder.resolve("m.xml");
  }

  List<Finding> findings(Graph graph) {
    new TargetPipeline(new OpenvinoProfile(), List.of(), List.of(), LayoutWishes.NATIVE)
        .run(graph, new PassLog(false));
    var properties = Map.of("openvino.model_info.labels", "cat dog", "topic", "pets");
    var metadata = new Metadata("", "", "MIT", properties, List.of());
    var findings = new Findings();
    try {
      new OpenvinoWriter()
          .write(
              new Model("test", List.of(graph), metadata),
              xml(),
              new WriteOptions(0, false, "m", "watari 1"),
              findings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return findings.all();
  }

  /// The root of the xml, where nothing was found.
  Element net(Graph graph) {
    assertThat(findings(graph)).isEmpty();
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(xml().toFile())
          .getDocumentElement();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  float floatAt(Element constant, int i) throws IOException {
    long offset = Long.parseLong(all(constant, "data").get(0).getAttribute("offset"));
    return ByteBuffer.wrap(Files.readAllBytes(folder.resolve("m.bin")))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat((int) offset + 4 * i);
  }

  static List<Element> all(Element in, String element) {
    var found = new ArrayList<Element>();
    var nodes = in.getElementsByTagName(element);
    for (int i = 0; i < nodes.getLength(); i++) found.add((Element) nodes.item(i));
    return found;
  }

  static List<String> types(Element net) {
    return all(net, "layer").stream().map(layer -> layer.getAttribute("type")).toList();
  }

  static Element layer(Element net, String type) {
    return all(net, "layer").stream()
        .filter(layer -> layer.getAttribute("type").equals(type))
        .findFirst()
        .orElseThrow();
  }

  static Element data(Element net, String type) {
    return all(layer(net, type), "data").get(0);
  }

  /// The dims that a layer says of its only output.
  static List<String> dims(Element layer) {
    return all(all(layer, "output").get(0), "dim").stream().map(Element::getTextContent).toList();
  }
}
