package watari.format;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import watari.tensor.TensorData;

/// Bytes of a known number that are not produced before they are written.
///
/// Large parts of a mapped file are copied without touching its memory: see [FileRange].
public interface ByteSource {
  /// How many bytes [#writeTo] writes.
  long sizeBytes();

  void writeTo(WritableByteChannel channel) throws IOException;

  /// Where the bytes are in a file, if they are mapped.
  default Optional<FileRange> inFile() {
    return Optional.empty();
  }

  /// Writes a file, in the place of the one that may be there.
  default void writeTo(Path file) throws IOException {
    try (var channel = FileChannel.open(file, CREATE, TRUNCATE_EXISTING, WRITE)) {
      writeTo(channel);
    }
  }

  static ByteSource of(MemorySegment bytes) {
    return new Segment(bytes);
  }

  static ByteSource of(byte[] bytes) {
    return new Segment(MemorySegment.ofArray(bytes));
  }

  /// The packed elements, little-endian. Strings are not packed the same way in any two formats.
  static ByteSource of(TensorData elements) {
    return new Elements(elements);
  }

  /// One source behind another.
  static ByteSource of(List<ByteSource> parts) {
    return new Joined(parts);
  }

  /// Bytes in memory, most often mapped.
  record Segment(MemorySegment bytes) implements ByteSource {
    private static final long CHUNK_BYTES = 1 << 22;

    @Override
    public long sizeBytes() {
      return bytes.byteSize();
    }

    @Override
    public Optional<FileRange> inFile() {
      return FileRange.of(bytes);
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      if (copied(inFile(), channel)) return;
      for (long at = 0; at < sizeBytes(); at += CHUNK_BYTES) {
        var chunk = bytes.asSlice(at, Math.min(CHUNK_BYTES, sizeBytes() - at)).asByteBuffer();
        while (chunk.hasRemaining()) channel.write(chunk);
      }
    }
  }

  /// The elements of a tensor.
  record Elements(TensorData elements) implements ByteSource {
    @Override
    public long sizeBytes() {
      return elements.sizeBytes();
    }

    @Override
    public Optional<FileRange> inFile() {
      return elements.contiguous().flatMap(FileRange::of);
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      if (copied(inFile(), channel)) return;
      elements.writeTo(channel);
    }
  }

  /// Sources behind each other.
  record Joined(List<ByteSource> parts) implements ByteSource {
    public Joined {
      parts = List.copyOf(parts);
    }

    @Override
    public long sizeBytes() {
      return parts.stream().mapToLong(ByteSource::sizeBytes).sum();
    }

    /// Parts that are neighbours in a mapped file, too, are one piece.
    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      int first = 0;
      Optional<FileRange> piece = Optional.empty();
      for (int i = 0; i < parts.size(); i++) {
        if (parts.get(i).sizeBytes() == 0) continue;
        var range = parts.get(i).inFile();
        var longer = piece.flatMap(known -> range.flatMap(known::followedBy));
        if (longer.isEmpty()) {
          write(piece, parts.subList(first, i), channel);
          first = i;
        }
        piece = longer.or(() -> range);
      }
      write(piece, parts.subList(first, parts.size()), channel);
    }

    private static void write(
        Optional<FileRange> piece, List<ByteSource> parts, WritableByteChannel channel)
        throws IOException {
      if (copied(piece, channel)) return;
      for (var part : parts) part.writeTo(channel);
    }
  }

  private static boolean copied(Optional<FileRange> range, WritableByteChannel channel)
      throws IOException {
    return range.isPresent() && range.get().copyTo(channel);
  }
}
