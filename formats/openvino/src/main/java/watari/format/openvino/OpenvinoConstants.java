package watari.format.openvino;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatWeights;
import watari.format.PatchedFile;
import watari.format.ReadOptions;
import watari.format.SharedBytes;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.format.openvino.OpenvinoFile.Net;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The Const layers of an IR. An id is the layer's; of a layer in a body those of all layers around
/// it, and the body's element, stand in front: `12/then_body/3`.
public final class OpenvinoConstants implements FormatWeights {
  @Override
  public String format() {
    return OpenvinoFormat.NAME;
  }

  @Override
  public List<Path> beside(Path result) {
    return List.of(weightsOf(result));
  }

  private static Path weightsOf(Path xml) {
    return xml.resolveSibling(OpenvinoFormat.weightsName(String.valueOf(xml.getFileName())));
  }

  @Override
  public List<Weight> list(Path model, Arena arena, Findings findings) throws IOException {
    var file = OpenvinoXml.read(model, findings);
    var weights = OpenvinoWeights.of(model, ReadOptions.DEFAULT, arena);
    var all = new ArrayList<Weight>();
    each(
        file.net(),
        "",
        (id, layer) -> {
          var data = data(layer, weights, model);
          if (data.isPresent()) all.add(new Weight(id, layer.name(), data.get()));
          else findings.add(skipped(layer));
        });
    return all;
  }

  private static void each(Net net, String path, BiConsumer<String, Layer> constant) {
    for (var layer : net.layers()) {
      if (layer.is("Const")) constant.accept(path + layer.id(), layer);
      for (var body : layer.bodies()) {
        each(body.net(), path + layer.id() + "/" + body.kind() + "/", constant);
      }
    }
  }

  private static Finding skipped(Layer layer) {
    var why = "constant '" + layer.name() + "' holds no numbers and stays as it is";
    return Finding.note("WEIGHT_SKIPPED", why);
  }

  private static Optional<TensorData> data(Layer layer, OpenvinoWeights weights, Path model) {
    var dtype = OpenvinoTypes.dtype(layer.data().getOrDefault("element_type", ""));
    if (dtype.isEmpty() || dtype.get() == DataType.STRING) return Optional.empty();
    try {
      var dims = dims(layer.data().getOrDefault("shape", ""));
      long size = Long.parseLong(layer.data().getOrDefault("size", ""));
      return Optional.of(weights.data(dtype.get(), Shape.of(dims), offset(layer), size));
    } catch (NumberFormatException e) {
      var why = "constant '" + layer.name() + "' has no place in the weights: " + e.getMessage();
      throw new ModelException(Finding.error("FILE_BROKEN", why).inFile(model.toString()));
    } catch (OpenvinoRefusal e) {
      var finding = e.finding();
      throw new ModelException(finding.at(layer.name(), -1, "Const").inFile(model.toString()));
    }
  }

  private static long offset(Layer layer) {
    return Long.parseLong(layer.data().getOrDefault("offset", ""));
  }

  private static long[] dims(String words) {
    if (words.isBlank()) return new long[0];
    var parts = words.split(",");
    var dims = new long[parts.length];
    for (int i = 0; i < dims.length; i++) dims[i] = Long.parseLong(parts[i].strip());
    return dims;
  }

  @Override
  public void inject(Path model, Path result, Map<String, TensorData> changed, Findings findings)
      throws IOException {
    try (var arena = Arena.ofConfined()) {
      var patched = new PatchedFile(FileBytes.map(weightsOf(model), arena));
      var shared = new SharedBytes();
      var all = new HashMap<String, Weight>();
      for (var weight : list(model, arena, new Findings())) all.put(weight.id(), weight);
      each(
          OpenvinoXml.read(model, new Findings()).net(),
          "",
          (id, layer) -> {
            var weight = all.get(id);
            if (weight == null) return;
            var data = changed.getOrDefault(id, weight.data());
            shared.claim(offset(layer), layer.name(), data, changed.containsKey(id));
          });
      shared.put(patched, findings);
      if (findings.hasErrors()) return;
      patched.bytes().writeTo(weightsOf(result));
      Files.copy(model, result);
    }
  }
}
