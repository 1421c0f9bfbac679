package watari.engine;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.stream.XMLEventFactory;
import javax.xml.stream.XMLEventWriter;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.events.EndElement;

/// Makes inner tensors of an IR outputs: a copy of its xml has a Result layer for each, behind all
/// others, so that OpenVINO gives them behind its outputs.
final class OpenvinoTaps {
  private static final XMLEventFactory EVENTS = XMLEventFactory.newDefaultFactory();

  /// An xml with more outputs.
  ///
  /// @param taps the names of the outputs that were added
  record Tapped(String xml, List<String> taps) {}

  private final OpenvinoPorts ports;
  private final List<String> found = new ArrayList<>();
  private final List<OpenvinoPorts.Port> tapped = new ArrayList<>();

  private OpenvinoTaps(OpenvinoPorts ports) {
    this.ports = ports;
  }

  /// The xml with more outputs; names that no inner tensor has, or several have, are left out.
  static Tapped tapped(Path model, List<String> taps) throws IOException, EngineException {
    try {
      var edit = new OpenvinoTaps(OpenvinoPorts.of(model));
      edit.look(taps);
      return new Tapped(edit.found.isEmpty() ? "" : edit.xml(model), List.copyOf(edit.found));
    } catch (XMLStreamException e) {
      throw new EngineException("the xml ends early or is broken: " + e.getMessage(), e);
    }
  }

  /// A reader's factory that takes nothing from outside the file.
  static XMLInputFactory input() {
    var factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    return factory;
  }

  private void look(List<String> taps) {
    Set<OpenvinoPorts.Port> known = new HashSet<>(ports.outputs());
    for (var tap : taps) {
      var port = ports.inner(tap);
      if (port.isEmpty() || !known.add(port.get())) continue;
      tapped.add(port.get());
      found.add(tap);
    }
  }

  private String xml(Path model) throws IOException, XMLStreamException {
    var text = new StringWriter();
    try (var bytes = Files.newInputStream(model)) {
      var in = input().createXMLEventReader(bytes);
      var out = XMLOutputFactory.newDefaultFactory().createXMLEventWriter(text);
      int depth = 0;
      while (in.hasNext()) {
        var event = in.nextEvent();
        if (event.isStartElement()) depth++;
        if (event.isEndElement() && --depth == 1) {
          // The layers and edges of the net itself; bodies of loops have their own, further in.
          append(out, event.asEndElement());
        }
        if (!event.isStartDocument()) out.add(event); // it may name another encoding
      }
      out.close();
      in.close();
    }
    return text.toString();
  }

  private void append(XMLEventWriter out, EndElement end) throws XMLStreamException {
    var name = end.getName().getLocalPart();
    for (int i = 0; i < tapped.size(); i++) {
      if (name.equals("layers")) result(out, i);
      if (name.equals("edges")) edge(out, i);
    }
  }

  private void result(XMLEventWriter out, int i) throws XMLStreamException {
    var port = tapped.get(i);
    start(
        out,
        "layer",
        "id",
        id(i),
        "name",
        "watari/tap/" + i,
        "type",
        "Result",
        "version",
        "opset1");
    start(out, "input");
    if (port.precision().isEmpty()) start(out, "port", "id", "0");
    else start(out, "port", "id", "0", "precision", port.precision());
    for (var dim : port.dims()) {
      start(out, "dim");
      out.add(EVENTS.createCharacters(dim));
      end(out, "dim");
    }
    end(out, "port");
    end(out, "input");
    end(out, "layer");
  }

  private void edge(XMLEventWriter out, int i) throws XMLStreamException {
    var port = tapped.get(i);
    start(
        out,
        "edge",
        "from-layer",
        port.layer(),
        "from-port",
        port.id(),
        "to-layer",
        id(i),
        "to-port",
        "0");
    end(out, "edge");
  }

  private String id(int i) {
    return Long.toString(ports.greatestId() + 1 + i);
  }

  private static void start(XMLEventWriter out, String name, String... attributes)
      throws XMLStreamException {
    out.add(EVENTS.createStartElement("", "", name));
    for (int i = 0; i < attributes.length; i += 2) {
      out.add(EVENTS.createAttribute(attributes[i], attributes[i + 1]));
    }
  }

  private static void end(XMLEventWriter out, String name) throws XMLStreamException {
    out.add(EVENTS.createEndElement("", "", name));
  }
}
