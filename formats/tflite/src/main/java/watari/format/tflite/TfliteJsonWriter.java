package watari.format.tflite;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FileBytes;
import watari.format.JsonOutput;
import watari.format.JsonStyle;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Table;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Union;
import watari.format.tflite.TfliteSchema.Vector;

/// Writes the tables of a file as JSON, field by field as the schema has them.
final class TfliteJsonWriter {
  private static final int LENGTH_BYTES = 4;

  /// Offsets below say nothing: see [TfliteFile].
  private static final long MIN_OFFSET = 2;

  private static final int BUFFER_OFFSET = 1;
  private static final int OPTIONS_OFFSET = 9;

  private final FileBytes file;
  private final TfliteSchema schema;
  private final TfliteScalars scalars;
  private final JsonOutput out;
  private final JsonStyle style;
  private final Findings findings;

  TfliteJsonWriter(
      TfliteFile file, TfliteSchema schema, JsonOutput out, JsonStyle style, Findings findings) {
    this.file = file.bytes();
    this.schema = schema;
    this.scalars = new TfliteScalars(schema);
    this.out = out;
    this.style = style;
    this.findings = findings;
  }

  void model() {
    table(FlatTable.root(file), "Model");
  }

  private void table(FlatTable table, String name) {
    out.beginObject();
    for (var field : schema.fields(name)) {
      field(table, name, field);
    }
    sayUnknown(table, name);
    out.endObject();
  }

  private void field(FlatTable table, String name, Field field) {
    var outside =
        switch (name) {
          case "Buffer" -> outside(table, BUFFER_OFFSET);
          case "Operator" -> outside(table, OPTIONS_OFFSET);
          default -> Optional.<MemorySegment>empty();
        };
    if (outside.isPresent() && isAboutOutside(name, field.name())) {
      if (!field.type().equals(new Vector(new Scalar("ubyte", 1)))) return;
      out.name(field.name());
      out.bytes(outside.get());
      return;
    }
    long at = table.field(field.slot());
    switch (field.type()) {
      case Scalar type -> scalar(field, type, at);
      case Union(var union) -> union(table, field, at, union);
      case Table _, Vector _, Text _ -> {
        if (at == 0) return;
        out.name(field.name());
        value(at, field.type());
      }
    }
  }

  /// Whether a field holds bytes that may lie behind the flatbuffer, or says where.
  private static boolean isAboutOutside(String table, String field) {
    return table.equals("Buffer") || field.contains("custom_options") && !field.endsWith("format");
  }

  private Optional<MemorySegment> outside(FlatTable table, int slot) {
    long at = table.field(slot);
    if (at == 0 || file.int64(at) < MIN_OFFSET) return Optional.empty();
    long size = table.field(slot + 1);
    return Optional.of(file.slice(file.int64(at), size == 0 ? 0 : file.int64(size)));
  }

  private void scalar(Field field, Scalar type, long at) {
    long absent = scalars.defaultBits(field, type);
    long bits = at == 0 ? absent : TfliteScalars.bits(file, at, type);
    if (bits == absent && (field.deprecated() || !style.hasDefaults())) return;
    out.name(field.name());
    out.word(word(bits, type));
  }

  private String word(long bits, Scalar type) {
    return scalars.word(bits, type, style.rounds(), style.quotesNonNumbers());
  }

  private void union(FlatTable table, Field field, long at, String name) {
    int member = table.member(field.slot());
    if (member == 0 && !style.hasDefaults()) return;
    out.name(field.name() + "_type");
    out.text(schema.values(name).get(member));
    if (member == 0 || at == 0) return;
    out.name(field.name());
    table(new FlatTable(file, FlatTable.target(file, at)), schema.values(name).get(member));
  }

  private void value(long at, TfliteSchema.Type type) {
    long target = FlatTable.target(file, at);
    switch (type) {
      case Table(var name) -> table(new FlatTable(file, target), name);
      case Text _ -> out.text(text(target));
      case Vector(var element) -> vector(target, element);
      case Scalar _, Union _ -> throw new IllegalArgumentException(type + " is no reference");
    }
  }

  private String text(long at) {
    return new String(file.slice(at + LENGTH_BYTES, file.uint32(at)).toArray(JAVA_BYTE), UTF_8);
  }

  private void vector(long at, TfliteSchema.Type element) {
    long count = file.uint32(at);
    long first = at + LENGTH_BYTES;
    if (element instanceof Scalar(var name, _) && name.equals("ubyte")) {
      out.bytes(file.slice(first, count));
      return;
    }
    out.beginArray();
    if (element instanceof Scalar scalar) {
      for (long i = 0; i < count; i++) {
        out.number(word(TfliteScalars.bits(file, first + i * scalar.sizeBytes(), scalar), scalar));
      }
      out.endNumbers();
      return;
    }
    for (long i = 0; i < count; i++) {
      long reference = first + i * LENGTH_BYTES;
      if (element instanceof Text) out.text(text(FlatTable.target(file, reference)));
      else value(reference, element);
    }
    out.endArray();
  }

  /// A newer schema may have fields that ours has not.
  private void sayUnknown(FlatTable table, String name) {
    for (int slot = schema.slots(name); table.hasSlot(slot); slot++) {
      if (table.field(slot) == 0) continue;
      var why =
          "a field of %s in slot %d is newer than Watari and is left out".formatted(name, slot);
      findings.add(Finding.warning("FIELD_UNKNOWN", why).inFile(file.name()));
    }
  }
}
