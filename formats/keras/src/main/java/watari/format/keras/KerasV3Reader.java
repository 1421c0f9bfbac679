package watari.format.keras;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableSet;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.graph.Model;

/// Reads archives of Keras 3 (`.keras`).
public final class KerasV3Reader implements FormatReader {
  @Override
  public String format() {
    return "keras";
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
    return KerasZip.sniff(path, head);
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var zip = KerasZip.open(path, arena);
    var config = KerasJson.parse(zip.name(), zip.text("config.json"));
    var metadata = KerasJson.parse(zip.name(), zip.text("metadata.json"));
    var version = metadata.get("keras_version").text();
    var name = zip.name() + "!model.weights.h5";
    try (var file = KerasHdf.of(name, zip.entry("model.weights.h5", arena))) {
      return new KerasFile(zip.name(), format(), config, version.isEmpty() ? "3" : version)
          .read((layer, _) -> KerasWeights.byPath(layer, file::array), findings);
    }
  }
}
