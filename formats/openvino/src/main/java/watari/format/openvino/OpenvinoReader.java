package watari.format.openvino;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.format.openvino.OpenvinoFile.RuntimeInfo;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Metadata.Attachment;
import watari.graph.Model;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.pass.edit.SourceLayer;
import watari.pass.edit.SourceLayer.User;
import watari.tensor.DataType;

/// Reads models of OpenVINO: IR versions 10 and 11.
public final class OpenvinoReader implements FormatReader {
  @Override
  public String format() {
    return OpenvinoFormat.NAME;
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    return OpenvinoReadOps.versions();
  }

  @Override
  public boolean takesWeightsFile() {
    return true;
  }

  @Override
  public NavigableSet<String> specified() {
    return OpenvinoOperators.names();
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    return OpenvinoFormat.sniff(head);
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = OpenvinoXml.read(path, findings);
    var weights = OpenvinoWeights.of(path, options, arena);
    var model = new OpenvinoReadModel(weights, path.toString(), file.version(), findings);
    var graph = new Graph(file.name().isEmpty() ? "main" : file.name());
    var reading = new OpenvinoReadGraph(model, new GraphBuilder(graph), file.net(), true);
    reading.layers();
    outputs(reading, graph, model);
    return new Model(OpenvinoFormat.NAME, List.of(graph), metadata(file, reading));
  }

  // ---- outputs

  private static void outputs(OpenvinoReadGraph reading, Graph graph, OpenvinoReadModel model) {
    var results = reading.all("Result");
    if (results.isEmpty()) {
      model.add(
          Finding.error("GRAPH_BROKEN", "the net has no layer of type 'Result'")
              .fix("add a Result for each output"));
    }
    for (var layer : results.values()) {
      reading
          .result(layer)
          .map(value -> model.version() == 10 ? ofVersion10(reading, layer, value) : value)
          .ifPresent(value -> graph.addOutput(outputName(reading, layer), value));
    }
  }

  /// Outputs of IR version 10 are int32 where they are wide integers, else float32, as OpenVINO
  /// gives them.
  private static Value ofVersion10(OpenvinoReadGraph reading, Layer layer, Value value) {
    var to =
        switch (value.dtype()) {
          case INT32, UINT32, INT64, UINT64 -> DataType.INT32;
          case STRING -> DataType.STRING;
          default -> DataType.FLOAT32;
        };
    if (value.dtype() == to) return value;
    var builder = reading.builder().from(reading.origin(layer));
    return builder.addNamed(outputName(reading, layer), new Cast(to), value);
  }

  /// The first of the names that the Result has, else of those of the tensor that it gives, else
  /// the name of the layer that computes it.
  private static String outputName(OpenvinoReadGraph reading, Layer layer) {
    var names = OpenvinoXml.names(layer.attributes().getOrDefault("output_names", ""));
    if (!names.isEmpty()) return names.get(0);
    var source = reading.links().sources(layer).get(0).orElseThrow();
    return OpenvinoReadGraph.hint(source.layer(), source.port());
  }

  // ---- what the model says of itself

  private static Metadata metadata(OpenvinoFile file, OpenvinoReadGraph reading) {
    var properties = new LinkedHashMap<String, String>();
    file.info().forEach(info -> collect(info, OpenvinoFormat.PROPERTY, properties));
    layouts(file, properties);
    var producer = producer(file);
    var license = properties.getOrDefault(OpenvinoFormat.PROPERTY + "model_info.license", "");
    return new Metadata(producer, "", license, properties, List.of(layers(reading)));
  }

  /// What users know layers by.
  private static Attachment layers(OpenvinoReadGraph reading) {
    var links = reading.links();
    var users = new HashMap<String, List<User>>();
    for (var layer : links.net().layers()) {
      var sources = links.sources(layer);
      for (int i = 0; i < sources.size(); i++) {
        if (sources.get(i).isEmpty()) continue;
        var user = new User(reading.origin(layer).node(), i);
        var id = sources.get(i).get().layer().id();
        users.computeIfAbsent(id, _ -> new ArrayList<>()).add(user);
      }
    }
    var layers = new ArrayList<SourceLayer>();
    for (var layer : links.net().layers()) {
      var name = reading.origin(layer).node();
      var outputs = layer.outputs();
      var tensor = outputs.isEmpty() ? name : OpenvinoReadGraph.hint(layer, outputs.get(0));
      layers.add(
          new SourceLayer(layer.id(), name, tensor, users.getOrDefault(layer.id(), List.of())));
    }
    return SourceLayer.attachment(layers);
  }

  /// OpenVINO where it saved the file, though it keeps what others said of themselves.
  private static String producer(OpenvinoFile file) {
    for (var info : file.info()) {
      boolean isNamed = "OpenVINO Runtime".equals(info.attributes().get("name"));
      var version = info.attributes().get("value");
      if (version == null) continue;
      if (isNamed || info.name().equals("Runtime_version")) return "OpenVINO " + version;
    }
    return file.info().stream()
        .filter(info -> info.name().equals(OpenvinoFormat.PRODUCER))
        .flatMap(info -> Optional.ofNullable(info.attributes().get("value")).stream())
        .findFirst()
        .orElse("");
  }

  /// Each `value`, and each text, under the path of its element.
  private static void collect(RuntimeInfo info, String prefix, Map<String, String> properties) {
    var name = prefix + (info.name().equals("info") ? info.attributes().get("name") : info.name());
    var value = info.attributes().get("value");
    if (value != null) properties.put(name, value);
    else if (!info.text().isEmpty()) properties.put(name, info.text());
    info.children().forEach(child -> collect(child, name + ".", properties));
  }

  private static void layouts(OpenvinoFile file, Map<String, String> properties) {
    for (var layer : file.net().layers()) {
      var ports = layer.is("Parameter") ? layer.outputs() : List.<OpenvinoFile.Port>of();
      for (var port : ports) {
        var layout = RuntimeInfo.find(port.info(), "layout", "layout");
        if (layout.isEmpty()) layout = RuntimeInfo.find(layer.info(), "layout", "layout");
        var name = OpenvinoReadGraph.hint(layer, port);
        layout.ifPresent(text -> properties.put(OpenvinoFormat.LAYOUT + name, text));
      }
    }
  }
}
