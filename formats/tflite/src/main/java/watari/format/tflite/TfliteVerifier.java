package watari.format.tflite;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.nio.charset.CharacterCodingException;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Table;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Union;
import watari.format.tflite.TfliteSchema.Vector;

/// Checks that every table, vector and string of a flatbuffer lies inside of it, so that the
/// generated classes, which check nothing, can read it.
///
/// References lead forward only, so there are no rings, and the schema bounds the depth. Records
/// may share parts; a part is walked once, and the bytes of all the parts that are walked may be a
/// few times those of the file, so that the time is linear.
final class TfliteVerifier {
  private static final int MAX_OVERLAP = 16;
  private static final int REFERENCE_BYTES = 4;

  private final FileBytes file;
  private final TfliteSchema schema;
  private long bytesLeft;

  private TfliteVerifier(FileBytes file, TfliteSchema schema) {
    this.file = file;
    this.schema = schema;
    this.bytesLeft = MAX_OVERLAP * file.size();
  }

  /// @throws ModelException if the bytes are not a flatbuffer with a Model
  static void verify(FileBytes file, TfliteSchema schema) {
    new TfliteVerifier(file, schema).reference(0, new Table("Model"));
  }

  private void reference(long at, TfliteSchema.Type type) {
    long distance = file.uint32(at);
    if (distance == 0) throw file.broken(at, "a reference leads to itself");
    long target = at + distance;
    file.check(target, REFERENCE_BYTES);
    switch (type) {
      case Table(var name) -> table(new FlatTable(file, target), name);
      case Vector(var element) -> vector(target, element);
      case Text _ -> text(target);
      case Scalar _, Union _ -> throw new IllegalArgumentException(type + " is no reference");
    }
  }

  private void table(FlatTable table, String name) {
    long vtable = table.at() - file.int32(table.at());
    int size = file.uint16(vtable);
    file.check(vtable, size);
    spend(table.at(), size);
    for (var field : schema.fields(name)) {
      long at = table.field(field.slot());
      if (at != 0) field(table, field, at);
    }
  }

  private void field(FlatTable table, Field field, long at) {
    switch (field.type()) {
      case Scalar(_, int sizeBytes) -> file.check(at, sizeBytes);
      case Union(var name) -> union(table, field, at, name);
      case Table _, Vector _, Text _ -> reference(at, field.type());
    }
  }

  /// A member that our schema does not know cannot be checked.
  private void union(FlatTable table, Field field, long at, String name) {
    int member = table.member(field.slot());
    if (member == 0) return;
    var members = schema.values(name);
    if (member >= members.size()) {
      throw file.broken(
          table.field(field.slot() - 1),
          "%s has the member %d, but Watari knows them up to %d"
              .formatted(name, member, members.size() - 1));
    }
    reference(at, new Table(members.get(member)));
  }

  private void vector(long at, TfliteSchema.Type element) {
    long count = file.uint32(at);
    long first = at + REFERENCE_BYTES;
    if (element instanceof Scalar(_, int sizeBytes)) {
      file.check(first, count * sizeBytes);
      return;
    }
    file.check(first, count * REFERENCE_BYTES);
    spend(at, count * REFERENCE_BYTES);
    for (long i = 0; i < count; i++) reference(first + i * REFERENCE_BYTES, element);
  }

  private void text(long at) {
    long size = file.uint32(at);
    var bytes = file.slice(at + REFERENCE_BYTES, size);
    spend(at, size);
    for (long i = 0; i < size; i++) {
      if (bytes.get(JAVA_BYTE, i) < 0) {
        checkUtf8(at, bytes);
        return;
      }
    }
  }

  private void checkUtf8(long at, MemorySegment bytes) {
    try {
      var _ = UTF_8.newDecoder().decode(bytes.asByteBuffer());
    } catch (CharacterCodingException _) {
      throw file.broken(at, "a string of " + bytes.byteSize() + " bytes is not UTF-8");
    }
  }

  private void spend(long at, long bytes) {
    bytesLeft -= bytes;
    if (bytesLeft < 0) throw file.broken(at, "the parts of the file overlap");
  }
}
