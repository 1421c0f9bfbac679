package watari.format.onnx;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.Op;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.tensor.DataType;

/// For which element types ONNX Runtime's CPU provider has kernels: other runtimes have hardly
/// more.
///
/// The table is made by `formats/onnx/schema/kernels.py`, which tries each.
final class OnnxKernels {
  private static final Map<String, NavigableMap<Integer, Set<DataType>>> TABLE = read();

  private OnnxKernels() {}

  /// Whether a node with input elements of that type can be run; also where the table has no line.
  static boolean run(Op op, int opset, DataType dtype) {
    var versions = TABLE.get(key(op));
    if (versions == null) return true;
    var entry = versions.floorEntry(opset);
    return entry != null && entry.getValue().contains(dtype);
  }

  /// The first opset with a kernel, if the table has a line.
  static Optional<Integer> since(Op op, DataType dtype) {
    var versions = TABLE.get(key(op));
    if (versions == null) return Optional.empty();
    return versions.entrySet().stream()
        .filter(entry -> entry.getValue().contains(dtype))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /// Whether the table knows kernels of an operator, but none in any opset for that type.
  static boolean lacks(Op op, DataType dtype) {
    return TABLE.containsKey(key(op)) && since(op, dtype).isEmpty();
  }

  private static String key(Op op) {
    var type = OnnxOpTypes.of(op);
    return switch (op) {
      case Pad(var mode) -> type + ":" + lower(mode);
      case Resize r -> type + ":" + lower(r.mode());
      case ScatterElements(_, var reduction) -> type + ":" + reduction(reduction);
      case ScatterNd(var reduction) -> type + ":" + reduction(reduction);
      case Binary(var kind) when kind == Binary.Kind.TRUNC_MOD -> type + ":fmod";
      default -> type;
    };
  }

  private static String reduction(Reduction reduction) {
    return reduction == Reduction.REPLACE ? "none" : lower(reduction);
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, NavigableMap<Integer, Set<DataType>>> read() {
    var table = new HashMap<String, NavigableMap<Integer, Set<DataType>>>();
    var stream = Objects.requireNonNull(OnnxKernels.class.getResourceAsStream("kernels.txt"));
    try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) add(line.split(" ", -1), table);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return table;
  }

  private static void add(String[] words, Map<String, NavigableMap<Integer, Set<DataType>>> table) {
    var dtypes = EnumSet.noneOf(DataType.class);
    for (int i = 2; i < words.length; i++) {
      dtypes.add(DataType.valueOf(words[i].toUpperCase(Locale.ROOT)));
    }
    table.computeIfAbsent(words[0], _ -> new TreeMap<>()).put(Integer.valueOf(words[1]), dtypes);
  }
}
