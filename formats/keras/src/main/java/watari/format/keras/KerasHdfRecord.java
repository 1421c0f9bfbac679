package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/// Bytes of a record of an HDF5 file, little-endian, as they are put together.
final class KerasHdfRecord {
  /// What stands where there is no address.
  static final long NOWHERE = -1;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  KerasHdfRecord put(int... bytes) {
    for (int each : bytes) out.write(each);
    return this;
  }

  KerasHdfRecord put2(int value) {
    return put(value, value >> 8);
  }

  KerasHdfRecord put4(int value) {
    return put2(value).put2(value >> 16);
  }

  KerasHdfRecord put8(long value) {
    return put4((int) value).put4((int) (value >> 32));
  }

  KerasHdfRecord put(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  KerasHdfRecord put(String text) {
    return put(text.getBytes(UTF_8));
  }

  /// Zeros up to a multiple of 8.
  KerasHdfRecord align() {
    while (out.size() % 8 != 0) out.write(0);
    return this;
  }

  KerasHdfRecord zeros(int count) {
    return put(new byte[count]);
  }

  /// The sum of all that is there.
  KerasHdfRecord checksum() {
    return put4(KerasHdfChecksum.of(bytes()));
  }

  int size() {
    return out.size();
  }

  byte[] bytes() {
    return out.toByteArray();
  }
}
