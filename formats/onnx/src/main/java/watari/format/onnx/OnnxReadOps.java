package watari.format.onnx;

import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import watari.format.ReadTable;

/// The tables of all operators that are read, by domain, and why others are not.
final class OnnxReadOps {
  /// Says what a node means.
  @FunctionalInterface
  interface Entry {
    void read(OnnxReadNode node);
  }

  private static final String RANDOM =
      "it draws random numbers: no other runtime draws the same, and nothing could be compared";
  private static final String TEXT = "it computes with text, which no other format does";

  private static final Map<String, ReadTable<Entry>> TABLES =
      Map.of(OnnxFormat.DOMAIN, standard(), "com.microsoft", microsoft());

  private static final Set<String> MOVING =
      Set.of(
          "DepthToSpace",
          "Expand",
          "Flatten",
          "Gather",
          "MaxPool",
          "Reshape",
          "Slice",
          "Split",
          "Squeeze",
          "Tile",
          "Transpose",
          "Unsqueeze");

  private OnnxReadOps() {}

  private static ReadTable<Entry> standard() {
    var table = new ReadTable<Entry>();
    OnnxReadElementwiseOps.register(table);
    OnnxReadBinaryOps.register(table);
    OnnxReadShapeOps.register(table);
    OnnxReadSliceOps.register(table);
    OnnxReadReduceOps.register(table);
    OnnxReadNormOps.register(table);
    OnnxReadConvOps.register(table);
    OnnxReadPoolOps.register(table);
    OnnxReadMatMulOps.register(table);
    OnnxReadIndexOps.register(table);
    OnnxReadResizeOps.register(table);
    OnnxReadControlOps.register(table);
    OnnxReadRecurrentOps.register(table);
    OnnxReadQuantizeOps.register(table);
    OnnxReadAttentionOps.register(table);
    OnnxReadLossOps.register(table);
    OnnxReadSignalOps.register(table);
    OnnxReadImageOps.register(table);
    OnnxReadSequenceOps.register(table);
    return table
        .refuse(RANDOM, "Bernoulli", "Multinomial")
        .refuse(RANDOM, "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
        .refuse(TEXT, "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit")
        .refuse(TEXT, "TfIdfVectorizer")
        .refuse("it decodes compressed images, which no runtime here does", "ImageDecoder");
  }

  /// Names, with their domain where it is not the standard one, and versions of what is read.
  static Map<String, NavigableSet<Integer>> versions() {
    var all = new TreeMap<String, NavigableSet<Integer>>();
    TABLES.forEach((domain, table) -> {
      var prefix = domain.equals(OnnxFormat.DOMAIN) ? "" : domain + ".";
      table.versions().forEach((name, since) -> all.put(prefix + name, since));
    });
    return all;
  }

  /// Why standard operators are not read.
  static Map<String, String> refusals() {
    return TABLES.getOrDefault(OnnxFormat.DOMAIN, new ReadTable<>()).refusals();
  }

  private static ReadTable<Entry> microsoft() {
    var table = new ReadTable<Entry>();
    OnnxReadMicrosoftOps.register(table);
    return table;
  }

  /// Reads a node of a domain; what no table has becomes a [watari.op.Custom].
  static void read(String domain, OnnxReadNode node) {
    var name = node.proto().getOpType();
    var operator = OnnxOperators.find(domain, name, node.opset());
    boolean isContributed = name.equals("LayerNormalization");
    if (operator.isEmpty() && OnnxOperators.has(domain, name) && !isContributed) {
      throw OnnxRefusal.broken(
          "operator '"
              + name
              + "' is not part of opset "
              + node.opset()
              + ", which the model imports");
    }
    operator.ifPresent(known -> OnnxOperators.check(known, node.proto(), node.attributes()));
    var table = TABLES.get(domain);
    var entry = table == null ? null : table.entry(name, node.opset()).orElse(null);
    if (entry == null) {
      node.custom();
      return;
    }
    if (domain.equals(OnnxFormat.DOMAIN)) carryQuantization(name, node);
    entry.read(node);
  }

  /// Whether no table has the operator.
  static boolean isCustom(String domain, OnnxReadNode node) {
    var table = TABLES.get(domain);
    return table == null || table.entry(node.proto().getOpType(), node.opset()).isEmpty();
  }

  /// What only moves elements may move quantized ones.
  private static void carryQuantization(String name, OnnxReadNode node) {
    boolean all = name.equals("Concat");
    if (!all && !MOVING.contains(name)) return;
    var sequence = node.scope().sequence(node.inputName(0));
    if (sequence.isEmpty() && node.isQuantized(all)) node.carryQuantization(all);
  }
}
