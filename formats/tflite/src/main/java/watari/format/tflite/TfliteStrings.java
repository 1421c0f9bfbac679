package watari.format.tflite;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import watari.finding.ModelException;
import watari.format.ByteSource;
import watari.format.FileBytes;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// The packed form of string tensors: how many there are, where each begins, where the last ends,
/// all of their bytes.
///
/// Source: LiteRT, string_util; offsets count from the start of the buffer.
public final class TfliteStrings {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TfliteStrings() {}

  /// The bytes of any tensor's buffer; only strings are packed here.
  static ByteSource pack(TensorData elements) {
    if (elements.dtype() != DataType.STRING) return ByteSource.of(elements);
    var strings = new ArrayList<byte[]>();
    for (long i = 0; i < elements.size(); i++) strings.add(elements.bytesAt(i));
    return ByteSource.of(pack(strings));
  }

  static byte[] pack(List<byte[]> strings) {
    int at = Integer.BYTES * (strings.size() + 2);
    long textBytes = strings.stream().mapToLong(text -> text.length).sum();
    var packed = new byte[Math.toIntExact(at + textBytes)];
    var bytes = MemorySegment.ofArray(packed);
    bytes.set(INT, 0, strings.size());
    for (int i = 0; i < strings.size(); i++) {
      bytes.setAtIndex(INT, i + 1L, at);
      var text = strings.get(i);
      System.arraycopy(text, 0, packed, at, text.length);
      at += text.length;
    }
    bytes.setAtIndex(INT, strings.size() + 1L, at);
    return packed;
  }

  /// @throws ModelException if the bytes are not strings in this form
  public static List<byte[]> unpack(String name, MemorySegment buffer) {
    var bytes = new FileBytes(name, buffer);
    long count = bytes.uint32(0);
    bytes.check(0, Integer.BYTES * (count + 2));
    var strings = new ArrayList<byte[]>();
    for (long i = 1; i <= count; i++) {
      long start = bytes.uint32(Integer.BYTES * i);
      long size = bytes.uint32(Integer.BYTES * (i + 1)) - start;
      strings.add(bytes.slice(start, size).toArray(ValueLayout.JAVA_BYTE));
    }
    return strings;
  }
}
