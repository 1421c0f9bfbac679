package watari.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/// The output ports of the layers of an IR's net, by the names of their tensors.
final class OpenvinoPorts {
  private static final Pattern COMMA = Pattern.compile("(?<!\\\\),");

  /// Layers whose outputs are no inner tensors; files give an Assign one that nothing may take.
  private static final Set<String> OUTSIDE = Set.of("Parameter", "Const", "Result", "Assign");

  /// Of the depth at which the elements of a net's layer stand.
  private static final int LAYER = 3;

  /// An output of a layer.
  ///
  /// @param layer its id
  /// @param id of the port
  record Port(String layer, String id, String precision, List<String> dims) {}

  private record Place(String layer, String id) {}

  private final Map<String, Optional<Port>> byTensor = new HashMap<>();
  private final Map<String, Optional<Port>> byLayer = new HashMap<>();
  private final Map<Place, Port> all = new HashMap<>();
  private final Set<String> results = new HashSet<>();
  private final Set<Port> outputs = new HashSet<>();
  private long greatestId;

  private OpenvinoPorts() {}

  static OpenvinoPorts of(Path model) throws IOException, XMLStreamException {
    var ports = new OpenvinoPorts();
    try (var bytes = Files.newInputStream(model)) {
      var xml = OpenvinoTaps.input().createXMLStreamReader(bytes);
      ports.read(xml);
      xml.close();
    }
    return ports;
  }

  /// The output that alone has a name, which is first its tensor's, and is neither an input nor a
  /// constant.
  Optional<Port> inner(String name) {
    var named = byTensor.containsKey(name) ? byTensor : byLayer;
    return named.getOrDefault(name, Optional.empty());
  }

  /// Those that are outputs of the net.
  Set<Port> outputs() {
    return outputs;
  }

  long greatestId() {
    return greatestId;
  }

  private void read(XMLStreamReader xml) throws XMLStreamException {
    int depth = 0;
    while (xml.hasNext()) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      depth++;
      if (depth != LAYER) continue;
      if (xml.getLocalName().equals("layer")) {
        layer(xml);
        depth--;
      } else if (xml.getLocalName().equals("edge")) {
        edge(xml);
      }
    }
  }

  private void edge(XMLStreamReader xml) {
    var port = all.get(new Place(attribute(xml, "from-layer"), attribute(xml, "from-port")));
    if (port != null && results.contains(attribute(xml, "to-layer"))) outputs.add(port);
  }

  /// Reads a layer to its end.
  private void layer(XMLStreamReader xml) throws XMLStreamException {
    var id = attribute(xml, "id");
    var name = attribute(xml, "name");
    var type = attribute(xml, "type");
    if (id.matches("\\d{1,18}")) greatestId = Math.max(greatestId, Long.parseLong(id));
    if (type.equals("Result")) results.add(id);
    var names = new ArrayList<List<String>>();
    var ports = new ArrayList<Port>();
    boolean isOutput = false;
    for (int depth = 1; depth > 0; ) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      depth++;
      if (depth == 2) isOutput = xml.getLocalName().equals("output");
      if (depth != 3 || !isOutput || !xml.getLocalName().equals("port")) continue;
      names.add(tensorNames(attribute(xml, "names")));
      ports.add(port(id, xml));
      depth--;
    }
    for (int i = 0; i < ports.size(); i++) {
      all.put(new Place(id, ports.get(i).id()), ports.get(i));
      if (!OUTSIDE.contains(type)) add(names.get(i), name, i, ports);
    }
  }

  private static Port port(String layer, XMLStreamReader xml) throws XMLStreamException {
    var id = attribute(xml, "id");
    var precision = attribute(xml, "precision");
    var dims = new ArrayList<String>();
    for (int depth = 1; depth > 0; ) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      depth++;
      if (!xml.getLocalName().equals("dim")) continue;
      dims.add(xml.getElementText().strip());
      depth--;
    }
    return new Port(layer, id, precision, dims);
  }

  /// A port goes by the names of its tensor, and by that of its layer with its number.
  private void add(List<String> names, String layer, int number, List<Port> ports) {
    var port = Optional.of(ports.get(number));
    for (var name : names) byTensor.merge(name, port, (_, _) -> Optional.empty());
    if (ports.size() == 1) byLayer.merge(layer, port, (_, _) -> Optional.empty());
    for (var mark : List.of(":", ".")) {
      byLayer.merge(layer + mark + number, port, (_, _) -> Optional.empty());
    }
  }

  private static List<String> tensorNames(String attribute) {
    if (attribute.isEmpty()) return List.of();
    return COMMA
        .splitAsStream(attribute)
        .map(name -> name.strip().replace("\\,", ","))
        .distinct()
        .toList();
  }

  private static String attribute(XMLStreamReader xml, String name) {
    var value = xml.getAttributeValue(null, name);
    return value == null ? "" : value;
  }
}
