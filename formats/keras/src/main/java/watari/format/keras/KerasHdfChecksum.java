package watari.format.keras;

import java.util.Arrays;

/// The sum that guards records of HDF5: `lookup3` of Bob Jenkins (2006), begun with 0.
final class KerasHdfChecksum {
  private static final int BLOCK = 12;

  private int a;
  private int b;
  private int c;

  private KerasHdfChecksum(int length) {
    a = 0xDEADBEEF + length;
    b = a;
    c = a;
  }

  static int of(byte[] bytes) {
    if (bytes.length == 0) return 0xDEADBEEF;
    var sum = new KerasHdfChecksum(bytes.length);
    int at = 0;
    for (; bytes.length - at > BLOCK; at += BLOCK) {
      sum.add(bytes, at);
      sum.mix();
    }
    sum.add(Arrays.copyOfRange(bytes, at, at + BLOCK), 0);
    return sum.end();
  }

  private void add(byte[] bytes, int at) {
    a += word(bytes, at);
    b += word(bytes, at + 4);
    c += word(bytes, at + 8);
  }

  private static int word(byte[] bytes, int at) {
    return bytes[at] & 0xFF
        | (bytes[at + 1] & 0xFF) << 8
        | (bytes[at + 2] & 0xFF) << 16
        | bytes[at + 3] << 24;
  }

  private void mix() {
    a = a - c ^ Integer.rotateLeft(c, 4);
    c += b;
    b = b - a ^ Integer.rotateLeft(a, 6);
    a += c;
    c = c - b ^ Integer.rotateLeft(b, 8);
    b += a;
    a = a - c ^ Integer.rotateLeft(c, 16);
    c += b;
    b = b - a ^ Integer.rotateLeft(a, 19);
    a += c;
    c = c - b ^ Integer.rotateLeft(b, 4);
    b += a;
  }

  private int end() {
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}
