package watari.format.keras;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.ShardedArrays;
import watari.format.keras.KerasWeights.Named;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Weights of TensorFlow.js: groups of arrays that lie one after the other in files ("shards").
///
/// An array inside one shard stays mapped there; one that is stored in fewer bits is decoded.
final class TfjsWeights {
  private final Path model;
  private final Arena arena;

  TfjsWeights(Path model, Arena arena) {
    this.model = model;
    this.arena = arena;
  }

  List<Named> read(KerasJson manifest) throws IOException {
    var all = new ArrayList<Named>();
    for (var group : manifest.items()) {
      var paths = group.get("paths").items().stream().map(KerasJson::text).toList();
      var shards = ShardedArrays.open(model, paths, arena);
      long at = 0;
      for (var weight : group.get("weights").items()) {
        var stored = stored(weight);
        var shape = shape(weight);
        long size = stored.sizeBytes(shape.elements().fixed());
        var name = weight.get("name").text();
        var data = TensorData.of(stored, shape, shards.bytes(name, at, size));
        all.add(new Named(name, decoded(weight, data)));
        at += size;
      }
    }
    return all;
  }

  private ModelException refused(String why) {
    return new ModelException(
        Finding.error("EXTERNAL_DATA", why)
            .inFile(model.toString())
            .fix("put the files that the model was saved with beside model.json"));
  }

  // ---- arrays

  private Shape shape(KerasJson weight) {
    var dims = new ArrayList<Long>();
    for (var dim : weight.get("shape").items()) {
      boolean isSize =
          dim instanceof KerasJson.Numeral(double size) && size >= 0 && size <= Integer.MAX_VALUE;
      if (!isSize) throw refused("a weight has the dim '" + dim.show() + "'");
      dims.add((long) ((KerasJson.Numeral) dim).value());
    }
    return Shape.of(dims.stream().mapToLong(each -> each).toArray());
  }

  private DataType stored(KerasJson weight) {
    var quantization = weight.get("quantization");
    var name = (quantization.isNothing() ? weight : quantization).get("dtype").text();
    try {
      return KerasTypes.dtype(name);
    } catch (KerasRefusal e) {
      throw new ModelException(e.finding().inFile(model.toString()));
    }
  }

  /// `stored · scale + min`, or the same number in more bits.
  private static TensorData decoded(KerasJson weight, TensorData stored) {
    var dtype = KerasTypes.dtype(weight.get("dtype").text());
    var quantization = weight.get("quantization");
    if (!(quantization.get("scale") instanceof KerasJson.Numeral(double scale))) {
      return stored.cast(dtype);
    }
    double min = quantization.get("min") instanceof KerasJson.Numeral(double low) ? low : 0;
    return ShardedArrays.scaled(stored, dtype, scale, min);
  }
}
