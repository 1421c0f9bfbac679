package watari.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Objects;
import watari.finding.Finding;
import watari.finding.ModelException;

/// The little-endian bytes of a mapped file; every access is checked.
///
/// What lies outside of the file is a [ModelException] that names the file, the offset and the
/// reason, never an `IndexOutOfBoundsException`. Files may be larger than 2 GiB.
public final class FileBytes {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final MemorySegment bytes;

  /// @param name what findings call the file
  public FileBytes(String name, MemorySegment bytes) {
    this.name = name;
    this.bytes = bytes.asReadOnly();
  }

  /// Maps a whole file, read-only, for as long as `arena` is open.
  public static FileBytes map(Path file, Arena arena) throws IOException {
    return new FileBytes(file.toString(), FileRange.map(file, arena));
  }

  public String name() {
    return name;
  }

  public long size() {
    return bytes.byteSize();
  }

  public int uint8(long offset) {
    check(offset, 1);
    return bytes.get(JAVA_BYTE, offset) & 0xFF;
  }

  public int uint16(long offset) {
    check(offset, 2);
    return bytes.get(SHORT, offset) & 0xFFFF;
  }

  public int int32(long offset) {
    check(offset, 4);
    return bytes.get(INT, offset);
  }

  public long uint32(long offset) {
    return int32(offset) & 0xFFFF_FFFFL;
  }

  public long int64(long offset) {
    check(offset, 8);
    return bytes.get(LONG, offset);
  }

  /// A view of `size` bytes, without copying them.
  public MemorySegment slice(long offset, long size) {
    check(offset, size);
    return bytes.asSlice(offset, size);
  }

  /// A view of the whole file.
  public MemorySegment all() {
    return bytes;
  }

  /// The same file as if it ended at `size`, where it is longer than that.
  public FileBytes first(long size) {
    return size() <= size ? this : new FileBytes(name, bytes.asSlice(0, size));
  }

  /// Makes sure that `size` bytes at `offset` are in the file.
  public void check(long offset, long size) {
    try {
      var _ = Objects.checkFromIndexSize(offset, size, size());
    } catch (IndexOutOfBoundsException _) {
      throw broken(
          offset, "%d bytes are needed here, but the file ends at byte %d".formatted(size, size()));
    }
  }

  /// The exception for bytes that break the format.
  ///
  /// @param why one sentence without a full stop
  public ModelException broken(long offset, String why) {
    var sentence = "byte " + Long.toUnsignedString(offset) + ": " + why;
    return new ModelException(Finding.error("FILE_BROKEN", sentence).inFile(name));
  }
}
