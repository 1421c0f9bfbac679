package watari.format.tensorflow;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import watari.format.tensorflow.schema.BundleEntryProto;
import watari.format.tensorflow.schema.BundleHeaderProto;
import watari.format.tensorflow.schema.VersionDef;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Writes the values of variables: a shard with the elements, and the index of it.
///
/// Source: TensorFlow 2.21, tensor_bundle.proto and tensor_bundle.cc: strings are their lengths,
/// the checksum of these, then the bytes.
final class CheckpointWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private CheckpointWriter() {}

  /// @param prefix begin of the names of both files
  /// @param values by their keys, sorted
  static void write(Path prefix, Map<String, TensorData> values) throws IOException {
    var entries = new TreeMap<String, byte[]>();
    var header =
        BundleHeaderProto.newBuilder()
            .setNumShards(1)
            .setVersion(VersionDef.newBuilder().setProducer(1));
    entries.put("", header.build().toByteArray());
    var name = prefix.getFileName().toString();
    long offset = 0;
    try (var arena = Arena.ofConfined();
        var shard =
            new BufferedOutputStream(
                Files.newOutputStream(prefix.resolveSibling(name + ".data-00000-of-00001")))) {
      for (var value : values.entrySet()) {
        var data = value.getValue();
        boolean isText = data.dtype() == DataType.STRING;
        var stored = isText ? strings(data, shard) : numbers(data, shard, arena);
        var entry =
            BundleEntryProto.newBuilder()
                .setDtype(TensorflowWriteTypes.proto(data.dtype()))
                .setShape(TensorflowWriteTypes.shape(data.shape()))
                .setOffset(offset)
                .setSize(stored.size())
                .setCrc32C(CheckpointTable.masked(stored.checksum()));
        entries.put(value.getKey(), entry.build().toByteArray());
        offset += stored.size();
      }
    }
    Files.write(prefix.resolveSibling(name + ".index"), CheckpointTableWriter.table(entries));
  }

  private record Stored(long size, int checksum) {}

  private static Stored numbers(TensorData data, OutputStream out, Arena arena) throws IOException {
    MemorySegment bytes = data.contiguous().orElseGet(() -> data.packed(arena));
    var crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += CHUNK_BYTES) {
      long count = Math.min(CHUNK_BYTES, bytes.byteSize() - at);
      var chunk = bytes.asSlice(at, count).toArray(ValueLayout.JAVA_BYTE);
      crc.update(chunk);
      out.write(chunk);
    }
    return new Stored(bytes.byteSize(), (int) crc.getValue());
  }

  private static Stored strings(TensorData data, OutputStream out) throws IOException {
    var lengths = new ByteArrayOutputStream();
    var crc = new CRC32C();
    for (long i = 0; i < data.size(); i++) {
      int length = data.bytesAt(i).length;
      CheckpointTableWriter.varint(length, lengths);
      crc.update(CheckpointTableWriter.fixed32(length));
    }
    var checked = CheckpointTableWriter.fixed32(CheckpointTable.masked((int) crc.getValue()));
    crc.update(checked);
    out.write(lengths.toByteArray());
    out.write(checked);
    long size = lengths.size() + (long) checked.length;
    for (long i = 0; i < data.size(); i++) {
      var bytes = data.bytesAt(i);
      crc.update(bytes);
      out.write(bytes);
      size += bytes.length;
    }
    return new Stored(size, (int) crc.getValue());
  }

  /// A key as the table sorts it.
  static byte[] key(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
