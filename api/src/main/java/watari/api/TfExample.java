package watari.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.format.FileBytes;
import watari.format.ProtobufFields;
import watari.format.Varints;

/// What a `tf.train.Example` has, by name.
///
/// Source: TensorFlow, `example.proto` and `feature.proto`: features are field 1, a map whose
/// entries have a name (1) and lists of bytes (1), floats (2) or whole numbers (3).
final class TfExample {
  /// A list of values of one kind.
  sealed interface Feature {
    /// @param all copies
    record Bytes(List<byte[]> all) implements Feature {}

    record Floats(List<Float> all) implements Feature {}

    record Integers(List<Long> all) implements Feature {}

    default int count() {
      return switch (this) {
        case Bytes(var all) -> all.size();
        case Floats(var all) -> all.size();
        case Integers(var all) -> all.size();
      };
    }
  }

  private final FileBytes file;
  private final Map<String, Feature> features = new LinkedHashMap<>();

  private TfExample(FileBytes file) {
    this.file = file;
  }

  static Map<String, Feature> read(FileBytes message) {
    var example = new TfExample(message);
    var top = new ProtobufFields(message, 0, message.size());
    while (top.next()) if (top.field() == 1 && top.isBytes()) example.features(top);
    return example.features;
  }

  private ProtobufFields inside(ProtobufFields field) {
    return new ProtobufFields(file, field.valueStart(), field.end());
  }

  private void features(ProtobufFields features) {
    var entries = inside(features);
    while (entries.next()) if (entries.field() == 1 && entries.isBytes()) entry(inside(entries));
  }

  private void entry(ProtobufFields entry) {
    var name = "";
    Feature feature = new Feature.Bytes(List.of());
    while (entry.next()) {
      if (entry.field() == 1) name = new String(bytes(entry), UTF_8);
      if (entry.field() == 2 && entry.isBytes()) feature = feature(inside(entry));
    }
    features.put(name, feature);
  }

  private byte[] bytes(ProtobufFields field) {
    return file.slice(field.valueStart(), field.valueBytes()).toArray(ValueLayout.JAVA_BYTE);
  }

  private Feature feature(ProtobufFields kinds) {
    Feature feature = new Feature.Bytes(List.of());
    while (kinds.next()) {
      var list = inside(kinds);
      feature =
          switch (kinds.field()) {
            case 1 -> strings(list);
            case 2 -> floats(list);
            case 3 -> integers(list);
            default -> feature;
          };
    }
    return feature;
  }

  private Feature strings(ProtobufFields list) {
    var all = new ArrayList<byte[]>();
    while (list.next()) all.add(bytes(list));
    return new Feature.Bytes(all);
  }

  /// Packed, or one by one.
  private Feature floats(ProtobufFields list) {
    var all = new ArrayList<Float>();
    while (list.next()) {
      for (long at = list.valueStart(); at < list.end(); at += Float.BYTES) {
        all.add(Float.intBitsToFloat(file.int32(at)));
      }
    }
    return new Feature.Floats(all);
  }

  private Feature integers(ProtobufFields list) {
    var all = new ArrayList<Long>();
    while (list.next()) {
      var numbers = new Varints(file, list.valueStart(), list.end());
      while (numbers.hasNext()) all.add(numbers.next());
    }
    return new Feature.Integers(all);
  }
}
