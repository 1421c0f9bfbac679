package watari.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/// Keeps the large fields of a protobuf message off the heap.
///
/// Taken out, they stay in the file, and what is left is parsed by protobuf; each left a [#MARKER]
/// in its message: an unknown field whose value is the field's position in [#fields]. On writing,
/// [#putIn] replaces the markers by fields again.
public final class LargeFields {
  /// Number of the field that stands for one taken out: the largest there is.
  public static final int MARKER = (1 << 29) - 1;

  private static final int MIN_BYTES = 256;

  /// A field that was taken out, without its tag and length.
  public record Field(int number, long offset, long sizeBytes) {}

  private final FileBytes file;
  private final List<Field> fields = new ArrayList<>();
  private final byte[] structure;

  private LargeFields(FileBytes file, ProtobufShape shape) {
    this.file = file;
    this.structure = toArray(new ProtobufRewrite(file, shape, this::takeOut));
  }

  /// Takes the large fields out of a file that holds one message, and checks that the message is
  /// well-formed.
  ///
  /// @throws watari.finding.ModelException if it is not
  public static LargeFields takeOut(FileBytes file, ProtobufShape shape) {
    return new LargeFields(file, shape);
  }

  /// The message without its large fields.
  public byte[] structure() {
    return structure;
  }

  /// The fields taken out, by the value of their marker.
  public List<Field> fields() {
    return List.copyOf(fields);
  }

  private Optional<ByteSource> takeOut(ProtobufShape.Kind kind, ProtobufFields field) {
    if (field.field() == MARKER) return Optional.of(ByteSource.of(new byte[0]));
    if (!field.isBytes()) return Optional.empty();
    return switch (kind) {
      case ProtobufShape.Plain _, ProtobufShape.Message _ -> Optional.empty();
      case ProtobufShape.LargeBytes _ -> takeOut(field);
      case ProtobufShape.Numbers(int unitBytes, boolean large) -> {
        boolean taken = large && field.valueBytes() >= MIN_BYTES;
        checkNumbers(field, unitBytes, taken);
        yield taken ? takeOut(field) : Optional.empty();
      }
    };
  }

  private Optional<ByteSource> takeOut(ProtobufFields field) {
    if (field.valueBytes() < MIN_BYTES) return Optional.empty();
    fields.add(new Field(field.field(), field.valueStart(), field.valueBytes()));
    return Optional.of(ProtobufRewrite.number(MARKER, fields.size() - 1));
  }

  /// Numbers of variable length that are taken out are checked when they are decoded.
  private void checkNumbers(ProtobufFields field, int unitBytes, boolean taken) {
    if (unitBytes != 0 && field.valueBytes() % unitBytes != 0) {
      throw file.broken(
          field.start(),
          "field %d has %d bytes, which is not a multiple of %d"
              .formatted(field.field(), field.valueBytes(), unitBytes));
    }
    if (unitBytes != 0 || taken) return;
    var numbers = new Varints(file, field.valueStart(), field.end());
    while (numbers.hasNext()) numbers.next();
  }

  private byte[] toArray(ByteSource source) {
    if (source.sizeBytes() > Integer.MAX_VALUE - 64) {
      throw file.broken(
          0, "the structure without large fields has " + source.sizeBytes() + " bytes");
    }
    var bytes = new ByteArrayOutputStream((int) source.sizeBytes());
    try {
      source.writeTo(Channels.newChannel(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// A message whose markers are replaced by fields.
  ///
  /// @param structure a message with markers
  /// @param field what stands in the place of the marker of a value: see [#field]
  public static ByteSource putIn(
      byte[] structure, ProtobufShape shape, IntFunction<ByteSource> field) {
    var source = new FileBytes("structure", MemorySegment.ofArray(structure));
    return new ProtobufRewrite(
        source,
        shape,
        (_, at) ->
            at.field() == MARKER && at.isVarint()
                ? Optional.of(field.apply((int) at.value()))
                : Optional.empty());
  }

  /// A field that holds bytes or packed numbers.
  public static ByteSource field(int number, ByteSource value) {
    return ByteSource.of(List.of(ProtobufRewrite.head(number, value.sizeBytes()), value));
  }
}
