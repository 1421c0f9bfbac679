package watari.api;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;
import watari.format.FileBytes;

/// The records of a file of TensorFlow, one after the other.
///
/// A record is its length (8 bytes), the masked CRC-32C of these bytes (4), its bytes and their
/// masked CRC-32C (4), all little-endian. Source: TensorFlow's TFRecord format.
final class TfRecordFile implements Closeable {
  private static final int LENGTH_BYTES = 8;
  private static final int CHECKSUM_BYTES = 4;
  private static final int MASK_TURN = 15;
  private static final int MASK_DELTA = 0xa282ead8;

  private final Arena arena = Arena.ofShared();
  private final FileBytes file;
  private long at;

  TfRecordFile(Path path) throws IOException {
    file = FileBytes.map(path, arena);
  }

  /// The next record; empty at the end.
  ///
  /// @throws watari.finding.ModelException if the file is cut off, or a checksum does not fit
  Optional<FileBytes> next() {
    if (at == file.size()) return Optional.empty();
    long begin = at;
    long size = file.int64(begin);
    check(begin, LENGTH_BYTES, "length");
    long start = begin + LENGTH_BYTES + CHECKSUM_BYTES;
    if (size < 0 || size > file.size() - start - CHECKSUM_BYTES) {
      throw file.broken(begin, "a record of " + size + " bytes goes beyond the end");
    }
    check(start, size, "content");
    at = start + size + CHECKSUM_BYTES;
    return Optional.of(new FileBytes(file.name(), file.slice(start, size)));
  }

  private void check(long start, long size, String what) {
    var checksum = new CRC32C();
    checksum.update(file.slice(start, size).asByteBuffer());
    int plain = (int) checksum.getValue();
    int masked = Integer.rotateRight(plain, MASK_TURN) + MASK_DELTA;
    if (file.int32(start + size) != masked) {
      throw file.broken(start, "the checksum of a record's " + what + " does not fit");
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
