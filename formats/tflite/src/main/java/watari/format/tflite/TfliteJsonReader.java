package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.ByteSource;
import watari.format.FileBytes;
import watari.format.JsonInput;
import watari.format.Spool;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Table;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Union;
import watari.format.tflite.TfliteSchema.Vector;

/// Reads the JSON of a TFLite file into a flatbuffer, table by table; the bytes of buffers wait in
/// a file beside the result.
final class TfliteJsonReader {
  private static final int REFERENCE_BYTES = 4;
  private static final String TYPE_SUFFIX = "_type";
  private static final String BUFFERS = "buffers";

  /// What a member of a table is to be: bits of a scalar, or a reference.
  private record Member(Field field, long bits) {}

  private final TfliteSchema schema;
  private final TfliteScalars scalars;
  private final Findings findings;
  private final Spool spool;
  private final Arena arena;
  private final FlatBufferBuilder builder = new FlatBufferBuilder(1 << 16);
  private final TfliteOutput output = TfliteOutput.withoutBuffers();
  private final List<Optional<Spool.Piece>> pieces = new ArrayList<>();
  private final Map<String, Long> lines = new HashMap<>();
  private final Map<String, Map<String, Field>> byName = new HashMap<>();
  private JsonInput in;

  private TfliteJsonReader(
      JsonInput in, TfliteSchema schema, Spool spool, Arena arena, Findings findings) {
    this.in = in;
    this.schema = schema;
    this.scalars = new TfliteScalars(schema);
    this.spool = spool;
    this.arena = arena;
    this.findings = findings;
  }

  static void read(Path json, Path model, TfliteSchema schema, Findings findings)
      throws IOException {
    var beside = model.resolveSibling(model.getFileName() + ".buffers");
    try (var arena = Arena.ofConfined();
        var spool = new Spool(beside)) {
      var in = new JsonInput(FileBytes.map(json, arena));
      var reader = new TfliteJsonReader(in, schema, spool, arena, findings);
      int root = reader.root();
      reader.output.finish(reader.builder, root).writeTo(model);
      new TfliteJsonCheck(TfliteFile.open(model, arena), json, reader.lines, findings).check();
    }
  }

  private int root() throws IOException {
    var members = members("Model");
    in.end();
    var bytes = spool.bytes(arena);
    for (var piece : pieces) {
      if (piece.isEmpty()) output.addWithoutData();
      else output.add(ByteSource.of(bytes.slice(piece.get().offset(), piece.get().sizeBytes())));
    }
    var field = field("Model", BUFFERS).orElseThrow();
    if (members.containsKey(field.slot())) {
      members.put(field.slot(), new Member(field, output.buffers(builder)));
    }
    return build("Model", members);
  }

  // ---- tables

  private int table(String name) {
    return build(name, members(name));
  }

  private Map<Integer, Member> members(String table) {
    if (table.equals("Operator") || table.equals("Tensor")) lines.put(in.path(), in.line());
    var members = new HashMap<Integer, Member>();
    var waiting = new HashMap<String, JsonInput>();
    in.beginObject();
    for (var name = in.nextName(); name.isPresent(); name = in.nextName()) {
      var unionName = union(table, name.get());
      if (unionName.isPresent()) {
        unionType(unionName.get(), members);
        var value = waiting.remove(unionName.get().name());
        if (value != null) fromElsewhere(value, unionName.get(), members);
        continue;
      }
      var field = field(table, name.get());
      if (field.isEmpty()) unknown(table, name.get());
      else member(table, field.get(), members, waiting);
    }
    for (var union : waiting.entrySet()) {
      throw union
          .getValue()
          .broken("there is no '" + union.getKey() + TYPE_SUFFIX + "' to say of which type it is");
    }
    return members;
  }

  private void member(
      String table, Field field, Map<Integer, Member> members, Map<String, JsonInput> waiting) {
    if (in.isNull()) return;
    if (field.type() instanceof Union(var name)) {
      var type = members.get(field.slot() - 1);
      if (type == null) {
        waiting.put(field.name(), in.fork());
        in.skip();
      } else {
        unionValue(field, name, type, members);
      }
      return;
    }
    members.put(field.slot(), new Member(field, value(table, field)));
  }

  private long value(String table, Field field) {
    if (table.equals("Model") && field.name().equals(BUFFERS)) {
      in.beginArray();
      while (in.nextElement()) pieces.add(buffer());
      return 0;
    }
    return switch (field.type()) {
      case Scalar type when field.name().startsWith("large_custom_options") -> place(field.name());
      case Scalar type -> scalar(type);
      default -> reference(field.type());
    };
  }

  private void unknown(String table, String name) {
    var why = "%s: %s has no field '%s'; it is left out".formatted(in.place(), table, name);
    var finding = Finding.warning("FIELD_UNKNOWN", why);
    findings.add(finding.inFile(in.fileName()));
    in.skip();
  }

  private int build(String table, Map<Integer, Member> members) {
    builder.startTable(schema.slots(table));
    for (int size = Long.BYTES; size > 0; size /= 2) {
      for (var member : members.entrySet()) add(member.getKey(), member.getValue(), size);
    }
    return builder.endTable();
  }

  private void add(int slot, Member member, int size) {
    var type = member.field().type();
    if (type instanceof Union && slot < member.field().slot()) {
      if (size == 1) builder.addByte(slot, (byte) member.bits(), 0);
      return;
    }
    if (!(type instanceof Scalar scalar)) {
      if (size == REFERENCE_BYTES) builder.addOffset(slot, (int) member.bits(), 0);
      return;
    }
    if (scalar.sizeBytes() != size) return;
    long absent = scalars.defaultBits(member.field(), scalar);
    if (member.bits() == absent) return;
    switch (size) {
      case 1 -> builder.addByte(slot, (byte) member.bits(), (byte) absent);
      case 2 -> builder.addShort(slot, (short) member.bits(), (short) absent);
      case 4 -> builder.addInt(slot, (int) member.bits(), (int) absent);
      default -> builder.addLong(slot, member.bits(), absent);
    }
  }

  // ---- unions

  /// The union whose type a name is, such as `builtin_options_type`.
  private Optional<Field> union(String table, String name) {
    if (!name.endsWith(TYPE_SUFFIX)) return Optional.empty();
    return field(table, name.substring(0, name.length() - TYPE_SUFFIX.length()))
        .filter(field -> field.type() instanceof Union);
  }

  private void unionType(Field field, Map<Integer, Member> members) {
    var names = schema.values(((Union) field.type()).name());
    var word = in.scalar();
    int member = names.indexOf(word);
    if (member < 0 && word.matches("[0-9]{1,3}")) member = Integer.parseInt(word);
    if (member < 0 || member >= names.size()) {
      throw in.broken("'%s' is no type of %s".formatted(word, field.name()));
    }
    members.put(field.slot() - 1, new Member(field, member));
  }

  private void unionValue(Field field, String name, Member type, Map<Integer, Member> members) {
    if (type.bits() == 0) throw in.broken("a value of the type 'NONE' is there");
    int reference = table(schema.values(name).get((int) type.bits()));
    members.put(field.slot(), new Member(field, reference));
  }

  /// A value that stood before its type.
  private void fromElsewhere(JsonInput value, Field field, Map<Integer, Member> members) {
    var here = in;
    in = value;
    var type = members.get(field.slot() - 1);
    if (type != null) unionValue(field, ((Union) field.type()).name(), type, members);
    in = here;
  }

  // ---- values

  private long scalar(Scalar type) {
    var word = in.scalar();
    var bits = scalars.parse(word, type);
    if (bits.isPresent()) return bits.getAsLong();
    throw in.broken(
        "'%s' is no %s"
            .formatted(
                word,
                TfliteScalars.isEnum(type) ? type.name() : "value of the type " + type.name()));
  }

  private int reference(TfliteSchema.Type type) {
    return switch (type) {
      case Table(var name) -> table(name);
      case Text _ -> builder.createString(in.scalar());
      case Vector(Scalar element) -> numbers(element);
      case Vector(var element) -> references(element);
      case Scalar _, Union _ -> throw new IllegalArgumentException(type + " is no reference");
    };
  }

  private int references(TfliteSchema.Type element) {
    var offsets = new ArrayList<Integer>();
    in.beginArray();
    while (in.nextElement()) offsets.add(reference(element));
    builder.startVector(REFERENCE_BYTES, offsets.size(), REFERENCE_BYTES);
    for (int offset : offsets.reversed()) builder.addOffset(offset);
    return builder.endVector();
  }

  /// Vectors of small elements are aligned as the schema wants the strictest of them.
  private int numbers(Scalar element) {
    int size = element.sizeBytes();
    var numbers = LongStream.builder();
    in.beginArray();
    while (in.nextElement()) numbers.add(scalar(element));
    var all = numbers.build().toArray();
    builder.startVector(size, all.length, size < REFERENCE_BYTES ? 16 : size);
    for (int i = all.length - 1; i >= 0; i--) {
      switch (size) {
        case 1 -> builder.addByte((byte) all[i]);
        case 2 -> builder.addShort((short) all[i]);
        case 4 -> builder.addInt((int) all[i]);
        default -> builder.addLong(all[i]);
      }
    }
    return builder.endVector();
  }

  private Optional<Spool.Piece> buffer() {
    Optional<Spool.Piece> piece = Optional.empty();
    in.beginObject();
    for (var name = in.nextName(); name.isPresent(); name = in.nextName()) {
      if (in.isNull()) continue;
      switch (name.get()) {
        case "data" -> piece = Optional.of(bytes());
        case "offset", "size" -> place(name.get());
        default -> unknown("Buffer", name.get());
      }
    }
    return piece;
  }

  private long place(String name) {
    long number = scalar(new Scalar("ulong", Long.BYTES));
    if (number == 0 || number == 1) return number;
    throw in.broken(
        "%s '%d' is a place behind a flatbuffer, and JSON has nothing there; the bytes belong in 'data'"
            .formatted(name, number));
  }

  private Spool.Piece bytes() {
    var type = new Scalar("ubyte", 1);
    in.beginArray();
    while (in.nextElement()) {
      int small = in.smallNumber();
      spool.write(small >= 0 ? small : (int) scalar(type));
    }
    return spool.piece();
  }

  // ---- the schema by name

  private Optional<Field> field(String table, String name) {
    return Optional.ofNullable(byName.computeIfAbsent(table, this::fields).get(name));
  }

  private Map<String, Field> fields(String table) {
    var fields = new HashMap<String, Field>();
    for (var field : schema.fields(table)) fields.put(field.name(), field);
    return fields;
  }
}
