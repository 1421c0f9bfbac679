package watari.format.tensorflow;

import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import watari.finding.ModelException;
import watari.format.FileBytes;

/// The sorted table of keys and values that the index of a checkpoint is.
///
/// Source: LevelDB's table format, as TensorFlow 2.21 writes it: blocks of entries that share the
/// begin of their keys, each with the kind of its compression and a checksum, an index of the
/// blocks, and a footer that says where that is.
final class CheckpointTable {
  private static final long MAGIC = 0xdb4775248b80fb57L;
  private static final int FOOTER_BYTES = 48;
  private static final int TRAILER_BYTES = 5;
  private static final int MASK = 0xa282ead8;
  private static final int MOST_BLOCK_BYTES = 1 << 28;

  private final FileBytes file;
  private final SequencedMap<String, byte[]> values = new TreeMap<>();

  private CheckpointTable(FileBytes file) {
    this.file = file;
  }

  /// All values by their keys.
  ///
  /// @throws ModelException if the file is no such table, or a checksum is not right
  static SequencedMap<String, byte[]> read(FileBytes file) {
    var table = new CheckpointTable(file);
    table.read();
    return table.values;
  }

  /// A checksum as it is stored: turned, so that checksums of checksums stay good ones.
  static int masked(int crc) {
    return Integer.rotateRight(crc, 15) + MASK;
  }

  private void read() {
    if (file.size() < FOOTER_BYTES || file.int64(file.size() - 8) != MAGIC) {
      throw file.broken(
          Math.max(0, file.size() - 8), "the index of a checkpoint does not end here");
    }
    var footer = new Cursor(slice(file.size() - FOOTER_BYTES, FOOTER_BYTES), 0);
    footer.varint();
    footer.varint();
    var index = block(footer.varint(), footer.varint());
    entries(
        index,
        (_, handle) -> {
          var at = new Cursor(handle, 0);
          var block = block(at.varint(), at.varint());
          entries(
              block,
              (key, value) ->
                  values.put(new String(key, java.nio.charset.StandardCharsets.UTF_8), value));
        });
  }

  private byte[] slice(long offset, long size) {
    return file.slice(offset, size).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private byte[] block(long offset, long size) {
    if (size < 0 || size > MOST_BLOCK_BYTES || offset < 0) {
      throw file.broken(0, "a block of the index has " + size + " bytes at byte " + offset);
    }
    file.check(offset, size + TRAILER_BYTES);
    var crc = new CRC32C();
    crc.update(file.slice(offset, size + 1).asByteBuffer());
    if (masked((int) crc.getValue()) != file.int32(offset + size + 1)) {
      throw file.broken(offset, "the checksum of the block that begins here is not right");
    }
    var bytes = slice(offset, size);
    return switch (file.uint8(offset + size)) {
      case 0 -> bytes;
      case 1 -> unpacked(bytes, offset);
      default -> throw file.broken(offset + size, "the compression of a block is not known");
    };
  }

  private byte[] unpacked(byte[] bytes, long offset) {
    try {
      return Snappy.unpack(bytes, MOST_BLOCK_BYTES);
    } catch (IndexOutOfBoundsException | NegativeArraySizeException | ArithmeticException _) {
      throw file.broken(offset, "the block that begins here cannot be unpacked");
    }
  }

  private interface Entry {
    void take(byte[] key, byte[] value);
  }

  /// Behind the entries are the places where keys start anew, and their number.
  private void entries(byte[] block, Entry taker) {
    try {
      var counter = new Cursor(block, block.length - 4);
      long restarts = counter.fixed32();
      long end = block.length - 4 - 4 * restarts;
      var at = new Cursor(block, 0);
      var key = new byte[0];
      while (at.at < end) {
        int shared = Math.toIntExact(at.varint());
        int rest = Math.toIntExact(at.varint());
        int size = Math.toIntExact(at.varint());
        var next = java.util.Arrays.copyOf(key, Math.addExact(shared, rest));
        if (shared > key.length) throw new IndexOutOfBoundsException(shared);
        at.bytes(next, shared, rest);
        var value = new byte[java.util.Objects.checkIndex(size, block.length + 1)];
        at.bytes(value, 0, size);
        key = next;
        taker.take(key, value);
      }
    } catch (IndexOutOfBoundsException | NegativeArraySizeException | ArithmeticException _) {
      throw file.broken(0, "an entry of the index is broken");
    }
  }

  /// Numbers one after the other.
  private static final class Cursor {
    private final byte[] bytes;
    private int at;

    Cursor(byte[] bytes, int at) {
      this.bytes = bytes;
      this.at = at;
    }

    long varint() {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        byte next = bytes[at++];
        value |= (next & 0x7FL) << shift;
        if (next >= 0) return value;
      }
      throw new ArithmeticException("a number is longer than 10 bytes");
    }

    long fixed32() {
      long value = 0;
      for (int i = 0; i < 4; i++) value |= (bytes[at++] & 0xFFL) << (8 * i);
      return value;
    }

    void bytes(byte[] target, int start, int size) {
      System.arraycopy(bytes, at, target, start, size);
      at += size;
    }
  }
}
