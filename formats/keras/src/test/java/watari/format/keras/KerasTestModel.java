package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.jhdf.HdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import watari.eval.PlainEvaluator;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.graph.Graph;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A model of Keras that a test writes: JSON for the layers, arrays for the weights.
final class KerasTestModel {
  private final Path folder;
  private final List<String> layers = new ArrayList<>();
  private final List<String> inputs = new ArrayList<>();
  private final Map<String, Object> arrays = new LinkedHashMap<>();
  private String last = "";
  private boolean isDeflated;

  KerasTestModel(Path folder) {
    this.folder = folder;
  }

  /// What was read, and what was said of it.
  record Read(Graph graph, List<Finding> findings) {
    List<String> sentences() {
      return findings.stream().map(Finding::toString).toList();
    }

    /// The elements of each output, computed by our kernels.
    List<TensorData> run(TensorData... given) {
      var feeds = new LinkedHashMap<watari.graph.Value, TensorData>();
      for (int i = 0; i < given.length; i++) feeds.put(graph.inputs().get(i), given[i]);
      return new PlainEvaluator().run(graph, feeds);
    }

    double[] run(Shape shape, float... input) {
      return run(TensorData.ofFloats(shape, input)).get(0).doubles();
    }
  }

  // ---- Keras 3

  /// An input of a batch of 1 and further dims, `null` for one that is not fixed.
  KerasTestModel input(String name, String dims) {
    layers.add(
        """
        {"module": "keras.layers", "class_name": "InputLayer", "name": "%1$s", "inbound_nodes": [],
         "config": {"name": "%1$s", "batch_shape": [1, %2$s], "dtype": "float32"}}\
        """
            .formatted(name, dims));
    inputs.add("[\"" + name + "\", 0, 0]");
    last = name;
    return this;
  }

  /// A layer that is called with what the last one gives.
  KerasTestModel layer(String className, String name, String config) {
    return layer(className, name, config, tensor(last), "");
  }

  /// @param arguments those by place, as JSON; see [#tensor]
  /// @param named those with names, without braces
  KerasTestModel layer(
      String className, String name, String config, String arguments, String named) {
    return call("keras.layers", className, name, config, arguments, named);
  }

  /// A function of `keras.ops`.
  KerasTestModel operation(String className, String name, String config, String arguments) {
    return call("keras.src.ops.numpy", className, name, config, arguments, "");
  }

  private KerasTestModel call(
      String module, String className, String name, String config, String arguments, String named) {
    var more = config.isEmpty() ? "" : ", " + config;
    layers.add(
        """
        {"module": "%s", "class_name": "%s", "name": "%s",
         "config": {"name": "%3$s"%s},
         "inbound_nodes": [{"args": [%s], "kwargs": {%s}}]}\
        """
            .formatted(module, className, name, more, arguments, named));
    last = name;
    return this;
  }

  /// How Keras 3 refers to what a layer gives.
  static String tensor(String layer) {
    return tensor(layer, 0, 0);
  }

  static String tensor(String layer, int call, int output) {
    return "{\"class_name\": \"__keras_tensor__\", \"config\": {\"keras_history\": [\"%s\", %d, %d]}}"
        .formatted(layer, call, output);
  }

  /// An array of the file of weights, by its path.
  KerasTestModel array(String path, Object data) {
    arrays.put(path, data);
    return this;
  }

  KerasTestModel deflated() {
    isDeflated = true;
    return this;
  }

  private String config() {
    return """
    {"class_name": "Functional", "module": "keras", "config": {"name": "model",
     "layers": [%s], "input_layers": [%s], "output_layers": [["%s", 0, 0]]}}\
    """
        .formatted(String.join(",\n", layers), String.join(", ", inputs), last);
  }

  Path write() {
    return write(config());
  }

  Path write(String config) {
    var file = folder.resolve("model.keras");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      put(zip, "metadata.json", "{\"keras_version\": \"3.15.1\"}".getBytes(UTF_8));
      put(zip, "config.json", config.getBytes(UTF_8));
      put(zip, "model.weights.h5", weights());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    var entry = new ZipEntry(name);
    if (!isDeflated) {
      var sum = new CRC32();
      sum.update(bytes);
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(bytes.length);
      entry.setCrc(sum.getValue());
    }
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private byte[] weights() throws IOException {
    var file = folder.resolve("weights.h5");
    try (var hdf = HdfFile.write(file)) {
      arrays.forEach((path, data) -> put(hdf, path, data));
    }
    return Files.readAllBytes(file);
  }

  private static void put(WritableGroup root, String path, Object data) {
    var group = root;
    var parts = path.split("/", -1);
    for (int i = 0; i < parts.length - 1; i++) {
      var inside = group.getChildren().get(parts[i]);
      group = inside instanceof WritableGroup known ? known : group.putGroup(parts[i]);
    }
    group.putDataset(parts[parts.length - 1], data);
  }

  Read read() {
    return read(new KerasV3Reader(), write());
  }

  // ---- Keras 2

  /// A file of Keras 2: a group for each layer, which lists its arrays in order.
  Path writeH5(String config, Map<String, Map<String, Object>> weights) {
    var file = folder.resolve("model.h5");
    try (var hdf = HdfFile.write(file)) {
      hdf.putAttribute("model_config", config);
      hdf.putAttribute("keras_version", "2.15.0");
      var all = hdf.putGroup("model_weights");
      weights.forEach((layer, named) -> {
        var group = all.putGroup(layer);
        group.putAttribute("weight_names", named.keySet().toArray(String[]::new));
        named.forEach((name, data) -> put(group, name, data));
      });
    }
    return file;
  }

  static Read read(FormatReader reader, Path file) {
    var findings = new Findings();
    try {
      var model = reader.read(file, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
      return new Read(model.main(), findings.all());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
