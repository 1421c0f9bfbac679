package watari.format.keras;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OrderedDataType;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// An HDF5 file in memory, most often mapped: groups, attributes, and arrays.
///
/// Arrays that are contiguous and little-endian stay where they are; others are decoded to the
/// heap. Whatever a broken file makes the library throw becomes a [ModelException].
final class KerasHdf implements AutoCloseable {
  /// Arrays that have to be decoded to the heap may be as large as this.
  private static final long MOST_DECODED = 1L << 30;

  /// Deflate makes at most 1032 bytes of one.
  private static final long MOST_INFLATION = 1032;

  private final String name;
  private final HdfFile file;

  private KerasHdf(String name, HdfFile file) {
    this.name = name;
    this.file = file;
  }

  /// @param name what findings call the file
  /// @throws ModelException if these bytes are no HDF5 file, or above 2 GiB
  static KerasHdf of(String name, MemorySegment bytes) {
    if (bytes.byteSize() > Integer.MAX_VALUE) {
      throw new ModelException(
          Finding.error("FILE_TOO_LARGE", "the weights are %d bytes".formatted(bytes.byteSize()))
              .inFile(name)
              .fix("HDF5 files are read up to 2 GiB; save the model as SavedModel"));
    }
    try {
      return new KerasHdf(name, HdfFile.fromByteBuffer(bytes.asByteBuffer()));
    } catch (RuntimeException e) {
      throw broken(name, "it is no HDF5 file", e);
    }
  }

  private static ModelException broken(String name, String what, RuntimeException e) {
    var reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new ModelException(
        Finding.error("FILE_BROKEN", what + ": " + reason)
            .inFile(name)
            .fix("save the model again with Keras, or fetch the file again"));
  }

  /// What is at a path; nothing where there is nothing.
  Optional<Node> at(String path) {
    try {
      Node node = file;
      for (var part : path.split("/", -1)) {
        if (part.isEmpty()) continue;
        if (!(node instanceof Group group)) return Optional.empty();
        var child = group.getChildren().get(part);
        if (child == null) return Optional.empty();
        node = child;
      }
      return Optional.of(node);
    } catch (RuntimeException e) {
      throw broken(name, "what is at '" + path + "' cannot be read", e);
    }
  }

  /// The attribute of a node as text; nothing where there is none.
  Optional<String> text(String path, String attribute) {
    return attribute(path, attribute).map(String::valueOf);
  }

  /// The attribute of a node as a list of texts. Keras writes a long one in parts, `names0`,
  /// `names1`, ….
  List<String> texts(String path, String attribute) {
    var whole = attribute(path, attribute);
    var all = new ArrayList<String>();
    if (whole.isPresent()) collect(whole.get(), all);
    for (int part = 0; whole.isEmpty(); part++) {
      var next = attribute(path, attribute + part);
      if (next.isEmpty()) break;
      collect(next.get(), all);
    }
    return all;
  }

  private static void collect(Object value, List<String> all) {
    if (value.getClass().isArray()) {
      for (int i = 0; i < Array.getLength(value); i++) collect(Array.get(value, i), all);
    } else if (value instanceof String text) {
      all.add(text);
    }
  }

  private Optional<Object> attribute(String path, String attribute) {
    var node = at(path);
    if (node.isEmpty()) return Optional.empty();
    try {
      Attribute found = node.get().getAttributes().get(attribute);
      if (found == null || found.isEmpty()) return Optional.empty();
      return Optional.ofNullable(found.getData());
    } catch (RuntimeException e) {
      throw broken(name, "attribute '%s' of '%s' cannot be read".formatted(attribute, path), e);
    }
  }

  /// The array at a path; nothing where there is none.
  Optional<TensorData> array(String path) {
    var node = at(path);
    if (node.isEmpty() || !(node.get() instanceof Dataset dataset)) return Optional.empty();
    try {
      return Optional.of(array(dataset));
    } catch (KerasRefusal e) {
      throw new ModelException(e.finding().inFile(name));
    } catch (RuntimeException e) {
      throw broken(name, "array '" + path + "' cannot be read", e);
    }
  }

  private static TensorData array(Dataset dataset) {
    var dtype = dtype(dataset);
    var shape = Shape.of(dataset.isScalar() ? new long[0] : dataset.getDimensionsAsLong());
    if (shape.elements().is(0))
      return TensorData.of(dtype, shape, MemorySegment.ofArray(new byte[0]));
    boolean isLittle =
        dataset.getDataType() instanceof OrderedDataType ordered
            && ordered.getByteOrder() == ByteOrder.LITTLE_ENDIAN;
    if (isLittle && dataset instanceof ContiguousDataset contiguous && !contiguous.isEmpty()) {
      return TensorData.of(dtype, shape, MemorySegment.ofBuffer(contiguous.getBuffer()));
    }
    requireModest(dataset);
    return decoded(dataset, dtype, shape);
  }

  private static void requireModest(Dataset dataset) {
    long size = dataset.getSizeInBytes();
    if (size > MOST_DECODED) {
      throw new KerasRefusal(
          "FILE_TOO_LARGE",
          "array '%s' has %d bytes in pieces".formatted(dataset.getPath(), size),
          "save the weights without compression");
    }
    if (size > Math.max(dataset.getStorageInBytes(), 64) * MOST_INFLATION) {
      throw new KerasRefusal(
          "FILE_BROKEN",
          "array '%s' claims %d bytes, and has %d"
              .formatted(dataset.getPath(), size, dataset.getStorageInBytes()),
          "save the model again with Keras");
    }
  }

  private static TensorData decoded(Dataset dataset, watari.tensor.DataType dtype, Shape shape) {
    Object flat = dataset.getDataFlat();
    var segment =
        switch (flat) {
          case float[] all -> MemorySegment.ofArray(all);
          case double[] all -> MemorySegment.ofArray(all);
          case long[] all -> MemorySegment.ofArray(all);
          case int[] all -> MemorySegment.ofArray(all);
          case short[] all -> MemorySegment.ofArray(all);
          case byte[] all -> MemorySegment.ofArray(all);
          default -> throw unknown(dataset.getDataType());
        };
    // The library gives half floats as floats, and unsigned integers in wider ones.
    var given =
        switch (flat) {
          case float[] _ -> watari.tensor.DataType.FLOAT32;
          case double[] _ -> watari.tensor.DataType.FLOAT64;
          case long[] _ -> watari.tensor.DataType.INT64;
          case int[] _ -> watari.tensor.DataType.INT32;
          case short[] _ -> watari.tensor.DataType.INT16;
          default -> watari.tensor.DataType.INT8;
        };
    return TensorData.of(given, shape, segment).cast(dtype);
  }

  private static watari.tensor.DataType dtype(Dataset dataset) {
    return switch (dataset.getDataType()) {
      case FloatingPoint number -> real(number);
      case FixedPoint number -> integer(number);
      case DataType other -> throw unknown(other);
    };
  }

  private static watari.tensor.DataType real(FloatingPoint number) {
    return switch (number.getSize()) {
      case 8 -> watari.tensor.DataType.FLOAT64;
      case 4 -> watari.tensor.DataType.FLOAT32;
      case 2 ->
          number.getExponentSize() == 8
              ? watari.tensor.DataType.BFLOAT16
              : watari.tensor.DataType.FLOAT16;
      default -> throw unknown(number);
    };
  }

  private static watari.tensor.DataType integer(FixedPoint number) {
    boolean signed = number.isSigned();
    return switch (number.getSize()) {
      case 8 -> signed ? watari.tensor.DataType.INT64 : watari.tensor.DataType.UINT64;
      case 4 -> signed ? watari.tensor.DataType.INT32 : watari.tensor.DataType.UINT32;
      case 2 -> signed ? watari.tensor.DataType.INT16 : watari.tensor.DataType.UINT16;
      case 1 -> signed ? watari.tensor.DataType.INT8 : watari.tensor.DataType.UINT8;
      default -> throw unknown(number);
    };
  }

  private static KerasRefusal unknown(DataType type) {
    return new KerasRefusal(
        "DTYPE_UNSUPPORTED",
        "an array has HDF5 elements of class %d and %d bytes"
            .formatted(type.getDataClass(), type.getSize()),
        "save the weights as numbers");
  }

  @Override
  public void close() {
    file.close();
  }
}
