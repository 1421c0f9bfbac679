package watari.format.tflite;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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

  private static final String PRODUCER = "producer";

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

  /// The file with the associated files behind it, as an uncompressed zip.
  ByteSource withFiles(ByteSource file) {
    var files = metadata.attachments().stream().filter(a -> a.kind().equals(FILE)).toList();
    return files.isEmpty() ? file : ByteSource.of(List.of(file, ByteSource.of(zip(files))));
  }

  private static byte[] zip(List<Attachment> files) {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (var file : files) {
        var content = new byte[Math.toIntExact(file.bytes().sizeBytes())];
        file.bytes().copyTo(0, file.bytes().size(), MemorySegment.ofArray(content));
        zip.putNextEntry(entry(file.name(), content));
        zip.write(content);
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static ZipEntry entry(String name, byte[] content) {
    var entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    var crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(java.time.LocalDateTime.of(1980, 1, 1, 0, 0));
    return entry;
  }
}
