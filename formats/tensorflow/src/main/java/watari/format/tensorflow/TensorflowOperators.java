package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.NodeDef;

/// What TensorFlow's registry says of the outputs and attributes of operators.
///
/// Source: TensorFlow 2.21, operators.txt beside this class, which `schema/operators.py` makes.
final class TensorflowOperators {
  /// An output argument, which may stand for several tensors.
  ///
  /// @param counted the attribute that says how many they are, by a number or a list of types;
  ///   empty for one
  record Output(String name, String counted) {
    int count(NodeDef node) {
      if (counted.isEmpty()) return 1;
      var attribute = node.getAttrOrDefault(counted, AttrValue.getDefaultInstance());
      return attribute.hasList()
          ? attribute.getList().getTypeCount()
          : Math.toIntExact(attribute.getI());
    }
  }

  /// @param attributes their names
  record Operator(List<Output> outputs, Set<String> attributes) {}

  private static final Map<String, Operator> ALL = load();

  private TensorflowOperators() {}

  static Optional<Operator> find(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  /// How many tensors a node gives; 1 for an operator that is not TensorFlow's own.
  static int outputCount(NodeDef node) {
    return find(node.getOp())
        .map(operator -> operator.outputs().stream().mapToInt(out -> out.count(node)).sum())
        .orElse(1);
  }

  /// The position among all outputs of the first tensor of an output argument.
  static int outputStart(NodeDef node, String name) {
    int start = 0;
    for (var output : find(node.getOp()).map(Operator::outputs).orElse(List.of())) {
      if (output.name().equals(name)) return start;
      start += output.count(node);
    }
    return 0;
  }

  private static Map<String, Operator> load() {
    var all = new HashMap<String, Operator>();
    var stream =
        Objects.requireNonNull(TensorflowOperators.class.getResourceAsStream("operators.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
      lines
          .lines()
          .map(line -> line.split(" ", -1))
          .forEach(columns -> all.put(columns[0], parse(columns[1], columns[2])));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static Operator parse(String outputs, String attributes) {
    var all = list(outputs).stream().map(TensorflowOperators::output).toList();
    return new Operator(all, Set.copyOf(list(attributes)));
  }

  private static List<String> list(String text) {
    return text.equals("-") ? List.of() : List.of(text.split(",", -1));
  }

  private static Output output(String text) {
    int mark = Math.max(text.indexOf('*'), text.indexOf('@'));
    return mark < 0
        ? new Output(text, "")
        : new Output(text.substring(0, mark), text.substring(mark + 1));
  }
}
