package watari.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A protobuf message of which some fields, at any depth, are replaced.
///
/// It is kept as a list of pieces: ranges of the source and what was put between them. The lengths
/// of all messages around a replaced field are counted anew.
final class ProtobufRewrite implements ByteSource {
  /// protobuf's own parsers go no deeper.
  private static final int MAX_DEPTH = 100;

  /// Decides what stands in a field's place: nothing said, the field itself.
  interface Change {
    Optional<ByteSource> apply(ProtobufShape.Kind kind, ProtobufFields field);
  }

  /// Bytes of the source that are kept.
  private record Range(long start, long end) {}

  private final FileBytes source;
  private final Change change;
  private final List<Object> pieces = new ArrayList<>();
  private final long sizeBytes;

  ProtobufRewrite(FileBytes source, ProtobufShape root, Change change) {
    this.source = source;
    this.change = change;
    this.sizeBytes = message(root, 0, source.size(), 0);
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    for (var piece : pieces) bytes(piece).writeTo(channel);
  }

  private ByteSource bytes(Object piece) {
    return piece instanceof Range(long start, long end)
        ? ByteSource.of(source.slice(start, end - start))
        : (ByteSource) piece;
  }

  /// Adds the pieces of the message at `start` to `end` and returns how many bytes they are.
  private long message(ProtobufShape shape, long start, long end, int depth) {
    if (depth > MAX_DEPTH) {
      throw source.broken(start, "messages are nested more than " + MAX_DEPTH + " deep");
    }
    long size = 0;
    var field = new ProtobufFields(source, start, end);
    while (field.next()) {
      var kind = shape.kind(field.field());
      if (kind instanceof ProtobufShape.Message(var inner) && field.isBytes()) {
        size += nested(inner, field, depth);
      } else {
        size += change.apply(kind, field).map(this::put).orElseGet(() -> keep(field));
      }
    }
    return size;
  }

  private long nested(ProtobufShape shape, ProtobufFields field, int depth) {
    int first = pieces.size();
    pieces.add(new Range(field.valueStart(), field.valueStart()));
    long size = message(shape, field.valueStart(), field.end(), depth + 1);
    boolean unchanged =
        pieces.size() == first + 1
            && pieces.get(first).equals(new Range(field.valueStart(), field.end()));
    if (unchanged) {
      pieces.remove(first);
      return keep(field);
    }
    var head = head(field.field(), size);
    pieces.add(first, head);
    return head.sizeBytes() + size;
  }

  private long put(ByteSource bytes) {
    pieces.add(bytes);
    return bytes.sizeBytes();
  }

  private long keep(ProtobufFields field) {
    int last = pieces.size() - 1;
    if (last >= 0
        && pieces.get(last) instanceof Range(long start, long end)
        && end == field.start()) {
      pieces.set(last, new Range(start, field.end()));
    } else {
      pieces.add(new Range(field.start(), field.end()));
    }
    return field.end() - field.start();
  }

  /// Tag and length of a field that is a message, bytes or packed numbers.
  static ByteSource head(int field, long sizeBytes) {
    var bytes = new ByteArrayOutputStream();
    varint(bytes, ((long) field << 3) | 2);
    varint(bytes, sizeBytes);
    return ByteSource.of(bytes.toByteArray());
  }

  /// A field that is one number.
  static ByteSource number(int field, long value) {
    var bytes = new ByteArrayOutputStream();
    varint(bytes, (long) field << 3);
    varint(bytes, value);
    return ByteSource.of(bytes.toByteArray());
  }

  private static void varint(ByteArrayOutputStream bytes, long value) {
    long rest = value;
    for (; rest >>> 7 != 0; rest >>>= 7) bytes.write(((int) rest & 0x7F) | 0x80);
    bytes.write((int) rest);
  }
}
