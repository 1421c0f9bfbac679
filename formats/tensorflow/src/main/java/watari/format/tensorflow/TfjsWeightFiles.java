package watari.format.tensorflow;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.ShardedArrays;
import watari.format.tensorflow.schema.TfjsWeight;
import watari.format.tensorflow.schema.TfjsWeightGroup;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The weights of a graph model by the names of their nodes: those that are stored in fewer bits
/// decoded.
///
/// Source: TensorFlow.js 4.22, weights_loader and write_weights.
final class TfjsWeightFiles {
  /// Texts of one array; more would be a trap.
  private static final long MOST_TEXTS = 1 << 24;

  private final Path model;
  private final Arena arena;

  TfjsWeightFiles(Path model, Arena arena) {
    this.model = model;
    this.arena = arena;
  }

  /// @throws ModelException if a shard is missing, too short, or outside of the model's folder
  Map<String, TensorData> read(List<TfjsWeightGroup> manifest) throws IOException {
    var all = new HashMap<String, TensorData>();
    for (var group : manifest) {
      var shards = ShardedArrays.open(model, group.getPathsList(), arena);
      long at = 0;
      for (var weight : group.getWeightsList()) {
        var shape = shape(weight);
        if (weight.getDtype().equals("string")) {
          var texts = new ArrayList<byte[]>();
          at = texts(shards, weight.getName(), at, shape.elements().fixed(), texts);
          all.putIfAbsent(weight.getName(), TensorData.ofStrings(shape, texts));
          continue;
        }
        var stored = dtype(stored(weight));
        long size = stored.sizeBytes(shape.elements().fixed());
        var data = TensorData.of(stored, shape, shards.bytes(weight.getName(), at, size));
        all.putIfAbsent(weight.getName(), decoded(weight, data));
        at += size;
      }
    }
    return all;
  }

  /// The length of each text in 4 bytes, then the text.
  private long texts(ShardedArrays shards, String name, long at, long count, List<byte[]> texts) {
    if (count > MOST_TEXTS) throw broken("weight '" + name + "' has " + count + " texts");
    long next = at;
    for (long i = 0; i < count; i++) {
      var length = new FileBytes(name, shards.bytes(name, next, Integer.BYTES)).int32(0);
      var text = shards.bytes(name, next + Integer.BYTES, length & 0xFFFF_FFFFL);
      texts.add(text.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
      next += Integer.BYTES + text.byteSize();
    }
    return next;
  }

  private Shape shape(TfjsWeight weight) {
    var dims = weight.getShapeList().stream().mapToLong(Integer::longValue).toArray();
    long count = 1;
    for (long dim : dims) {
      if (dim < 0 || dim > 0 && count > Integer.MAX_VALUE * 64L / dim) {
        throw broken(
            "weight '%s' has the shape %s".formatted(weight.getName(), weight.getShapeList()));
      }
      count *= dim;
    }
    return Shape.of(dims);
  }

  private static String stored(TfjsWeight weight) {
    return weight.hasQuantization() ? weight.getQuantization().getDtype() : weight.getDtype();
  }

  private TensorData decoded(TfjsWeight weight, TensorData stored) {
    var dtype = dtype(weight.getDtype());
    boolean isScaled = weight.hasQuantization() && stored.dtype().isInteger();
    if (!isScaled) return stored.cast(dtype);
    var quantization = weight.getQuantization();
    return ShardedArrays.scaled(stored, dtype, quantization.getScale(), quantization.getMin());
  }

  private DataType dtype(String name) {
    return switch (name) {
      case "float32" -> DataType.FLOAT32;
      case "float16" -> DataType.FLOAT16;
      case "int32" -> DataType.INT32;
      case "int16" -> DataType.INT16;
      case "int8" -> DataType.INT8;
      case "uint8" -> DataType.UINT8;
      case "uint16" -> DataType.UINT16;
      case "bool" -> DataType.BOOL;
      case "complex64" -> DataType.COMPLEX64;
      default -> throw broken("a weight has the element type '" + name + "'");
    };
  }

  private ModelException broken(String why) {
    return new ModelException(
        Finding.error("TENSOR_BROKEN", why)
            .inFile(model.toString())
            .fix("convert the model to TensorFlow.js again"));
  }
}
