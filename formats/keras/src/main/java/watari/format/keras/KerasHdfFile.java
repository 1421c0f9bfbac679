package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;
import static watari.format.keras.KerasHdfRecord.NOWHERE;

import java.util.ArrayList;
import java.util.List;
import watari.format.ByteSource;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Writes an HDF5 file of groups, arrays in one piece, and attributes of texts of any length.
///
/// Groups keep their links in their headers, in the order in which they are given; texts are in
/// heaps, so that only their number is limited by an attribute's 64 KiB. Source: HDF5 File Format
/// Specification 3.0, superblock of version 2 (HDF5 1.8 and later read it).
final class KerasHdfFile {
  private static final int DATASPACE = 0x01;
  private static final int LINK_INFO = 0x02;
  private static final int DATATYPE = 0x03;
  private static final int FILL_VALUE = 0x05;
  private static final int LINK = 0x06;
  private static final int LAYOUT = 0x08;
  private static final int GROUP_INFO = 0x0A;
  private static final int ATTRIBUTE = 0x0C;

  private static final int SUPERBLOCK_BYTES = 48;

  /// The library refuses smaller heaps.
  private static final int SMALLEST_HEAP = 4096;

  /// Texts of one attribute; each takes 16 of its bytes. Keras splits longer lists, too.
  private static final int MOST_TEXTS = 3000;

  private final List<ByteSource> parts = new ArrayList<>();
  private long end = SUPERBLOCK_BYTES;

  private KerasHdfFile() {}

  static ByteSource of(KerasHdfTree root) {
    var file = new KerasHdfFile();
    long address = file.group(root);
    var all = new ArrayList<ByteSource>();
    all.add(ByteSource.of(superblock(address, file.end)));
    all.addAll(file.parts);
    return ByteSource.of(all);
  }

  private static byte[] superblock(long root, long end) {
    return new KerasHdfRecord()
        .put(0x89)
        .put("HDF\r\n\u001A\n")
        .put(2, 8, 8, 0)
        .put8(0)
        .put8(NOWHERE)
        .put8(end)
        .put8(root)
        .checksum()
        .bytes();
  }

  /// Appends bytes, and says where they are.
  private long add(ByteSource bytes) {
    long address = end;
    parts.add(bytes);
    int gap = (int) (-bytes.sizeBytes() & 7);
    if (gap > 0) parts.add(ByteSource.of(new byte[gap]));
    end += bytes.sizeBytes() + gap;
    return address;
  }

  // ---- objects

  private static void message(KerasHdfRecord messages, int kind, KerasHdfRecord body) {
    messages.put(kind).put2(body.size()).put(0).put(body.bytes());
  }

  private long header(KerasHdfRecord messages) {
    var header = new KerasHdfRecord().put("OHDR").put(2, 2).put4(messages.size());
    return add(ByteSource.of(header.put(messages.bytes()).checksum().bytes()));
  }

  private long group(KerasHdfTree group) {
    var messages = new KerasHdfRecord();
    message(messages, LINK_INFO, new KerasHdfRecord().put(0, 0).put8(NOWHERE).put8(NOWHERE));
    message(messages, GROUP_INFO, new KerasHdfRecord().put(0, 0));
    group.texts().forEach((name, text) -> attribute(messages, name, List.of(text), true));
    group.lists().forEach((name, all) -> list(messages, name, all));
    group.groups().forEach((name, inner) -> link(messages, name, group(inner)));
    group.arrays().forEach((name, data) -> link(messages, name, array(data)));
    return header(messages);
  }

  private static void link(KerasHdfRecord messages, String name, long address) {
    var bytes = name.getBytes(UTF_8);
    var body = new KerasHdfRecord().put(1, 0x11, 1).put2(bytes.length).put(bytes).put8(address);
    message(messages, LINK, body);
  }

  private long array(TensorData data) {
    long address = data.sizeBytes() == 0 ? NOWHERE : add(ByteSource.of(data));
    var messages = new KerasHdfRecord();
    message(messages, DATASPACE, dataspace(data.shape().fixedDims()));
    message(messages, DATATYPE, datatype(data.dtype()));
    message(messages, FILL_VALUE, new KerasHdfRecord().put(3, 0x0A));
    message(messages, LAYOUT, new KerasHdfRecord().put(3, 1).put8(address).put8(data.sizeBytes()));
    return header(messages);
  }

  private static KerasHdfRecord dataspace(long... dims) {
    var space = new KerasHdfRecord().put(2, dims.length, 0, dims.length == 0 ? 0 : 1);
    for (long dim : dims) space.put8(dim);
    return space;
  }

  private static KerasHdfRecord datatype(DataType dtype) {
    return switch (dtype) {
      case FLOAT16 -> real(2, 10, 5, 15);
      case FLOAT32 -> real(4, 23, 8, 127);
      case FLOAT64 -> real(8, 52, 11, 1023);
      default -> integer(dtype);
    };
  }

  private static KerasHdfRecord real(int size, int mantissa, int exponent, int bias) {
    return new KerasHdfRecord()
        .put(0x11, 0x20, size * 8 - 1, 0)
        .put4(size)
        .put2(0)
        .put2(size * 8)
        .put(mantissa, exponent, 0, mantissa)
        .put4(bias);
  }

  private static KerasHdfRecord integer(DataType dtype) {
    if (!dtype.isInteger() || dtype.bits() < 8) {
      throw new IllegalArgumentException("arrays of " + dtype + " are not written");
    }
    return new KerasHdfRecord()
        .put(0x10, dtype.isSigned() ? 8 : 0, 0, 0)
        .put4(dtype.bits() / 8)
        .put2(0)
        .put2(dtype.bits());
  }

  // ---- attributes

  private void list(KerasHdfRecord messages, String name, List<String> all) {
    if (all.size() <= MOST_TEXTS) {
      attribute(messages, name, all, false);
      return;
    }
    for (int from = 0, part = 0; from < all.size(); from += MOST_TEXTS, part++) {
      var some = all.subList(from, Math.min(all.size(), from + MOST_TEXTS));
      attribute(messages, name + part, some, false);
    }
  }

  private void attribute(
      KerasHdfRecord messages, String name, List<String> texts, boolean isScalar) {
    var type =
        new KerasHdfRecord().put(0x19, 1, 1, 0).put4(16).put(integer(DataType.UINT8).bytes());
    var space = isScalar ? dataspace() : dataspace(texts.size());
    var label = name.getBytes(UTF_8);
    var body =
        new KerasHdfRecord()
            .put(3, 0)
            .put2(label.length + 1)
            .put2(type.size())
            .put2(space.size())
            .put(1)
            .put(label)
            .put(0)
            .put(type.bytes())
            .put(space.bytes())
            .put(references(texts));
    message(messages, ATTRIBUTE, body);
  }

  /// The texts in a heap, and where each of them is.
  private byte[] references(List<String> texts) {
    if (texts.isEmpty()) return new byte[0];
    var objects = new KerasHdfRecord();
    for (int i = 0; i < texts.size(); i++) {
      var bytes = texts.get(i).getBytes(UTF_8);
      objects.put2(i + 1).put2(1).put4(0).put8(bytes.length).put(bytes).align();
    }
    int size = Math.max(SMALLEST_HEAP, objects.size() + 32);
    var heap = new KerasHdfRecord().put("GCOL").put(1, 0, 0, 0).put8(size).put(objects.bytes());
    int free = size - heap.size();
    heap.put2(0).put2(0).put4(0).put8(free).zeros(free - 16);
    long address = add(ByteSource.of(heap.bytes()));
    var references = new KerasHdfRecord();
    for (int i = 0; i < texts.size(); i++) {
      references.put4(texts.get(i).getBytes(UTF_8).length).put8(address).put4(i + 1);
    }
    return references.bytes();
  }
}
