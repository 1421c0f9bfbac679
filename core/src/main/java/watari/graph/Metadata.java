package watari.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.DataType;
import watari.tensor.Shape;
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

  /// The version of the operators that a file of a format uses; 0 where none is said.
  public int version(String format) {
    return attachments.stream()
        .filter(file -> file.kind().equals(format + Attachment.VERSION))
        .mapToInt(file -> Integer.parseInt(file.name()))
        .findFirst()
        .orElse(0);
  }

  /// Bytes under a name.
  ///
  /// @param kind the format's word for what they are, such as `tflite.metadata` or `tflite.file`
  /// @param bytes a vector of uint8
  public record Attachment(String kind, String name, TensorData bytes) {
    /// The end of kinds that speak of the file, not of the model: nothing is lost without them in
    /// another format.
    public static final String INTERNAL = ".internal";

    private static final String VERSION = ".version" + INTERNAL;

    /// Says which version of its operators a file uses, such as ONNX' opset.
    public static Attachment version(String format, long version) {
      var none = TensorData.ofLongs(DataType.UINT8, Shape.of(0));
      return new Attachment(format + VERSION, Long.toString(version), none);
    }

    public boolean isInternal() {
      return kind.endsWith(INTERNAL);
    }
  }
}
