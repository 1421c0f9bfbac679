package watari.format;

import java.util.ArrayList;
import java.util.List;

/// What [LargeFields] needs to know of a protobuf message type: which of its fields hold messages,
/// which hold numbers, and which may be large.
public final class ProtobufShape {
  /// What a field holds.
  sealed interface Kind {}

  /// Anything that need not be looked into.
  record Plain() implements Kind {}

  record Message(ProtobufShape shape) implements Kind {}

  /// Bytes that may be many.
  record LargeBytes() implements Kind {}

  /// Packed numbers of `unitBytes` each, or of variable length if that is 0.
  record Numbers(int unitBytes, boolean large) implements Kind {}

  private static final Kind PLAIN = new Plain();

  private final String name;
  private final List<Kind> kinds = new ArrayList<>();

  /// A message type of which no field is known yet; message types may contain each other.
  public ProtobufShape(String name) {
    this.name = name;
  }

  public ProtobufShape message(int field, ProtobufShape shape) {
    return set(field, new Message(shape));
  }

  public ProtobufShape numbers(int field, int unitBytes) {
    return set(field, new Numbers(unitBytes, false));
  }

  /// Lets a field stay in the file where it is large; fields not named as numbers are bytes.
  public ProtobufShape large(int field) {
    boolean isNumbers = kind(field) instanceof Numbers;
    return set(
        field,
        isNumbers ? new Numbers(((Numbers) kind(field)).unitBytes(), true) : new LargeBytes());
  }

  private ProtobufShape set(int field, Kind kind) {
    while (kinds.size() <= field) kinds.add(PLAIN);
    kinds.set(field, kind);
    return this;
  }

  Kind kind(int field) {
    return field < kinds.size() ? kinds.get(field) : PLAIN;
  }

  @Override
  public String toString() {
    return name;
  }
}
