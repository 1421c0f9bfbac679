package watari.format.tensorflow;

/// Unpacks what Snappy has packed.
///
/// Source: format_description.txt of Snappy 1.2: the length, then literals and copies of what came
/// before.
final class Snappy {
  private final byte[] in;
  private int at;

  private Snappy(byte[] in) {
    this.in = in;
  }

  /// @throws IndexOutOfBoundsException if the bytes are broken, or unpack to more than `most`
  static byte[] unpack(byte[] packed, int most) {
    return new Snappy(packed).all(most);
  }

  private byte[] all(int most) {
    long length = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in[at++];
      length |= (next & 0x7FL) << shift;
      if (next >= 0) break;
      if (shift > 28) throw new IndexOutOfBoundsException("its length");
    }
    if (length > most) throw new IndexOutOfBoundsException("length " + length);
    var out = new byte[(int) length];
    int end = 0;
    while (end < out.length) {
      int tag = in[at++] & 0xFF;
      int size =
          switch (tag & 3) {
            case 0 -> literal(tag >> 2, out, end);
            case 1 -> copy(4 + (tag >> 2 & 7), (tag >> 5) << 8 | number(1), out, end);
            case 2 -> copy(1 + (tag >> 2), number(2), out, end);
            default -> copy(1 + (tag >> 2), number(4), out, end);
          };
      end += size;
    }
    return out;
  }

  private int number(int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) value |= (in[at++] & 0xFF) << (8 * i);
    return value;
  }

  /// From 60 on, as many bytes say the size.
  private int literal(int code, byte[] out, int end) {
    int size = 1 + (code < 60 ? code : number(code - 59));
    System.arraycopy(in, at, out, end, size);
    at += size;
    return size;
  }

  /// What is copied may reach into what is made by copying.
  private static int copy(int size, int distance, byte[] out, int end) {
    if (distance <= 0) throw new IndexOutOfBoundsException("distance " + distance);
    for (int i = 0; i < size; i++) out[end + i] = out[end + i - distance];
    return size;
  }
}
