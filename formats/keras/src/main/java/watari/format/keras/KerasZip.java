package watari.format.keras;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;

/// The files inside a zip archive, by the central directory at its end.
///
/// What is stored stays mapped. What is deflated is inflated to native memory, no more of it than
/// the directory says, and no more than [#MOST_INFLATED].
final class KerasZip {
  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int ENCRYPTED = 1;
  private static final long IN_ZIP64 = 0xFFFF_FFFFL;

  /// A configuration may be as long as this.
  private static final long MOST_TEXT = 1L << 28;

  /// Weights that are compressed may be as long as this.
  private static final long MOST_INFLATED = 1L << 31;

  /// Deflate makes at most 1032 bytes of one.
  private static final long MOST_INFLATION = 1032;

  private record Entry(int method, boolean encrypted, long packed, long size, long header) {}

  private final FileBytes bytes;
  private final Map<String, Entry> entries = new HashMap<>();

  private KerasZip(FileBytes bytes) {
    this.bytes = bytes;
  }

  /// Whether this is a zip archive with a `config.json`.
  static boolean sniff(Path path, byte[] head) {
    if (head.length < 4 || head[0] != 'P' || head[1] != 'K') return false;
    if (head[2] != 3 || head[3] != 4) return false;
    try (var arena = Arena.ofConfined()) {
      return open(path, arena).entries.containsKey("config.json");
    } catch (IOException | ModelException _) {
      return path.toString().endsWith(".keras") && Files.isRegularFile(path);
    }
  }

  /// @throws ModelException if the archive is broken
  static KerasZip open(Path path, Arena arena) throws IOException {
    var zip = new KerasZip(FileBytes.map(path, arena));
    zip.directory();
    return zip;
  }

  String name() {
    return bytes.name();
  }

  private void directory() {
    long end = end();
    int count = bytes.uint16(end + 10);
    long at = bytes.uint32(end + 16);
    for (int i = 0; i < count; i++) {
      if (bytes.int32(at) != CENTRAL) throw bytes.broken(at, "no entry of the archive is here");
      int nameBytes = bytes.uint16(at + 28);
      int extraBytes = bytes.uint16(at + 30);
      var name = new String(bytes.slice(at + CENTRAL_BYTES, nameBytes).toArray(JAVA_BYTE), UTF_8);
      entries.put(name, wide(at, at + CENTRAL_BYTES + nameBytes, extraBytes));
      at += CENTRAL_BYTES + (long) nameBytes + extraBytes + bytes.uint16(at + 32);
    }
  }

  /// The end record, which a comment may follow.
  private long end() {
    long lowest = Math.max(0, bytes.size() - END_BYTES - 0xFFFF);
    for (long at = bytes.size() - END_BYTES; at >= lowest; at--) {
      if (bytes.int32(at) == END) return at;
    }
    throw bytes.broken(bytes.size(), "the archive has no directory at its end");
  }

  /// An entry; sizes that do not fit are in its extra field.
  private Entry wide(long at, long extra, int extraBytes) {
    long packed = bytes.uint32(at + 20);
    long size = bytes.uint32(at + 24);
    long header = bytes.uint32(at + 42);
    long next = zip64(extra, extraBytes);
    if (next > 0) {
      if (size == IN_ZIP64) {
        size = bytes.int64(next);
        next += 8;
      }
      if (packed == IN_ZIP64) {
        packed = bytes.int64(next);
        next += 8;
      }
      if (header == IN_ZIP64) header = bytes.int64(next);
    }
    boolean encrypted = (bytes.uint16(at + 8) & ENCRYPTED) != 0;
    return new Entry(bytes.uint16(at + 10), encrypted, packed, size, header);
  }

  /// Where the field of wide sizes begins, or 0.
  private long zip64(long extra, int extraBytes) {
    long at = extra;
    while (at + 4 <= extra + extraBytes) {
      if (bytes.uint16(at) == 1) return at + 4;
      at += 4L + bytes.uint16(at + 2);
    }
    return 0;
  }

  // ---- contents

  String text(String entryName) {
    var entry = entries.get(entryName);
    if (entry != null && entry.size() > MOST_TEXT) throw tooLarge(entryName, entry.size());
    try (var arena = Arena.ofConfined()) {
      return new String(entry(entryName, arena).toArray(JAVA_BYTE), UTF_8);
    }
  }

  /// The bytes of a file inside; those that had to be inflated live as long as `arena`.
  ///
  /// @throws ModelException if it is not there, or broken, or too large
  MemorySegment entry(String entryName, Arena arena) {
    var entry = entries.get(entryName);
    if (entry == null) {
      throw new ModelException(
          Finding.error("FILE_BROKEN", "the archive has no '" + entryName + "'")
              .inFile(name())
              .fix("save the whole model: model.save('model.keras')"));
    }
    if (entry.encrypted()) {
      throw new ModelException(
          Finding.error("FILE_BROKEN", "'" + entryName + "' in the archive is encrypted")
              .inFile(name())
              .fix("save the model again with Keras"));
    }
    if (entry.header() < 0 || bytes.int32(entry.header()) != LOCAL) {
      throw bytes.broken(entry.header(), "'" + entryName + "' does not begin here");
    }
    long at =
        entry.header()
            + LOCAL_BYTES
            + bytes.uint16(entry.header() + 26)
            + bytes.uint16(entry.header() + 28);
    var packed = bytes.slice(at, entry.packed());
    return switch (entry.method()) {
      case 0 -> packed;
      case 8 -> inflated(entryName, entry, packed, arena);
      default ->
          throw bytes.broken(
              entry.header(), "'%s' is packed by method %d".formatted(entryName, entry.method()));
    };
  }

  private MemorySegment inflated(String entryName, Entry entry, MemorySegment packed, Arena arena) {
    long size = entry.size();
    if (size > MOST_INFLATED || size > packed.byteSize() * MOST_INFLATION) {
      throw tooLarge(entryName, size);
    }
    var whole = arena.allocate(Math.max(size, 1));
    var inflater = new Inflater(true);
    try {
      inflater.setInput(packed.asByteBuffer());
      long done = 0;
      while (done < size && !inflater.finished()) {
        int count =
            inflater.inflate(whole.asSlice(done, Math.min(size - done, 1 << 28)).asByteBuffer());
        if (count == 0) break;
        done += count;
      }
      if (done < size) throw bytes.broken(entry.header(), "'" + entryName + "' is cut short");
      return whole.asSlice(0, size);
    } catch (DataFormatException e) {
      throw bytes.broken(entry.header(), "'" + entryName + "' is not deflated: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  private ModelException tooLarge(String entryName, long size) {
    return new ModelException(
        Finding.error(
                "FILE_TOO_LARGE", "'%s' in the archive claims %d bytes".formatted(entryName, size))
            .inFile(name())
            .fix("save the model again with Keras, which stores its files uncompressed"));
  }
}
