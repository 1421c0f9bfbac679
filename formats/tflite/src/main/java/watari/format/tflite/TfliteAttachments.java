package watari.format.tflite;

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

  /// Attachments that are associated files, in a zip behind the records.
  static final String FILE = "tflite.file";

  /// The buffer that names the program that wrote the file.
  static final String PRODUCER = "producer";

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
        .filter(a -> a.kind().equals(BUFFER) && !a.name().equals(PRODUCER))
        .forEach(a -> buffers.put(a.name(), output.add(a.bytes())));
    var name = producer.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    var bytes = TensorData.of(DataType.UINT8, Shape.of(name.length), MemorySegment.ofArray(name));
    buffers.put(PRODUCER, output.add(bytes));
    return buffers;
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
