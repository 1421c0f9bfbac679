package watari.format;

/// Steps through the fields of a protobuf message, with every tag and length checked.
///
/// Source: Protocol Buffers, encoding. Groups are refused: no model format uses them.
public final class ProtobufFields {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final FileBytes file;
  private final Varints numbers;
  private long start;
  private long valueStart;
  private long value;
  private int field;
  private int wireType;

  /// @param start offset of the message's first byte
  /// @param end offset behind its last
  public ProtobufFields(FileBytes file, long start, long end) {
    this.file = file;
    this.numbers = new Varints(file, start, end);
  }

  /// Moves to the next field; false behind the last.
  public boolean next() {
    if (!numbers.hasNext()) return false;
    start = numbers.at();
    long tag = numbers.next();
    field = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (field == 0 || tag >>> Integer.SIZE != 0) {
      throw file.broken(start, "'" + Long.toUnsignedString(tag) + "' is not a field's tag");
    }
    valueStart = numbers.at();
    switch (wireType) {
      case VARINT -> value = numbers.next();
      case FIXED64 -> skip(Long.BYTES);
      case FIXED32 -> skip(Integer.BYTES);
      case BYTES -> {
        long size = numbers.next();
        valueStart = numbers.at();
        skip(size);
      }
      default -> throw file.broken(start, "field " + field + " has the wire type " + wireType);
    }
    return true;
  }

  private void skip(long size) {
    if (numbers.skip(size)) return;
    long left = numbers.end() - numbers.at();
    throw file.broken(
        start,
        "field %d has %s bytes, but its message has only %d left"
            .formatted(field, Long.toUnsignedString(size), left));
  }

  public int field() {
    return field;
  }

  /// Whether the value is a length and bytes: a string, a message or packed numbers.
  public boolean isBytes() {
    return wireType == BYTES;
  }

  public boolean isVarint() {
    return wireType == VARINT;
  }

  /// The value of a varint.
  public long value() {
    return value;
  }

  /// Offset of the field's tag.
  public long start() {
    return start;
  }

  /// Offset of the value, behind tag and length.
  public long valueStart() {
    return valueStart;
  }

  /// Offset behind the value.
  public long end() {
    return numbers.at();
  }

  public long valueBytes() {
    return end() - valueStart;
  }
}
