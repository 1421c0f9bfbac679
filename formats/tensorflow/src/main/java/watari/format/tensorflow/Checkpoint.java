package watari.format.tensorflow;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.tensorflow.schema.BundleEntryProto;
import watari.format.tensorflow.schema.BundleHeaderProto;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// The values of variables: an index, and shards that hold the elements, which stay mapped.
///
/// Source: TensorFlow 2.21, tensor_bundle.proto and tensor_bundle.h.
final class Checkpoint {
  private static final long CHUNK_BYTES = 1 << 24;

  private final Path prefix;
  private final Arena arena;
  private final Map<String, byte[]> entries;
  private final int shards;
  private final Map<Integer, FileBytes> open = new HashMap<>();

  private Checkpoint(Path prefix, Arena arena, Map<String, byte[]> entries, int shards) {
    this.prefix = prefix;
    this.arena = arena;
    this.entries = entries;
    this.shards = shards;
  }

  private static Path index(Path prefix) {
    return prefix.resolveSibling(prefix.getFileName() + ".index");
  }

  /// The checkpoint whose files begin with a path; nothing if there is none.
  ///
  /// @throws ModelException if its index is broken
  static Optional<Checkpoint> open(Path prefix, Arena arena) throws IOException {
    var path = index(prefix);
    if (!Files.isRegularFile(path)) return Optional.empty();
    var file = FileBytes.map(path, arena);
    var entries = CheckpointTable.read(file);
    var header = BundleHeaderProto.getDefaultInstance();
    try {
      header = BundleHeaderProto.parseFrom(entries.getOrDefault("", new byte[0]));
    } catch (InvalidProtocolBufferException _) {
      throw file.broken(0, "the index has no header");
    }
    if (header.getEndianness() != 0) {
      throw file.broken(0, "the checkpoint is big-endian, which Watari does not read");
    }
    return Optional.of(new Checkpoint(prefix, arena, entries, header.getNumShards()));
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  /// The elements under a key.
  ///
  /// @throws ModelException if they are not there, or their checksum is not right
  TensorData data(String key) {
    var entry = entry(key);
    var dtype =
        TensorflowTypes.dtype(entry.getDtype())
            .filter(each -> each != DataType.STRING)
            .orElseThrow(() -> broken(key, "has the element type '" + entry.getDtype() + "'"));
    if (entry.getSlicesCount() > 0) throw broken(key, "is stored in parts");
    var shape = TensorflowTypes.shape(key, entry.getShape());
    if (!shape.isFixed()) throw broken(key, "has the shape " + shape);
    long needed = dtype.sizeBytes(shape.elements().fixed());
    if (needed != entry.getSize()) {
      throw broken(
          key, "has %d bytes, but %s%s needs %d".formatted(entry.getSize(), dtype, shape, needed));
    }
    var bytes = shard(entry.getShardId()).slice(entry.getOffset(), needed);
    if (CheckpointTable.masked(checksum(bytes)) != entry.getCrc32C()) {
      throw broken(key, "does not have the checksum that the index says");
    }
    return TensorData.of(dtype, shape, bytes);
  }

  private BundleEntryProto entry(String key) {
    var bytes = entries.get(key);
    if (bytes == null) throw broken(key, "is not in it");
    try {
      return BundleEntryProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException _) {
      throw broken(key, "has a broken entry");
    }
  }

  private static int checksum(MemorySegment bytes) {
    var crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += CHUNK_BYTES) {
      crc.update(bytes.asSlice(at, Math.min(CHUNK_BYTES, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }

  private FileBytes shard(int number) {
    var known = open.get(number);
    if (known != null) return known;
    var name = "%s.data-%05d-of-%05d".formatted(prefix.getFileName(), number, shards);
    var path = prefix.resolveSibling(name);
    if (number < 0 || number >= shards || !Files.isRegularFile(path)) {
      throw new ModelException(
          Finding.error("FILE_MISSING", "the shard '" + name + "' of the variables is not there")
              .inFile(index(prefix).toString())
              .fix("copy the folder 'variables' with all its files"));
    }
    try {
      var file = FileBytes.map(path, arena);
      open.put(number, file);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ModelException broken(String key, String why) {
    return new ModelException(
        Finding.error("TENSOR_BROKEN", "the variable '" + key + "' of the checkpoint " + why)
            .inFile(index(prefix).toString())
            .fix("save the model again"));
  }
}
