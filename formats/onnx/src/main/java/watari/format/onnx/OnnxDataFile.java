package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ByteSource;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TensorProto.DataLocation;

/// The file beside a model that holds elements of its initializers.
///
/// Elements of a megabyte and more begin on a page, so that runtimes can map them. Source: ONNX
/// 1.23, external data.
final class OnnxDataFile {
  private static final int PAGE_BYTES = 4096;
  private static final int LINE_BYTES = 64;
  private static final long MAPPED_BYTES = 1 << 20;

  private final String name;
  private final List<ByteSource> parts = new ArrayList<>();
  private long sizeBytes;

  OnnxDataFile(String name) {
    this.name = name;
  }

  /// Appends elements and returns the fields by which a TensorProto refers to them.
  ByteSource add(ByteSource elements) {
    int alignment = elements.sizeBytes() < MAPPED_BYTES ? LINE_BYTES : PAGE_BYTES;
    put(ByteSource.of(new byte[(int) (-sizeBytes & alignment - 1)]));
    long offset = sizeBytes;
    put(elements);
    var reference =
        TensorProto.newBuilder()
            .addExternalData(entry("location", name))
            .addExternalData(entry("offset", Long.toString(offset)))
            .addExternalData(entry("length", Long.toString(elements.sizeBytes())))
            .setDataLocation(DataLocation.EXTERNAL);
    return ByteSource.of(reference.build().toByteArray());
  }

  private void put(ByteSource part) {
    parts.add(part);
    sizeBytes += part.sizeBytes();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  ByteSource bytes() {
    return ByteSource.of(parts);
  }
}
