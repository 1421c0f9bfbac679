package watari.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.TensorData;

/// What a model says of itself, beside what it computes.
///
/// @param producer the program that wrote it, with its version
/// @param description free text
/// @param license name or text of the license; empty where the model does not say
/// @param properties further named texts, in the file's order
/// @param attachments named bytes that only some formats can carry (TFLite metadata, associated
///   files)
public record Metadata(
    String producer,
    String description,
    String license,
    Map<String, String> properties,
    List<Attachment> attachments) {
  public static final Metadata EMPTY = new Metadata("", "", "", Map.of(), List.of());

  public Metadata {
    properties = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    attachments = List.copyOf(attachments);
  }

  /// Bytes under a name.
  ///
  /// @param kind the format's word for what they are, such as `tflite.metadata` or `tflite.file`
  /// @param bytes a vector of uint8
  public record Attachment(String kind, String name, TensorData bytes) {
    /// The end of kinds that speak of the file, not of the model: nothing is lost without them in
    /// another format.
    public static final String INTERNAL = ".internal";

    public boolean isInternal() {
      return kind.endsWith(INTERNAL);
    }
  }
}
