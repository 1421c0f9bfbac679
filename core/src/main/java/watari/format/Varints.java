package watari.format;

/// Reads a run of variable-length numbers, as protobuf packs them: 7 bits a byte, low bits first.
public final class Varints {
  private static final int MAX_BYTES = 10;

  private final FileBytes file;
  private final long end;
  private long at;

  /// @param end offset behind the last byte that may be read
  public Varints(FileBytes file, long start, long end) {
    this.file = file;
    this.at = start;
    this.end = end;
  }

  public boolean hasNext() {
    return at < end;
  }

  public long next() {
    long result = 0;
    for (int i = 0; i < MAX_BYTES; i++) {
      if (at >= end) throw file.broken(at, "a number is cut off here");
      int next = file.uint8(at++);
      result |= (long) (next & 0x7F) << (7 * i);
      if (next < 0x80) return result;
    }
    throw file.broken(at - MAX_BYTES, "a number is longer than " + MAX_BYTES + " bytes");
  }

  long at() {
    return at;
  }

  long end() {
    return end;
  }

  /// Passes over bytes; false if fewer are left.
  boolean skip(long size) {
    if (size < 0 || size > end - at) return false;
    at += size;
    return true;
  }
}
