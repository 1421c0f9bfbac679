package watari.format.tflite;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWeights;
import watari.format.PatchedFile;
import watari.format.SharedBytes;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The constant tensors of a TFLite file, as the buffers have them. An id is `subgraph/tensor`.
public final class TfliteWeights implements FormatWeights {
  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public List<Weight> list(Path model, Arena arena, Findings findings) throws IOException {
    var file = TfliteFile.open(model, arena);
    var weights = new ArrayList<Weight>();
    for (int i = 0; i < file.model().subgraphsLength(); i++) {
      var tensors = new TfliteTensors(file, model.toString(), i);
      for (int k = 0; k < tensors.count(); k++) {
        if (file.buffer(tensors.tensor(k).buffer()).byteSize() == 0) continue;
        var data = data(file, tensors, k);
        if (data.isPresent()) weights.add(new Weight(i + "/" + k, tensors.name(k), data.get()));
        else findings.add(skipped(tensors.name(k)));
      }
    }
    return weights;
  }

  private static Finding skipped(String name) {
    var why = "constant '" + name + "' holds texts, handles or sparse numbers and stays as it is";
    return Finding.note("WEIGHT_SKIPPED", why);
  }

  /// The elements, where the buffer is nothing but them.
  private static Optional<TensorData> data(TfliteFile file, TfliteTensors tensors, int index) {
    var tensor = tensors.tensor(index);
    var dtype = tensors.dtype(index);
    if (dtype.isEmpty() || dtype.get() == DataType.STRING || tensor.sparsity() != null) {
      return Optional.empty();
    }
    var dims = new long[tensor.shapeLength()];
    long elements = 1;
    for (int i = 0; i < dims.length; i++) {
      dims[i] = tensor.shape(i);
      if (dims[i] < 0 || dims[i] > 0 && elements > Long.MAX_VALUE / 128 / dims[i]) {
        return Optional.empty();
      }
      elements *= dims[i];
    }
    var bytes = file.buffer(tensor.buffer());
    if (bytes.byteSize() != dtype.get().sizeBytes(elements)) return Optional.empty();
    return Optional.of(TensorData.of(dtype.get(), Shape.of(dims), bytes));
  }

  @Override
  public void inject(Path model, Path result, Map<String, TensorData> changed, Findings findings)
      throws IOException {
    try (var arena = Arena.ofConfined()) {
      var file = TfliteFile.open(model, arena);
      var patched = new PatchedFile(file.bytes());
      var shared = new SharedBytes();
      long start = file.bytes().all().address();
      for (var weight : list(model, arena, new Findings())) {
        var ids = weight.id().split("/", 2);
        var tensors = new TfliteTensors(file, model.toString(), Integer.parseInt(ids[0]));
        var bytes = file.buffer(tensors.tensor(Integer.parseInt(ids[1])).buffer());
        var data = changed.getOrDefault(weight.id(), weight.data());
        boolean isChanged = changed.containsKey(weight.id());
        shared.claim(bytes.address() - start, weight.name(), data, isChanged);
      }
      shared.put(patched, findings);
      if (!findings.hasErrors()) patched.bytes().writeTo(result);
    }
  }
}
