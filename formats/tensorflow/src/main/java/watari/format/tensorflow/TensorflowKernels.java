package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import watari.tensor.DataType;

/// What TensorFlow's kernels for the processor take and give.
///
/// Source: TensorFlow 2.21, kernels.txt beside this class, which `schema/kernels.py` makes.
final class TensorflowKernels {
  /// An argument: several tensors where `count` names an attribute or where it is a list, else one.
  ///
  /// @param attribute that says its type, or its types; empty where the type is fixed
  /// @param fixed the fixed type
  record Argument(String attribute, Optional<DataType> fixed, String count, boolean isList) {}

  /// @param types the types of attributes for which there are kernels; what is missing takes all
  record Kernel(List<Argument> inputs, List<Argument> outputs, Map<String, Set<DataType>> types) {
    boolean takes(String attribute, DataType dtype) {
      var known = types.get(attribute);
      return known == null || known.contains(dtype);
    }
  }

  private static final Map<String, Kernel> ALL = load();

  private TensorflowKernels() {}

  /// @throws IllegalStateException if the operator is not TensorFlow's
  static Kernel of(String operator) {
    var kernel = ALL.get(operator);
    if (kernel == null) throw new IllegalStateException("no kernel for '" + operator + "'");
    return kernel;
  }

  private static Map<String, Kernel> load() {
    var all = new HashMap<String, Kernel>();
    var stream = Objects.requireNonNull(TensorflowKernels.class.getResourceAsStream("kernels.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
      lines
          .lines()
          .map(line -> line.split(" ", -1))
          .forEach(columns -> all.put(columns[0], kernel(columns)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static Kernel kernel(String[] columns) {
    var types = new HashMap<String, Set<DataType>>();
    for (var column : list(columns[3], ";")) {
      int mark = column.indexOf('=');
      var known = new HashSet<DataType>();
      for (var name : list(column.substring(mark + 1), "\\|")) dtype(name).ifPresent(known::add);
      types.put(column.substring(0, mark), Set.copyOf(known));
    }
    return new Kernel(arguments(columns[1]), arguments(columns[2]), Map.copyOf(types));
  }

  private static List<Argument> arguments(String text) {
    return list(text, ",").stream().map(TensorflowKernels::argument).toList();
  }

  private static Argument argument(String text) {
    if (text.startsWith("@")) return new Argument(text.substring(1), Optional.empty(), "", true);
    int mark = text.indexOf('*');
    var count = mark < 0 ? "" : text.substring(0, mark);
    var type = text.substring(mark + 1);
    return type.startsWith("=")
        ? new Argument("", dtype(type.substring(1)), count, false)
        : new Argument(type, Optional.empty(), count, false);
  }

  private static List<String> list(String text, String separator) {
    return text.equals("-") ? List.of() : Arrays.asList(text.split(separator, -1));
  }

  private static Optional<DataType> dtype(String name) {
    return TensorflowTypes.dtype(watari.format.tensorflow.schema.DataType.valueOf("DT_" + name));
  }
}
