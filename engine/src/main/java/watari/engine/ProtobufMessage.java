package watari.engine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Finds fields in the bytes of a protobuf message.
final class ProtobufMessage {
  private final MemorySegment bytes;
  private long at;

  private ProtobufMessage(MemorySegment bytes) {
    this.bytes = bytes;
  }

  /// The contents of all length-delimited fields of a number, in order.
  ///
  /// @throws EngineException if the bytes are no message
  static List<MemorySegment> fields(MemorySegment message, int number) throws EngineException {
    var walker = new ProtobufMessage(message);
    var found = new ArrayList<MemorySegment>();
    try {
      while (walker.at < message.byteSize()) walker.field(number, found);
    } catch (IndexOutOfBoundsException e) {
      throw new EngineException("byte " + walker.at + " ends a field too early", e);
    }
    return found;
  }

  private void field(int number, List<MemorySegment> found) {
    long tag = varint();
    switch ((int) (tag & 7)) {
      case 0 -> {
        long _ = varint();
      }
      case 1 -> at += 8;
      case 5 -> at += 4;
      case 2 -> {
        long size = varint();
        var content = bytes.asSlice(at, size);
        if (tag >>> 3 == number) found.add(content);
        at += size;
      }
      default -> throw new IndexOutOfBoundsException();
    }
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = bytes.get(JAVA_BYTE, at++);
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) return value;
    }
    return value;
  }
}
