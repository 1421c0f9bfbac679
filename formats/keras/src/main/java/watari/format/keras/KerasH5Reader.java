package watari.format.keras;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableSet;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.graph.Model;

/// Reads whole models in HDF5 files (`.h5`): those of Keras 2, and of Keras 3's older way.
public final class KerasH5Reader implements FormatReader {
  private static final byte[] MAGIC = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};

  @Override
  public String format() {
    return "h5";
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
    return isHdf(head);
  }

  static boolean isHdf(byte[] head) {
    if (head.length < MAGIC.length) return false;
    return java.util.Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var name = path.toString();
    var bytes = FileBytes.map(path, arena);
    try (var file = KerasHdf.of(name, bytes.slice(0, bytes.size()))) {
      var config =
          file.text("", "model_config")
              .orElseThrow(() ->
                  new ModelException(
                      Finding.error("CONFIG_MISSING", "the file has weights, but no 'model_config'")
                          .inFile(name)
                          .fix("save the whole model: model.save('model.h5')")));
      var version = file.text("", "keras_version").orElse("2");
      return new KerasFile(name, format(), KerasJson.parse(name, config), version)
          .read((layer, model) -> bring(file, layer, model), findings);
    }
  }

  /// Each layer of the model has a group, with the names of its arrays in order.
  private static void bring(KerasHdf file, KerasLayer whole, KerasReadModel model) {
    for (var layer : whole.layers()) {
      var group = "model_weights/" + layer.name();
      var arrays =
          file.texts(group, "weight_names").stream()
              .flatMap(name ->
                  file
                      .array(group + "/" + name)
                      .map(data -> new KerasWeights.Named(name, data))
                      .stream())
              .toList();
      KerasWeights.byOrder(layer, arrays, model);
    }
  }
}
