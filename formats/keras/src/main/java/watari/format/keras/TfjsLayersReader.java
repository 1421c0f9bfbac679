package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableSet;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.graph.Model;

/// Reads layers models of TensorFlow.js: a `model.json`, or the folder that has it, with its shards
/// of weights.
public final class TfjsLayersReader implements FormatReader {
  private static final String FILE = "model.json";
  private static final int HEAD_BYTES = 4096;

  @Override
  public String format() {
    return "tfjs_layers";
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    return KerasReadOps.versions();
  }

  @Override
  public NavigableSet<String> specified() {
    return KerasOperators.names();
  }

  @Override
  public Map<String, String> unread() {
    return KerasOperators.unread();
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    if (head.length > 0) return isLayers(head);
    var file = path.resolve(FILE);
    if (!Files.isRegularFile(file)) return false;
    try (var in = Files.newInputStream(file)) {
      return isLayers(in.readNBytes(HEAD_BYTES));
    } catch (IOException _) {
      return false;
    }
  }

  /// A graph model has nodes in the place of layers.
  private static boolean isLayers(byte[] head) {
    var text = new String(head, UTF_8).strip();
    if (!text.startsWith("{") || text.contains("\"graph-model\"")) return false;
    boolean isModel = text.contains("\"modelTopology\"") || text.contains("\"weightsManifest\"");
    return text.contains("\"layers-model\"") || isModel && text.contains("\"class_name\"");
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    KerasJson json;
    try (var in = Files.newInputStream(file)) {
      json = KerasJson.parse(file.toString(), in);
    }
    var topology = json.get("modelTopology");
    var inner = topology.get("model_config");
    var config = inner.isNothing() ? topology : inner;
    var version = topology.get("keras_version").text();
    var arrays = new TfjsWeights(file, arena).read(json.get("weightsManifest"));
    return new KerasFile(file.toString(), format(), config, version)
        .read((layer, model) -> KerasWeights.byName(layer, arrays, model), findings);
  }
}
