package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import watari.format.ByteSource;
import watari.graph.Metadata;
import watari.graph.Metadata.Attachment;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What goes into a file beside the graph: the description, metadata buffers, associated files.
final class TfliteAttachments {
  /// Attachments that are buffers named by `Model.metadata`.
  static final String BUFFER = "tflite.metadata";

  /// Those of them that only say how the file was made.
  static final String BUFFER_ABOUT_FILE = BUFFER + Attachment.INTERNAL;

  /// Attachments that are associated files, in a zip behind the records.
  static final String FILE = "tflite.file";

  /// The buffer that names the program that wrote the file.
  static final String PRODUCER = "producer";

  /// Buffers of properties that TFLite has no place for have names that begin so.
  static final String PROPERTY = "metadata_props.";

  private final Metadata metadata;
  private final String producer;

  TfliteAttachments(Metadata metadata, String producer) {
    this.metadata = metadata;
    this.producer = producer;
  }

  String description() {
    return metadata.description();
  }

  /// Adds the buffers to a file.
  Map<String, Integer> buffers(TfliteOutput output) {
    var buffers = new LinkedHashMap<String, Integer>();
    metadata.attachments().stream()
        .filter(a -> a.kind().startsWith(BUFFER) && !a.name().equals(PRODUCER))
        .forEach(a -> buffers.put(a.name(), output.add(a.bytes())));
    if (!buffers.containsKey(TfliteMetadata.STANDARD)) {
      var standard = TfliteMetadata.standard(metadata);
      if (standard.length > 0) buffers.put(TfliteMetadata.STANDARD, output.add(bytes(standard)));
    }
    metadata
        .properties()
        .forEach((key, text) -> {
          if (TfliteMetadata.TEXTS.contains(key)) return;
          buffers.put(PROPERTY + key, output.add(bytes(text.getBytes(UTF_8))));
        });
    buffers.put(PRODUCER, output.add(bytes(producer.getBytes(UTF_8))));
    return buffers;
  }

  private static TensorData bytes(byte[] bytes) {
    return TensorData.of(DataType.UINT8, Shape.of(bytes.length), MemorySegment.ofArray(bytes));
  }

  /// The file with the associated files behind it.
  ByteSource withFiles(ByteSource file) {
    var files = new LinkedHashMap<String, byte[]>();
    metadata.attachments().stream()
        .filter(a -> a.kind().equals(FILE))
        .forEach(a -> files.put(a.name(), contents(a)));
    return TfliteAssociatedFiles.append(file, files);
  }

  private static byte[] contents(Attachment attachment) {
    var contents = new byte[Math.toIntExact(attachment.bytes().sizeBytes())];
    attachment.bytes().copyTo(0, contents.length, MemorySegment.ofArray(contents));
    return contents;
  }
}
