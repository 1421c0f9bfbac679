package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import watari.format.ByteSource;
import watari.format.FileBytes;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Table;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Union;
import watari.format.tflite.TfliteSchema.Vector;

/// Writes all the records of a file again, with its buffers through [TfliteOutput].
final class TfliteCopy {
  private static final int REFERENCE_BYTES = 4;

  private final TfliteFile source;
  private final FileBytes file;
  private final TfliteSchema schema = TfliteSchema.load();
  private final FlatBufferBuilder builder = new FlatBufferBuilder();
  private final TfliteOutput output;

  private TfliteCopy(TfliteFile source, MemorySegment bytes, TfliteOutput output) {
    this.source = source;
    this.file = new FileBytes("source", bytes);
    this.output = output;
  }

  static ByteSource of(MemorySegment bytes, TfliteOutput output) {
    var copy = new TfliteCopy(TfliteFile.of("source", bytes), bytes, output);
    copy.addBuffers();
    return output.finish(copy.builder, copy.table(FlatTable.root(copy.file), "Model"));
  }

  private void addBuffers() {
    builder.forceDefaults(true);
    for (int i = 1; i < source.model().buffersLength(); i++) {
      var bytes = source.buffer(i);
      if (bytes.equals(MemorySegment.NULL)) output.addWithoutData();
      else output.add(ByteSource.of(bytes));
    }
  }

  private int table(FlatTable table, String name) {
    var references = new HashMap<Field, Integer>();
    var fields = schema.fields(name);
    for (var field : fields) {
      long at = table.field(field.slot());
      if (at != 0) references.put(field, reference(table, field, at));
    }
    builder.startTable(fields.isEmpty() ? 0 : fields.getLast().slot() + 1);
    for (var field : fields) {
      long at = table.field(field.slot());
      if (at != 0) put(table, field, at, references);
    }
    return builder.endTable();
  }

  private void put(FlatTable table, Field field, long at, Map<Field, Integer> references) {
    if (field.type() instanceof Scalar(_, int sizeBytes)) {
      scalar(field.slot(), sizeBytes, at);
      return;
    }
    if (field.type() instanceof Union) {
      builder.addByte(field.slot() - 1, (byte) table.member(field.slot()), 0);
    }
    builder.addOffset(field.slot(), references.getOrDefault(field, 0), 0);
  }

  private void scalar(int slot, int sizeBytes, long at) {
    switch (sizeBytes) {
      case 1 -> builder.addByte(slot, (byte) file.uint8(at), 0);
      case 2 -> builder.addShort(slot, (short) file.uint16(at), 0);
      case 4 -> builder.addInt(slot, file.int32(at), 0);
      default -> builder.addLong(slot, file.int64(at), 0);
    }
  }

  /// Builds what a field refers to; 0 for scalars.
  private int reference(FlatTable table, Field field, long at) {
    if (field.name().equals("buffers")) return output.buffers(builder);
    return switch (field.type()) {
      case Scalar _ -> 0;
      case Union(var name) -> {
        var members = schema.values(name);
        int member = table.member(field.slot());
        yield member == 0 ? 0 : target(at, new Table(members.get(member)));
      }
      case Table _, Vector _, Text _ -> target(at, field.type());
    };
  }

  private int target(long reference, TfliteSchema.Type type) {
    long at = FlatTable.target(file, reference);
    return switch (type) {
      case Table(var name) -> table(new FlatTable(file, at), name);
      case Text _ -> builder.createString(text(at));
      case Vector(var element) -> vector(at, element);
      case Scalar _, Union _ -> throw new AssertionError(type);
    };
  }

  private String text(long at) {
    var bytes = file.slice(at + REFERENCE_BYTES, file.uint32(at));
    return StandardCharsets.UTF_8.decode(bytes.asByteBuffer()).toString();
  }

  private int vector(long at, TfliteSchema.Type element) {
    int count = file.int32(at);
    long first = at + REFERENCE_BYTES;
    if (element instanceof Scalar(_, int sizeBytes)) {
      builder.startVector(sizeBytes, count, Math.max(sizeBytes, REFERENCE_BYTES));
      var bytes = file.slice(first, (long) count * sizeBytes);
      for (long i = bytes.byteSize() - 1; i >= 0; i--)
        builder.putByte((byte) file.uint8(first + i));
      return builder.endVector();
    }
    var offsets = new int[count];
    for (int i = 0; i < count; i++) {
      offsets[i] = target(first + (long) REFERENCE_BYTES * i, element);
    }
    return builder.createVectorOfTables(offsets);
  }
}
