package watari.format.keras;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.Shape;

/// A value of JSON, as Python writes it (which knows `NaN` and `Infinity`).
sealed interface KerasJson {
  /// Deeper nesting is refused; Keras' own is below 20 for each level of nested models.
  int MOST_NESTED = 400;

  JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(MOST_NESTED).build())
          .build();

  record Members(Map<String, KerasJson> all) implements KerasJson {}

  record Items(List<KerasJson> all) implements KerasJson {}

  record Text(String text) implements KerasJson {}

  record Numeral(double value) implements KerasJson {}

  record Flag(boolean value) implements KerasJson {}

  record Nothing() implements KerasJson {}

  /// A number as it is to be written, such as one that a double cannot hold.
  record Word(String word) implements KerasJson {}

  /// @param file what findings call the file
  static KerasJson parse(String file, String text) {
    try (var parser = FACTORY.createParser(tools.jackson.core.ObjectReadContext.empty(), text)) {
      return whole(parser);
    } catch (JacksonException e) {
      throw broken(file, e);
    }
  }

  static KerasJson parse(String file, InputStream in) {
    try (var parser = FACTORY.createParser(tools.jackson.core.ObjectReadContext.empty(), in)) {
      return whole(parser);
    } catch (JacksonException e) {
      throw broken(file, e);
    }
  }

  private static ModelException broken(String file, JacksonException e) {
    return new ModelException(
        Finding.error("FILE_BROKEN", "the configuration is no JSON: " + e.getOriginalMessage())
            .inFile(file)
            .fix("save the model again with Keras"));
  }

  private static KerasJson whole(JsonParser parser) {
    var token = parser.nextToken();
    return token == null ? new Nothing() : value(parser, token);
  }

  private static KerasJson value(JsonParser parser, JsonToken token) {
    return switch (token) {
      case START_OBJECT -> members(parser);
      case START_ARRAY -> items(parser);
      case VALUE_STRING -> new Text(parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Numeral(parser.getDoubleValue());
      case VALUE_TRUE -> new Flag(true);
      case VALUE_FALSE -> new Flag(false);
      default -> new Nothing();
    };
  }

  private static Members members(JsonParser parser) {
    var all = new LinkedHashMap<String, KerasJson>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      all.put(name, value(parser, parser.nextToken()));
    }
    return new Members(all);
  }

  private static Items items(JsonParser parser) {
    var all = new ArrayList<KerasJson>();
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      all.add(value(parser, token));
    }
    return new Items(all);
  }

  /// The member of that name, or nothing.
  default KerasJson get(String name) {
    return this instanceof Members(var all) ? all.getOrDefault(name, new Nothing()) : new Nothing();
  }

  /// The same object with one member set.
  default KerasJson with(String name, KerasJson value) {
    if (!(this instanceof Members(var all))) return this;
    var changed = new LinkedHashMap<>(all);
    changed.put(name, value);
    return new Members(changed);
  }

  default boolean isNothing() {
    return this instanceof Nothing;
  }

  /// The elements of a list; none of anything else.
  default List<KerasJson> items() {
    return this instanceof Items(var all) ? all : List.of();
  }

  /// The text, or an empty one for anything else.
  default String text() {
    return this instanceof Text(var text) ? text : "";
  }

  /// As JSON would say it, for findings.
  default String show() {
    return switch (this) {
      case Members(var all) -> "{" + String.join(", ", all.keySet()) + "}";
      case Items(var all) ->
          "[" + String.join(", ", all.stream().map(KerasJson::show).toList()) + "]";
      case Text(var text) -> text;
      case Numeral(double value) ->
          value == Math.rint(value) && Math.abs(value) < 1e15
              ? Long.toString((long) value)
              : Double.toString(value);
      case Flag(boolean value) -> Boolean.toString(value);
      case Word(var word) -> word;
      case Nothing _ -> "null";
    };
  }

  // ---- what is written

  static KerasJson of(String text) {
    return new Text(text);
  }

  static KerasJson of(boolean value) {
    return new Flag(value);
  }

  static KerasJson of(long value) {
    return new Word(Long.toString(value));
  }

  /// A float, with the digits that tell it from its neighbours.
  static KerasJson of(float value) {
    return new Word(word(Float.toString(value)));
  }

  static KerasJson of(double value) {
    return new Word(word(Double.toString(value)));
  }

  /// Python reads the same words for what is no number, or infinite.
  private static String word(String number) {
    return number.replace("E", "e");
  }

  static KerasJson of(List<? extends Number> all) {
    return new Items(all.stream().map(each -> of(each.longValue())).toList());
  }

  static KerasJson list(KerasJson... all) {
    return new Items(List.of(all));
  }

  /// Dims with `null` for those that are open.
  static KerasJson dims(Shape shape) {
    var dims = new ArrayList<KerasJson>();
    for (var dim : shape.dims()) dims.add(dim.isFixed() ? of(dim.fixed()) : new Nothing());
    return new Items(dims);
  }

  @SafeVarargs
  static Members object(Map.Entry<String, KerasJson>... members) {
    var all = new LinkedHashMap<String, KerasJson>();
    for (var member : members) all.put(member.getKey(), member.getValue());
    return new Members(all);
  }

  /// The JSON text.
  default void print(StringBuilder out) {
    switch (this) {
      case Members(var all) -> {
        out.append('{');
        all.forEach((name, value) -> {
          if (out.charAt(out.length() - 1) != '{') out.append(", ");
          quote(name, out);
          out.append(": ");
          value.print(out);
        });
        out.append('}');
      }
      case Items(var all) -> {
        out.append('[');
        for (int i = 0; i < all.size(); i++) {
          if (i > 0) out.append(", ");
          all.get(i).print(out);
        }
        out.append(']');
      }
      case Text(var text) -> quote(text, out);
      case Numeral _, Flag _, Word _, Nothing _ -> out.append(show());
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ' || c > '~') out.append("\\u%04x".formatted((int) c));
      else out.append(c);
    }
    out.append('"');
  }
}
