package watari.format.openvino;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.openvino.OpenvinoFile.Body;
import watari.format.openvino.OpenvinoFile.Edge;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.format.openvino.OpenvinoFile.Net;
import watari.format.openvino.OpenvinoFile.Port;
import watari.format.openvino.OpenvinoFile.RuntimeInfo;

/// Reads the XML of an IR into records, in one pass and without entities.
///
/// What a record cannot be made of is a finding at its layer, and reading goes on; only text that
/// is no XML, or no net, throws.
final class OpenvinoXml {
  /// Elements within elements, where the JDK allows 100; nets of bodies and trees of information
  /// are not that deep.
  private static final int MOST_DEPTH = 90;

  private final XMLStreamReader xml;
  private final String path;
  private final Findings findings;
  private final Map<String, String> known = new HashMap<>();
  private int depth;

  private static final int HEAD = 200;
  private static final String BYTE_ORDER_MARK = "\u00EF\u00BB\u00BF";
  private static final Pattern ENCODING =
      Pattern.compile("^[^<]{0,9}<\\?xml[^>]*?encoding\\s*=\\s*[\"']([^\"']*)");

  private OpenvinoXml(XMLStreamReader xml, String path, Findings findings) {
    this.xml = xml;
    this.path = path;
    this.findings = findings;
  }

  /// Reads a file.
  ///
  /// @throws ModelException if it is not an IR that can be read
  static OpenvinoFile read(Path file, Findings findings) throws IOException {
    var path = file.toString();
    try (var bytes = new BufferedInputStream(Files.newInputStream(file))) {
      return new OpenvinoXml(reader(bytes), path, findings).file();
    } catch (XMLStreamException e) {
      if (e.getNestedException() instanceof IOException io && isDisk(io)) throw io;
      throw new ModelException(broken(e).inFile(path));
    }
  }

  /// Bytes that are no text are an IOException, too.
  private static boolean isDisk(IOException e) {
    return !isText(e);
  }

  private static boolean isText(Throwable e) {
    return e instanceof CharConversionException || e instanceof CharacterCodingException;
  }

  /// UTF-8 is decoded here, since the parser prints what it finds wrong with it.
  private static XMLStreamReader reader(BufferedInputStream bytes)
      throws IOException, XMLStreamException {
    bytes.mark(HEAD);
    var head = new String(bytes.readNBytes(HEAD), ISO_8859_1);
    bytes.reset();
    var encoding = ENCODING.matcher(head);
    boolean isOther = encoding.find() && !encoding.group(1).equalsIgnoreCase("UTF-8");
    if (isOther) return factory().createXMLStreamReader(bytes);
    if (head.startsWith(BYTE_ORDER_MARK)) bytes.skipNBytes(BYTE_ORDER_MARK.length());
    return factory().createXMLStreamReader(new InputStreamReader(bytes, UTF_8.newDecoder()));
  }

  private static XMLInputFactory factory() {
    var factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    // These count XML's own references (&lt;), too, of which a large net has many. Without a DTD
    // there are no others.
    for (var limit : List.of("maxGeneralEntitySizeLimit", "totalEntitySizeLimit")) {
      factory.setProperty("jdk.xml." + limit, "0");
    }
    return factory;
  }

  private static Finding broken(XMLStreamException e) {
    if (isText(e.getNestedException())) {
      return Finding.error("FILE_BROKEN", "the file is no text in the encoding that it names")
          .fix("save it as UTF-8, or copy it once more");
    }
    var message = String.valueOf(e.getMessage());
    int at = message.indexOf("Message: ");
    var why = (at < 0 ? message : message.substring(at + "Message: ".length())).strip();
    var place = e.getLocation();
    var where =
        place == null
            ? ""
            : "line " + place.getLineNumber() + ", column " + place.getColumnNumber() + ": ";
    while (why.endsWith(".")) why = why.substring(0, why.length() - 1);
    return Finding.error("FILE_BROKEN", where + "the XML is broken: " + why)
        .fix("correct the file, or copy it once more");
  }

  private ModelException refuse(String code, String why, String fix) {
    return new ModelException(Finding.error(code, why).inFile(path).fix(fix));
  }

  private XMLStreamException here(String why) {
    return new XMLStreamException("Message: " + why, xml.getLocation());
  }

  // ---- elements

  /// Goes to the next child of the present element; false behind the last one.
  private boolean nextChild() throws XMLStreamException {
    while (true) {
      switch (xml.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          deeper();
          return true;
        }
        case XMLStreamConstants.END_ELEMENT -> {
          depth--;
          return false;
        }
        case XMLStreamConstants.DTD -> throw dtd();
        case XMLStreamConstants.ENTITY_REFERENCE -> throw entity();
        case XMLStreamConstants.END_DOCUMENT -> throw here("the file ends early");
        default -> {}
      }
    }
  }

  private void deeper() throws XMLStreamException {
    if (++depth > MOST_DEPTH) {
      throw here("elements stand in each other more than " + MOST_DEPTH + " deep");
    }
  }

  private XMLStreamException entity() {
    return here("entity '" + xml.getLocalName() + "' is not one of XML's own");
  }

  private ModelException dtd() {
    return refuse(
        "FILE_BROKEN",
        "the XML has a DOCTYPE, which no IR has and which Watari does not follow",
        "remove the DOCTYPE and all entities");
  }

  private void skip() throws XMLStreamException {
    while (nextChild()) skip();
  }

  private String attribute(String name) {
    var value = xml.getAttributeValue(null, name);
    return value == null ? "" : value;
  }

  private Map<String, String> attributes() {
    var all = new LinkedHashMap<String, String>();
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      all.put(same(xml.getAttributeLocalName(i)), same(xml.getAttributeValue(i)));
    }
    return all;
  }

  /// One text for equal ones: a net repeats the same few hundred.
  private String same(String text) {
    if (text.length() > 40) return text;
    var before = known.putIfAbsent(text, text);
    return before == null ? text : before;
  }

  // ---- the net

  private OpenvinoFile file() throws XMLStreamException {
    if (!nextChild()) throw here("the file has no element");
    if (!xml.getLocalName().equals("net")) {
      throw refuse(
          "FILE_BROKEN",
          "the first element is '" + xml.getLocalName() + "', expected 'net'",
          "check that it is an IR of OpenVINO");
    }
    var name = attribute("name");
    int version = version(attribute("version"));
    var layers = new ArrayList<Layer>();
    var edges = new ArrayList<Edge>();
    var info = new ArrayList<RuntimeInfo>();
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "layers" -> layers(layers);
        case "edges" -> edges(edges);
        case "rt_info", "meta_data" -> info.addAll(infos());
        default -> skip();
      }
    }
    while (xml.hasNext()) if (xml.next() == XMLStreamConstants.DTD) throw dtd();
    return new OpenvinoFile(name, version, new Net(layers, edges), info);
  }

  private int version(String text) {
    if (!text.matches("\\d{1,6}")) {
      throw refuse(
          "FILE_BROKEN",
          "the net has the version '%s', expected %d or %d"
              .formatted(text, OpenvinoFormat.OLDEST_IR, OpenvinoFormat.NEWEST_IR),
          "check that it is an IR of OpenVINO");
    }
    int version = Integer.parseInt(text);
    if (version < OpenvinoFormat.OLDEST_IR) {
      throw refuse(
          "VERSION_TOO_OLD",
          "the model has IR version %d, the oldest that Watari reads is %d"
              .formatted(version, OpenvinoFormat.OLDEST_IR),
          "convert the model that it was made from with OpenVINO 2020.4 or newer");
    }
    if (version > OpenvinoFormat.NEWEST_IR) {
      throw refuse(
          "VERSION_TOO_NEW",
          "the model has IR version %d, the newest that Watari reads is %d"
              .formatted(version, OpenvinoFormat.NEWEST_IR),
          "write the IR with an older OpenVINO, or use a newer Watari");
    }
    return version;
  }

  private Net net() throws XMLStreamException {
    var layers = new ArrayList<Layer>();
    var edges = new ArrayList<Edge>();
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "layers" -> layers(layers);
        case "edges" -> edges(edges);
        default -> skip();
      }
    }
    return new Net(layers, edges);
  }

  private void layers(List<Layer> layers) throws XMLStreamException {
    while (nextChild()) {
      if (xml.getLocalName().equals("layer")) layers.add(layer());
      else skip();
    }
  }

  private void edges(List<Edge> edges) throws XMLStreamException {
    while (nextChild()) {
      if (xml.getLocalName().equals("edge")) {
        edges.add(
            new Edge(
                same(attribute("from-layer").strip()),
                same(attribute("from-port").strip()),
                same(attribute("to-layer").strip()),
                same(attribute("to-port").strip())));
      }
      skip();
    }
  }

  // ---- a layer

  private Layer layer() throws XMLStreamException {
    var attributes = attributes();
    var layer = new LayerParts(attributes);
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "data" -> {
          layer.data.putAll(attributes());
          skip();
        }
        case "input" -> ports(layer.inputs, layer);
        case "output" -> ports(layer.outputs, layer);
        case "rt_info" -> layer.info.addAll(infos());
        case "port_map", "then_port_map", "else_port_map" -> portMap(layer.map(prefix("port_map")));
        case "back_edges" -> mappings(layer.map("").backEdges);
        case "body", "then_body", "else_body" -> layer.map(prefix("body")).net = net();
        default -> skip();
      }
    }
    return layer.layer();
  }

  /// What stands before a name in the name of the present element.
  private String prefix(String name) {
    var whole = xml.getLocalName();
    return whole.substring(0, whole.length() - name.length());
  }

  private void portMap(BodyParts body) throws XMLStreamException {
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "input" -> body.inputs.add(attributes());
        case "output" -> body.outputs.add(attributes());
        default -> {}
      }
      skip();
    }
  }

  private void mappings(List<Map<String, String>> all) throws XMLStreamException {
    while (nextChild()) {
      all.add(attributes());
      skip();
    }
  }

  private void ports(List<Port> ports, LayerParts layer) throws XMLStreamException {
    while (nextChild()) {
      if (xml.getLocalName().equals("port")) ports.add(port(layer));
      else skip();
    }
  }

  private Port port(LayerParts layer) throws XMLStreamException {
    var id = same(attribute("id").strip());
    var precision = same(attribute("precision"));
    var names = names(attribute("names"));
    var dims = new ArrayList<Long>();
    var info = new ArrayList<RuntimeInfo>();
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "dim" -> dims.add(dim(layer, id));
        case "rt_info" -> info.addAll(infos());
        default -> skip();
      }
    }
    return new Port(id, precision, dims, names, info);
  }

  private long dim(LayerParts layer, String port) throws XMLStreamException {
    var text = info().text();
    if (text.matches("-1|\\d{1,18}")) return Long.parseLong(text);
    findings.add(
        Finding.error(
                "GRAPH_BROKEN",
                "port %s of layer %s has the dim '%s', expected a number or -1"
                    .formatted(port, layer.id(), text))
            .inFile(path)
            .at(layer.name(), -1, layer.type())
            .fix("correct the dim in the .xml"));
    return -1;
  }

  /// Names separated by commas; a comma within a name stands behind a backslash.
  static List<String> names(String text) {
    var names = new ArrayList<String>();
    for (var part : text.split("(?<!\\\\),")) {
      var name = part.replace("\\,", ",");
      if (!name.isEmpty()) names.add(name);
    }
    return names;
  }

  // ---- information

  private List<RuntimeInfo> infos() throws XMLStreamException {
    var all = new ArrayList<RuntimeInfo>();
    while (nextChild()) all.add(info());
    return all;
  }

  private RuntimeInfo info() throws XMLStreamException {
    var name = same(xml.getLocalName());
    var attributes = attributes();
    var text = new StringBuilder();
    var children = new ArrayList<RuntimeInfo>();
    while (true) {
      switch (xml.next()) {
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> text.append(xml.getText());
        case XMLStreamConstants.START_ELEMENT -> {
          deeper();
          children.add(info());
        }
        case XMLStreamConstants.END_ELEMENT -> {
          depth--;
          return new RuntimeInfo(name, attributes, text.toString().strip(), children);
        }
        case XMLStreamConstants.ENTITY_REFERENCE -> throw entity();
        default -> {}
      }
    }
  }

  /// A layer as far as it has been read.
  private static final class LayerParts {
    private final Map<String, String> attributes;
    private final Map<String, String> data = new LinkedHashMap<>();
    private final List<Port> inputs = new ArrayList<>();
    private final List<Port> outputs = new ArrayList<>();
    private final Map<String, BodyParts> bodies = new LinkedHashMap<>();
    private final List<RuntimeInfo> info = new ArrayList<>();

    LayerParts(Map<String, String> attributes) {
      this.attributes = attributes;
    }

    String id() {
      return attributes.getOrDefault("id", "").strip();
    }

    String name() {
      return attributes.getOrDefault("name", "");
    }

    String type() {
      return attributes.getOrDefault("type", "");
    }

    BodyParts map(String prefix) {
      return bodies.computeIfAbsent(prefix, _ -> new BodyParts());
    }

    Layer layer() {
      var rest = new LinkedHashMap<>(attributes);
      List.of("id", "name", "type", "version").forEach(rest::remove);
      var nets = new ArrayList<Body>();
      bodies.forEach((prefix, body) -> nets.add(body.body(prefix + "body")));
      var version = attributes.getOrDefault("version", "").strip();
      return new Layer(id(), name(), type(), version, rest, data, inputs, outputs, nets, info);
    }
  }

  /// A body as far as it has been read.
  private static final class BodyParts {
    private Net net = Net.EMPTY;
    private final List<Map<String, String>> inputs = new ArrayList<>();
    private final List<Map<String, String>> outputs = new ArrayList<>();
    private final List<Map<String, String>> backEdges = new ArrayList<>();

    Body body(String kind) {
      return new Body(kind, net, inputs, outputs, backEdges);
    }
  }
}
