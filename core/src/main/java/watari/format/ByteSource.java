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
import watari.tensor.TensorData;

/// Bytes of a known number that are not produced before they are written.
public interface ByteSource {
  /// How many bytes [#writeTo] writes.
  long sizeBytes();

  void writeTo(WritableByteChannel channel) throws IOException;

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
    public void writeTo(WritableByteChannel channel) throws IOException {
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
    public void writeTo(WritableByteChannel channel) throws IOException {
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

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      for (var part : parts) part.writeTo(channel);
    }
  }
}
