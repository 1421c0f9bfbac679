package watari.format.onnx;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.TensorProto;

/// Files beside a model that hold elements of its tensors. None outside of the model's folder is
/// read, be it by an absolute path, by `..` or by a link.
///
/// Source: ONNX 1.23, external data.
final class OnnxExternalData {
  private final Path model;
  private final Path weights;
  private final Arena arena;
  private final Map<String, FileBytes> files = new HashMap<>();

  /// @param weights the file that a user names in place of the model's own; empty path for none
  OnnxExternalData(Path model, Path weights, Arena arena) {
    this.model = model;
    this.weights = weights;
    this.arena = arena;
  }

  /// Whether a tensor had its elements in another file.
  boolean isUsed() {
    return !files.isEmpty();
  }

  /// The bytes of a tensor whose `data_location` is EXTERNAL.
  ///
  /// @param sizeBytes how many the tensor needs, where the file does not say
  MemorySegment bytes(TensorProto tensor, long sizeBytes) {
    var entries = new HashMap<String, String>();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    var location = entries.get("location");
    if (location == null) throw refused(tensor, "names no file for its external data");
    long offset = number(tensor, "offset", entries.getOrDefault("offset", "0"));
    long length =
        number(tensor, "length", entries.getOrDefault("length", Long.toString(sizeBytes)));
    return file(tensor, location).slice(offset, length);
  }

  private long number(TensorProto tensor, String key, String text) {
    try {
      long number = Long.parseLong(text);
      if (number >= 0) return number;
    } catch (NumberFormatException _) {
      // Told below, like a negative number.
    }
    throw refused(tensor, "has the external " + key + " '" + text + "', which is not a size");
  }

  private FileBytes file(TensorProto tensor, String location) {
    var known = files.get(location);
    if (known != null) return known;
    try {
      var file = FileBytes.map(path(tensor, location), arena);
      files.put(location, file);
      return file;
    } catch (InvalidPathException _) {
      throw refused(tensor, "has its data in '" + location + "', which is not a path");
    } catch (NoSuchFileException _) {
      var place = weights.toString().isEmpty() ? location : weights.toString();
      throw refused(tensor, "has its data in '" + place + "', which is not there");
    } catch (IOException e) {
      throw refused(tensor, "has its data in '" + location + "', which cannot be read: " + e);
    }
  }

  private Path path(TensorProto tensor, String location) throws IOException {
    if (weights.toString().isEmpty()) return resolve(tensor, location);
    if (files.isEmpty()) return weights;
    throw refused(
        tensor,
        "has its data in '%s', others in '%s', and one file cannot stand for both"
            .formatted(location, files.keySet().iterator().next()));
  }

  /// A model that is a link may lie beside its data in the folder that the link leads to.
  private Path resolve(TensorProto tensor, String location) throws IOException {
    var folder = folderOf(model.toAbsolutePath().normalize());
    var path = folder.resolve(location).normalize();
    boolean inside = !Path.of(location).isAbsolute() && path.startsWith(folder);
    if (!inside) throw outside(tensor, location);
    var real = path.toRealPath();
    var beside = folderOf(model.toRealPath());
    if (!real.startsWith(folder.toRealPath()) && !real.startsWith(beside)) {
      throw outside(tensor, location);
    }
    return real;
  }

  private static Path folderOf(Path file) {
    return Objects.requireNonNull(file.getParent(), "a file is in a folder");
  }

  private ModelException outside(TensorProto tensor, String location) {
    return refused(
        tensor, "has its data in '" + location + "', which is outside of the model's folder");
  }

  private ModelException refused(TensorProto tensor, String why) {
    var sentence = "tensor '" + tensor.getName() + "' " + why;
    return new ModelException(
        Finding.error("EXTERNAL_DATA", sentence)
            .inFile(model.toString())
            .fix(
                "put the file that the model was saved with beside the model, or name it with"
                    + " --weights-file"));
  }
}
