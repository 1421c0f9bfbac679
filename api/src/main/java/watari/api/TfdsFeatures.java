package watari.api;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import watari.format.FileBytes;
import watari.format.JsonInput;
import watari.tensor.DataType;

/// How `tensorflow_datasets` says what its records hold: `features.json` beside them.
///
/// Source: TensorFlow Datasets 4, `feature.proto` in JSON.
final class TfdsFeatures {
  static final String FILE = "features.json";

  private static final long UNKNOWN = -1;

  /// A feature by its name; members of nested ones have theirs behind a slash.
  ///
  /// @param isImage whether its bytes are an encoded image
  /// @param dims -1 where they differ from record to record
  /// @param encoding `none` for numbers one by one, `bytes` for raw ones, `zlib` for packed ones
  record Described(boolean isImage, List<Long> dims, String dtype, String encoding) {
    Optional<DataType> type() {
      for (var type : DataType.values()) {
        if (type.name().toLowerCase(Locale.ROOT).equals(dtype)) return Optional.of(type);
      }
      return Optional.empty();
    }
  }

  private final JsonInput in;
  private final Map<String, Described> all = new LinkedHashMap<>();

  private TfdsFeatures(JsonInput in) {
    this.in = in;
  }

  /// What the folder says of its records; empty where it says nothing.
  static Map<String, Described> of(Path folder) throws IOException {
    var path = folder.resolve(FILE);
    if (!Files.isRegularFile(path)) return Map.of();
    try (var arena = Arena.ofConfined()) {
      var features = new TfdsFeatures(new JsonInput(FileBytes.map(path, arena)));
      features.feature("");
      return features.all;
    }
  }

  private void feature(String name) {
    in.beginObject();
    for (var member = in.nextName(); member.isPresent(); member = in.nextName()) {
      switch (member.get()) {
        case "featuresDict" -> members(name);
        case "image" -> all.put(name, described(true));
        case "tensor" -> all.put(name, described(false));
        default -> in.skip();
      }
    }
  }

  private void members(String name) {
    in.beginObject();
    for (var member = in.nextName(); member.isPresent(); member = in.nextName()) {
      if (!member.get().equals("features")) {
        in.skip();
        continue;
      }
      in.beginObject();
      for (var each = in.nextName(); each.isPresent(); each = in.nextName()) {
        feature(name.isEmpty() ? each.get() : name + "/" + each.get());
      }
    }
  }

  private Described described(boolean isImage) {
    var dims = new ArrayList<Long>();
    var dtype = isImage ? "uint8" : "";
    var encoding = "none";
    in.beginObject();
    for (var member = in.nextName(); member.isPresent(); member = in.nextName()) {
      switch (member.get()) {
        case "shape" -> dims(dims);
        case "dtype" -> dtype = in.scalar();
        case "encoding" -> encoding = in.scalar();
        default -> in.skip();
      }
    }
    return new Described(isImage, dims, dtype, encoding.toLowerCase(Locale.ROOT));
  }

  private void dims(List<Long> dims) {
    in.beginObject();
    for (var member = in.nextName(); member.isPresent(); member = in.nextName()) {
      if (!member.get().equals("dimensions")) {
        in.skip();
        continue;
      }
      in.beginArray();
      while (in.nextElement()) dims.add(dim(in.scalar()));
    }
  }

  private long dim(String word) {
    try {
      return Math.max(UNKNOWN, Long.parseLong(word));
    } catch (NumberFormatException _) {
      throw in.broken("'" + word + "' is no dim");
    }
  }
}
