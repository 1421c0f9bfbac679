package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;

/// Our schema of TFLite as data, for code that walks any record: the verifier, the JSON form.
///
/// It is `tflite.fbs` itself; a definition is parsed when it is first asked for.
final class TfliteSchema {
  /// What a field or an element holds.
  sealed interface Type {}

  /// A number, a boolean or an enum, by the name it has in the schema.
  record Scalar(String name, int sizeBytes) implements Type {}

  record Text() implements Type {}

  record Vector(Type element) implements Type {}

  record Table(String name) implements Type {}

  /// One of several tables; the field before it says which.
  record Union(String name) implements Type {}

  /// @param slot place in the vtable; of a union that of the value, behind the one of its type
  /// @param defaultValue as the schema has it; empty where that is 0, false or nothing
  /// @param deprecated whether the format no longer uses it
  record Field(String name, int slot, Type type, String defaultValue, boolean deprecated) {}

  private static final Map<String, Integer> SIZES =
      Map.of(
          "bool", 1, "byte", 1, "ubyte", 1, "ushort", 2, "int", 4, "uint", 4, "float", 4, "long", 8,
          "ulong", 8);

  /// The lines of each definition: its head, then what stands in its braces.
  private final Map<String, List<String>> definitions = new HashMap<>();

  private final Map<String, List<Field>> tables = new HashMap<>();
  private final Map<String, List<String>> values = new HashMap<>();

  private TfliteSchema(String text) {
    List<String> lines = new ArrayList<>();
    for (var line : text.lines().toList()) {
      boolean isHead =
          line.startsWith("table ") || line.startsWith("enum ") || line.startsWith("union ");
      if (isHead) {
        lines = new ArrayList<>();
        definitions.put(between(line, " ", " "), lines);
      }
      if (isHead || line.startsWith("  ")) lines.add(line.strip());
    }
  }

  static TfliteSchema load() {
    try (var in = TfliteSchema.class.getResourceAsStream("schema/tflite.fbs")) {
      return new TfliteSchema(new String(Objects.requireNonNull(in).readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The fields of a table, by slot.
  List<Field> fields(String table) {
    return tables.computeIfAbsent(table, this::parseFields);
  }

  /// How many slots the vtable of a whole table has.
  int slots(String table) {
    var fields = fields(table);
    return fields.isEmpty() ? 0 : fields.getLast().slot() + 1;
  }

  /// The values of an enum or the tables of a union, by number; a union's first is `NONE`.
  List<String> values(String name) {
    return values.computeIfAbsent(name, this::parseValues);
  }

  private List<String> parseValues(String name) {
    var lines = definition(name);
    var names = new ArrayList<String>();
    if (lines.getFirst().startsWith("union")) names.add("NONE");
    for (var line : lines.subList(1, lines.size())) names.add(line.replace(",", ""));
    return names;
  }

  private List<Field> parseFields(String table) {
    var lines = definition(table);
    var fields = new ArrayList<Field>();
    int slot = 0;
    for (var line : lines.subList(1, lines.size())) {
      var name = line.substring(0, line.indexOf(':'));
      var type = type(between(line, ":", " =;"));
      if (type instanceof Union) slot++;
      var defaultValue = line.contains("= ") ? between(line, "= ", " ;") : "";
      fields.add(new Field(name, slot++, type, defaultValue, line.contains("(deprecated)")));
    }
    return fields;
  }

  private Type type(String text) {
    if (text.startsWith("[")) return new Vector(type(between(text, "[", "]")));
    if (text.equals("string")) return new Text();
    var size = SIZES.get(text);
    if (size != null) return new Scalar(text, size);
    var head = definition(text).getFirst();
    if (head.startsWith("table")) return new Table(text);
    if (head.startsWith("union")) return new Union(text);
    return new Scalar(text, Objects.requireNonNull(SIZES.get(between(head, ": ", " "))));
  }

  private List<String> definition(String name) {
    var lines = definitions.get(name);
    if (lines == null) throw new NoSuchElementException("tflite.fbs defines no " + name);
    return lines;
  }

  /// The text behind the first `before` up to any character of `ends`.
  private static String between(String line, String before, String ends) {
    int start = line.indexOf(before) + before.length();
    int end = start;
    while (end < line.length() && ends.indexOf(line.charAt(end)) < 0) end++;
    return line.substring(start, end);
  }
}
