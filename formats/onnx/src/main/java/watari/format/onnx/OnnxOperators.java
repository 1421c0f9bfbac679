package watari.format.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.AttributeProto.AttributeType;
import watari.format.onnx.schema.NodeProto;

/// What the specification says of the inputs, outputs and attributes of each version of each
/// operator.
///
/// Source: ONNX 1.23, operators.txt beside this class, which `schema/operators.py` makes.
final class OnnxOperators {
  /// A parameter of an operator.
  record Attribute(AttributeType type, boolean isRequired) {}

  /// How many inputs or outputs there may be.
  record Count(int least, int most) {
    boolean allows(int count) {
      return count >= least && count <= most;
    }

    @Override
    public String toString() {
      if (least == most) return Integer.toString(least);
      return most == Integer.MAX_VALUE ? least + " or more" : least + " to " + most;
    }
  }

  /// One version of an operator.
  ///
  /// @param since the opset that brought it
  /// @param types of each output: the number of an input that has the same, a dtype, or `?`
  record Operator(
      int since,
      Count inputs,
      Count outputs,
      List<String> types,
      Map<String, Attribute> attributes) {}

  private static final Map<String, NavigableMap<Integer, Operator>> ALL = load();

  private OnnxOperators() {}

  /// The operator as it is in an opset.
  static Optional<Operator> find(String domain, String name, int opset) {
    return Optional.ofNullable(ALL.get(domain + " " + name))
        .map(versions -> versions.floorEntry(opset))
        .map(Map.Entry::getValue);
  }

  /// The names in a domain.
  static NavigableSet<String> names(String domain) {
    var names = new TreeSet<String>();
    for (var key : ALL.keySet()) {
      int space = key.lastIndexOf(' ');
      if (key.substring(0, space).equals(domain)) names.add(key.substring(space + 1));
    }
    return names;
  }

  /// Whether the operator is in any opset.
  static boolean has(String domain, String name) {
    return ALL.containsKey(domain + " " + name);
  }

  /// The opset in which an operator came, if there is one of that name.
  static Optional<Integer> first(String domain, String name) {
    return Optional.ofNullable(ALL.get(domain + " " + name)).map(NavigableMap::firstKey);
  }

  /// @throws OnnxRefusal if the node is not as the specification wants it
  static void check(Operator operator, NodeProto node, Map<String, AttributeProto> attributes) {
    checkCount("inputs", node.getInputCount(), operator.inputs());
    checkCount("outputs", node.getOutputCount(), operator.outputs());
    attributes.forEach((name, attribute) -> checkAttribute(operator, name, attribute));
    operator
        .attributes()
        .forEach((name, attribute) -> {
          if (attribute.isRequired() && !attributes.containsKey(name)) {
            throw OnnxRefusal.broken("attribute '" + name + "' is missing");
          }
        });
  }

  private static void checkCount(String what, int count, Count expected) {
    if (!expected.allows(count)) {
      throw OnnxRefusal.broken("it has " + count + " " + what + ", expected " + expected);
    }
  }

  private static void checkAttribute(Operator operator, String name, AttributeProto attribute) {
    var expected = operator.attributes().get(name);
    if (expected == null) {
      throw new OnnxRefusal(
          "ATTRIBUTE_UNKNOWN",
          "attribute '" + name + "' is not one of version " + operator.since(),
          "remove the attribute, or correct the opset that the model imports");
    }
    var type = attribute.getType();
    if (type != AttributeType.UNDEFINED && type != expected.type()) {
      throw OnnxRefusal.broken(
          "attribute '" + name + "' is of type " + type + ", expected " + expected.type());
    }
  }

  private static Map<String, NavigableMap<Integer, Operator>> load() {
    var all = new HashMap<String, NavigableMap<Integer, Operator>>();
    var stream = Objects.requireNonNull(OnnxOperators.class.getResourceAsStream("operators.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
      lines
          .lines()
          .map(line -> line.split(" ", -1))
          .forEach(columns -> {
            var versions = all.computeIfAbsent(columns[0] + " " + columns[1], _ -> new TreeMap<>());
            var operator = parse(columns);
            versions.put(operator.since(), operator);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static Operator parse(String[] columns) {
    return new Operator(
        Integer.parseInt(columns[2]),
        count(columns[3]),
        count(columns[4]),
        List.of(columns[5].split(",", -1)),
        attributes(columns[6]));
  }

  private static Count count(String text) {
    int dots = text.indexOf("..");
    var most = text.substring(dots + 2);
    return new Count(
        Integer.parseInt(text.substring(0, dots)),
        most.equals("*") ? Integer.MAX_VALUE : Integer.parseInt(most));
  }

  private static Map<String, Attribute> attributes(String text) {
    if (text.equals("-")) return Map.of();
    var attributes = new HashMap<String, Attribute>();
    for (var each : text.split(",", -1)) {
      int colon = each.indexOf(':');
      boolean isRequired = each.endsWith("!");
      int end = isRequired ? each.length() - 1 : each.length();
      var type = AttributeType.forNumber(Integer.parseInt(each.substring(colon + 1, end)));
      attributes.put(
          each.substring(0, colon), new Attribute(Objects.requireNonNull(type), isRequired));
    }
    return Map.copyOf(attributes);
  }
}
