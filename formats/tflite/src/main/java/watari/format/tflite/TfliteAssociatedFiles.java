package watari.format.tflite;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.ByteSource;
import watari.format.FileBytes;

/// Files that belong to a model's metadata, such as labels: a zip archive behind the flatbuffer.
///
/// Source: TFLite metadata, associated files. They are stored without compression.
public final class TfliteAssociatedFiles {
  private static final int END_RECORD_BYTES = 22;
  private static final int END_RECORD = 0x06054B50;
  private static final long MAX_BYTES = 1 << 28;
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private TfliteAssociatedFiles() {}

  /// The contents of the files behind a model, by their names, in their order.
  ///
  /// @throws ModelException if the archive is broken or larger than 256 MiB unpacked
  public static Map<String, byte[]> read(Path model) throws IOException {
    var files = new LinkedHashMap<String, byte[]>();
    if (!hasArchive(model)) return files;
    long left = MAX_BYTES;
    try (var archive = new ZipFile(model.toFile())) {
      for (var entry : archive.stream().toList()) {
        try (var in = archive.getInputStream(entry)) {
          var bytes = in.readNBytes((int) left + 1);
          left -= bytes.length;
          if (left < 0) throw broken(model, "are larger than " + MAX_BYTES + " bytes");
          files.put(entry.getName(), bytes);
        }
      }
    } catch (ZipException e) {
      throw broken(model, "cannot be unpacked: " + e.getMessage());
    }
    return files;
  }

  private static ModelException broken(Path model, String why) {
    return new ModelException(
        Finding.error("FILE_BROKEN", "the files behind the model " + why).inFile(model.toString()));
  }

  private static boolean hasArchive(Path model) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var bytes = FileBytes.map(model, arena);
      long end = bytes.size() - END_RECORD_BYTES;
      return end > 0 && bytes.int32(end) == END_RECORD;
    }
  }

  /// The model with the files behind it.
  public static ByteSource append(ByteSource model, Map<String, byte[]> files) {
    return files.isEmpty() ? model : ByteSource.of(List.of(model, ByteSource.of(archive(files))));
  }

  private static byte[] archive(Map<String, byte[]> files) {
    var bytes = new ByteArrayOutputStream();
    try (var archive = new ZipOutputStream(bytes)) {
      archive.setMethod(ZipOutputStream.STORED);
      for (var file : files.entrySet()) {
        archive.putNextEntry(entry(file.getKey(), file.getValue()));
        archive.write(file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static ZipEntry entry(String name, byte[] contents) {
    var crc = new CRC32();
    crc.update(contents);
    var entry = new ZipEntry(name);
    entry.setTimeLocal(NO_TIME);
    entry.setSize(contents.length);
    entry.setCrc(crc.getValue());
    return entry;
  }
}
