package watari.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import watari.finding.ModelException;
import watari.pass.edit.Insertion;
import watari.pass.edit.Insertion.Operand;
import watari.pass.edit.Insertion.Place;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// What is written of a node to insert: `scaled = Mul(@, 0.5) after conv1`.
final class InsertionText {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?<outputs>[^=()]+?)\\s*=\\s*)?(?<operator>\\w+)\\s*\\((?<inputs>.*)\\)"
              + "(?:\\s+(?<where>after|before)\\s+(?<name>\\S+?)(?::(?<input>\\d+))?)?\\s*",
          Pattern.DOTALL);

  private static final Pattern INPUT = Pattern.compile("(\\S+):\\s*(\\w+)\\[([-\\d, ]*)\\]");
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)\\s*=(.*)", Pattern.DOTALL);

  private InsertionText() {}

  static Insertion of(String text, TextTree at) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw at.fault(
          "takes 'NAME = Operator(INPUT, ..., ATTRIBUTE=VALUE) [after TENSOR|before NODE[:INPUT]]',"
              + " not '"
              + text
              + "'");
    }
    var inputs = new ArrayList<Operand>();
    var attributes = new LinkedHashMap<String, Object>();
    for (var word : words(form.group("inputs"))) {
      var attribute = ATTRIBUTE.matcher(word);
      if (attribute.matches()) attributes.put(attribute.group(1), value(attribute.group(2), at));
      else inputs.add(operand(word, at));
    }
    var names = form.group("outputs");
    var outputs = names == null ? List.<String>of() : List.of(names.strip().split("\\s*,\\s*"));
    var place = place(form.group("where"), form.group("name"), form.group("input"));
    return new Insertion(form.group("operator"), inputs, outputs, attributes, place);
  }

  private static Place place(
      @org.jspecify.annotations.Nullable String where,
      @org.jspecify.annotations.Nullable String name,
      @org.jspecify.annotations.Nullable String input) {
    if (where == null || name == null) return new Place.Free();
    if (where.equals("after")) return new Place.After(input == null ? name : name + ":" + input);
    return new Place.Before(name, input == null ? 0 : Integer.parseInt(input));
  }

  /// Parts between commas outside of brackets.
  private static List<String> words(String text) {
    var words = new ArrayList<String>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '[' || c == '{') depth++;
      if (c == ']' || c == '}') depth--;
      if (c != ',' || depth > 0) continue;
      words.add(text.substring(from, i).strip());
      from = i + 1;
    }
    var last = text.substring(from).strip();
    if (!last.isEmpty() || !words.isEmpty()) words.add(last);
    return words;
  }

  private static Object value(String text, TextTree at) {
    try {
      return TextTree.of(text.strip(), "", "SCRIPT_BROKEN").plain();
    } catch (ModelException e) {
      throw at.fault("'" + text + "' is no value");
    }
  }

  private static Operand operand(String word, TextTree at) {
    if (word.equals("@")) return new Operand.Spliced();
    var input = INPUT.matcher(word);
    if (input.matches()) {
      return new Operand.Input(input.group(1), type(input.group(2), input.group(3), at));
    }
    return operand(value(word, at));
  }

  private static Operand operand(Object value) {
    return value instanceof String name ? new Operand.Named(name) : new Operand.Literal(value);
  }

  private static TensorType type(String dtype, String dims, TextTree at) {
    var type =
        java.util.Arrays.stream(DataType.values())
            .filter(each -> each.toString().equals(dtype))
            .findFirst()
            .orElseThrow(() -> at.fault("there is no element type '" + dtype + "'"));
    var shape = new ArrayList<Long>();
    for (var dim : dims.isBlank() ? new String[0] : dims.split(",")) {
      long number = Long.parseLong(dim.strip());
      if (number < 0) throw at.fault("a dim is " + number);
      shape.add(number);
    }
    return new TensorType(type, Shape.of(shape.stream().mapToLong(Long::longValue).toArray()));
  }

  /// A map of `operator`, `inputs`, `outputs`, `attributes` and `after` or `before` with `input`.
  static Insertion of(TextTree at) {
    var parts = at.map();
    for (var key : parts.keySet()) {
      if (!List.of("operator", "inputs", "outputs", "attributes", "after", "before", "input")
          .contains(key)) {
        throw at.fault("'" + key + "' is not known here");
      }
    }
    var operator = parts.get("operator");
    if (operator == null) throw at.fault("'operator' is missing");
    var inputs = new ArrayList<Operand>();
    var given = parts.get("inputs");
    if (given != null) for (var each : given.list()) inputs.add(operand(each));
    var attributes = new LinkedHashMap<String, Object>();
    var named = parts.get("attributes");
    if (named != null) named.map().forEach((name, value) -> attributes.put(name, value.plain()));
    var outputs = parts.get("outputs");
    return new Insertion(
        operator.text(),
        inputs,
        outputs == null ? List.of() : outputs.texts(),
        attributes,
        place(parts));
  }

  private static Operand operand(TextTree at) {
    return at.plain() instanceof String text ? operand(text, at) : operand(at.plain());
  }

  private static Place place(Map<String, TextTree> parts) {
    var after = parts.get("after");
    var before = parts.get("before");
    var input = parts.get("input");
    if (after != null && before != null) throw before.fault("'after' is there, too");
    if (after != null) return new Place.After(after.text());
    if (before == null) return new Place.Free();
    return new Place.Before(before.text(), input == null ? 0 : (int) input.whole());
  }
}
