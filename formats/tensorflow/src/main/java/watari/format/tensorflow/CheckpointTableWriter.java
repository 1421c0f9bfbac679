package watari.format.tensorflow;

import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/// Writes the sorted table of keys and values that the index of a checkpoint is.
///
/// Source: LevelDB's table format: blocks of entries, each behind it the kind of its compression
/// (none) and a checksum; a block of none, an index of the blocks, and a footer.
final class CheckpointTableWriter {
  private static final int BLOCK_BYTES = 1 << 14;
  private static final int HANDLES_BYTES = 40;
  private static final long MAGIC = 0xdb4775248b80fb57L;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private CheckpointTableWriter() {}

  static byte[] table(SortedMap<String, byte[]> entries) {
    var writer = new CheckpointTableWriter();
    writer.write(entries);
    return writer.out.toByteArray();
  }

  private void write(SortedMap<String, byte[]> entries) {
    var index = new TreeMap<String, byte[]>();
    var block = new TreeMap<String, byte[]>();
    int size = 0;
    for (var entry : entries.entrySet()) {
      block.put(entry.getKey(), entry.getValue());
      size += entry.getKey().length() + entry.getValue().length;
      if (size < BLOCK_BYTES) continue;
      index.put(entry.getKey(), block(block));
      block.clear();
      size = 0;
    }
    if (!block.isEmpty()) index.put(block.lastKey(), block(block));
    var none = block(Map.of());
    var blocks = block(index);
    var footer = new ByteArrayOutputStream();
    footer.writeBytes(none);
    footer.writeBytes(blocks);
    footer.writeBytes(new byte[HANDLES_BYTES - footer.size()]);
    footer.writeBytes(fixed32((int) MAGIC));
    footer.writeBytes(fixed32((int) (MAGIC >>> Integer.SIZE)));
    out.writeBytes(footer.toByteArray());
  }

  /// Writes a block of which every key begins anew; where it is.
  private byte[] block(Map<String, byte[]> entries) {
    var block = new ByteArrayOutputStream();
    var restarts = new ByteArrayOutputStream();
    for (var entry : entries.entrySet()) {
      restarts.writeBytes(fixed32(block.size()));
      var key = CheckpointWriter.key(entry.getKey());
      varint(0, block);
      varint(key.length, block);
      varint(entry.getValue().length, block);
      block.writeBytes(key);
      block.writeBytes(entry.getValue());
    }
    if (entries.isEmpty()) restarts.writeBytes(fixed32(0));
    block.writeBytes(restarts.toByteArray());
    block.writeBytes(fixed32(restarts.size() / Integer.BYTES));
    var handle = new ByteArrayOutputStream();
    varint(out.size(), handle);
    varint(block.size(), handle);
    block.write(0);
    var crc = new CRC32C();
    crc.update(block.toByteArray());
    out.writeBytes(block.toByteArray());
    out.writeBytes(fixed32(CheckpointTable.masked((int) crc.getValue())));
    return handle.toByteArray();
  }

  static byte[] fixed32(int value) {
    return new byte[] {
      (byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)
    };
  }

  static void varint(long value, ByteArrayOutputStream out) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
