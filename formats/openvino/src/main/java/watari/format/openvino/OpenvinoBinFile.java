package watari.format.openvino;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import watari.format.ByteSource;
import watari.tensor.TensorData;

/// The `.bin` file: elements of constants behind each other, those that are equal once.
///
/// Each constant is computed once, while it is written; if the same bytes turn out to be there
/// already, the file ends again where it ended before.
final class OpenvinoBinFile implements AutoCloseable {
  private static final int ALIGNMENT = 64;
  private static final int CHUNK_BYTES = 1 << 16;

  /// What is compared before the bytes themselves are.
  private record Key(long sizeBytes, long checksum) {}

  private final FileChannel file;
  private final Map<Key, List<Long>> offsets = new HashMap<>();

  OpenvinoBinFile(Path path) throws IOException {
    file = FileChannel.open(path, CREATE, TRUNCATE_EXISTING, READ, WRITE);
  }

  /// Writes the elements, if they are not there yet, and says where they lie.
  long offset(TensorData data) throws IOException {
    long end = file.position();
    long start = Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT;
    file.write(ByteBuffer.allocate((int) (start - end)));
    var checksum = new CRC32C();
    ByteSource.of(data).writeTo(new Summed(file, checksum));
    long size = file.position() - start;
    var alike = offsets.computeIfAbsent(new Key(size, checksum.getValue()), _ -> new ArrayList<>());
    for (long known : alike) {
      if (!isSame(known, start, size)) continue;
      file.truncate(end).position(end);
      return known;
    }
    alike.add(start);
    return start;
  }

  private boolean isSame(long a, long b, long size) throws IOException {
    for (long at = 0; at < size; at += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, size - at);
      if (!read(a + at, count).equals(read(b + at, count))) return false;
    }
    return true;
  }

  private ByteBuffer read(long from, int count) throws IOException {
    var bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, from + bytes.position()) < 0) break;
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /// Lets a checksum see what passes.
  private record Summed(WritableByteChannel to, CRC32C checksum) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      var seen = bytes.duplicate();
      int count = to.write(bytes);
      checksum.update(seen.limit(seen.position() + count));
      return count;
    }

    @Override
    public boolean isOpen() {
      return to.isOpen();
    }

    @Override
    public void close() {}
  }
}
