package watari.format;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Bytes of a file that is mapped, copied without touching the mapped memory: its pages would have
/// to be brought in one by one, and would be resident.
///
/// Memory does not say which file it shows, and comes here through views that do not know either
/// (buffers of flatbuffers, tensors), so that mappings are remembered by their scope for as long as
/// it is in use.
///
/// @param key what the file system calls the file: a path may have come to mean another one
public record FileRange(Path file, Object key, long offset, long sizeBytes) {
  /// Less is copied through memory sooner than a file is opened.
  private static final long MIN_BYTES = 1 << 18;

  /// What stays in a processor's cache between reading and writing. It is faster than larger
  /// pieces, and than `copy_file_range`.
  private static final int CHUNK_BYTES = 1 << 17;

  private static final Map<MemorySegment.Scope, List<Mapping>> MAPPINGS =
      Collections.synchronizedMap(new WeakHashMap<>());

  /// Where a file is mapped. It has no segment, which would keep the scope in use.
  private record Mapping(long address, FileRange whole) {
    Optional<FileRange> range(long start, long size) {
      long from = start - address;
      if (from < 0 || from > whole.sizeBytes || size > whole.sizeBytes - from) {
        return Optional.empty();
      }
      return Optional.of(new FileRange(whole.file, whole.key, from, size));
    }
  }

  /// Maps a whole file, read-only, for as long as `arena` is open.
  static MemorySegment map(Path file, Arena arena) throws IOException {
    var key = key(file);
    try (var channel = FileChannel.open(file)) {
      var bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      if (key.isPresent() && key.equals(key(file))) {
        var whole = new FileRange(file, key.get(), 0, bytes.byteSize());
        MAPPINGS
            .computeIfAbsent(bytes.scope(), _ -> new CopyOnWriteArrayList<>())
            .add(new Mapping(bytes.address(), whole));
      }
      return bytes;
    }
  }

  /// Where the bytes of a segment are in a file, if it is one of [#map] or a part of it.
  static Optional<FileRange> of(MemorySegment bytes) {
    if (!bytes.isNative()) return Optional.empty();
    return MAPPINGS.getOrDefault(bytes.scope(), List.of()).stream()
        .flatMap(mapping -> mapping.range(bytes.address(), bytes.byteSize()).stream())
        .findFirst();
  }

  /// Both ranges as one, if the other begins where this ends.
  Optional<FileRange> followedBy(FileRange next) {
    boolean joins = key.equals(next.key) && file.equals(next.file);
    return joins && next.offset == offset + sizeBytes
        ? Optional.of(new FileRange(file, key, offset, sizeBytes + next.sizeBytes))
        : Optional.empty();
  }

  /// Copies the bytes.
  ///
  /// @return whether it did: nothing is written where the bytes are few, or the path no longer
  ///   leads to the file that is mapped
  /// @throws EOFException if the file has become too short meanwhile
  boolean copyTo(WritableByteChannel target) throws IOException {
    if (sizeBytes < MIN_BYTES || !isThere()) return false;
    try (var source = FileChannel.open(file)) {
      if (!isThere()) return false;
      copy(source.position(offset), target);
      return true;
    }
  }

  private void copy(FileChannel source, WritableByteChannel target) throws IOException {
    var chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    for (long left = sizeBytes; left > 0; left -= chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK_BYTES, left));
      if (source.read(chunk) < 0) throw tooShort(source.size());
      chunk.flip();
      while (chunk.hasRemaining()) target.write(chunk);
    }
  }

  private EOFException tooShort(long size) {
    return new EOFException(
        "'%s' was cut while it was read: %d bytes are needed at byte %d, but it ends at byte %d"
            .formatted(file, sizeBytes, offset, size));
  }

  private boolean isThere() {
    return key(file).filter(key::equals).isPresent();
  }

  /// Nothing where files have no keys, or there is no file.
  private static Optional<Object> key(Path file) {
    try {
      return Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
    } catch (IOException _) {
      return Optional.empty();
    }
  }
}
