package watari.format.tflite;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import watari.format.FileBytes;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Table;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Union;
import watari.format.tflite.TfliteSchema.Vector;

/// All records of a file as text, whatever their order in the file; of buffers, what they hold.
final class TfliteText {
  private static final int REFERENCE_BYTES = 4;

  private final TfliteSchema schema = TfliteSchema.load();
  private final FileBytes file;
  private final StringBuilder text = new StringBuilder();

  private TfliteText(FileBytes file) {
    this.file = file;
  }

  static String of(byte[] bytes) {
    var segment = MemorySegment.ofArray(bytes);
    var source = TfliteFile.of("text", segment);
    var all = new TfliteText(new FileBytes("text", segment));
    all.table(FlatTable.root(all.file), "Model");
    for (int i = 0; i < source.model().buffersLength(); i++) {
      all.text.append(Arrays.toString(source.buffer(i).toArray(JAVA_BYTE))).append('\n');
    }
    return all.text.toString();
  }

  private void table(FlatTable table, String name) {
    text.append(name).append(" {\n");
    for (var field : schema.fields(name)) {
      long at = table.field(field.slot());
      if (at == 0 || field.name().equals("buffers")) continue;
      text.append(field.name()).append(": ");
      field(table, field, at);
      text.append('\n');
    }
    text.append("}\n");
  }

  private void field(FlatTable table, Field field, long at) {
    switch (field.type()) {
      case Union(var name) -> {
        int member = table.member(field.slot());
        if (member != 0) value(at, new Table(schema.values(name).get(member)));
      }
      case Scalar _, Table _, Vector _, Text _ -> value(at, field.type());
    }
  }

  private void value(long at, TfliteSchema.Type type) {
    switch (type) {
      case Scalar(_, int sizeBytes) -> bytes(at, sizeBytes);
      case Table(var name) -> table(new FlatTable(file, FlatTable.target(file, at)), name);
      case Text _ -> vector(FlatTable.target(file, at), new Scalar("ubyte", 1));
      case Vector(var element) -> vector(FlatTable.target(file, at), element);
      case Union _ -> throw new AssertionError(type);
    }
  }

  private void vector(long at, TfliteSchema.Type element) {
    long step = element instanceof Scalar(_, int sizeBytes) ? sizeBytes : REFERENCE_BYTES;
    for (long i = 0; i < file.uint32(at); i++) value(at + REFERENCE_BYTES + step * i, element);
  }

  private void bytes(long at, int sizeBytes) {
    text.append(Arrays.toString(file.slice(at, sizeBytes).toArray(JAVA_BYTE)));
  }
}
