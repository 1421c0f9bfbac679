package watari.format.tensorflow;

import java.util.Map;

/// Why operators are not read.
final class TensorflowRefused {
  private static final String RANDOM =
      "it draws random numbers: no other runtime draws the same, and nothing could be compared";
  private static final String TEXT = "it computes with text, which no other format does";
  private static final String TABLE = "it looks up a table, which no other format has";
  private static final String TRAINING = "it trains the model";
  private static final String STATE =
      "it changes a variable, and Watari reads models for inference";
  private static final String DATA = "it reads examples, which is not part of the model itself";
  private static final String CUT = "name the tensor behind it with --inputs, or export from there";

  /// Kinds of operators by the begin of their names.
  private static final Map<String, String> KINDS =
      Map.ofEntries(
          Map.entry("Random", RANDOM),
          Map.entry("StatelessRandom", RANDOM),
          Map.entry("StatelessTruncatedNormal", RANDOM),
          Map.entry("ParameterizedTruncatedNormal", RANDOM),
          Map.entry("TruncatedNormal", RANDOM),
          Map.entry("Multinomial", RANDOM),
          Map.entry("String", TEXT),
          Map.entry("StaticRegex", TEXT),
          Map.entry("Regex", TEXT),
          Map.entry("AsString", TEXT),
          Map.entry("Substr", TEXT),
          Map.entry("Unicode", TEXT),
          Map.entry("HashTable", TABLE),
          Map.entry("MutableHashTable", TABLE),
          Map.entry("LookupTable", TABLE),
          Map.entry("Apply", TRAINING),
          Map.entry("ResourceApply", TRAINING),
          Map.entry("Assign", STATE),
          Map.entry("ScatterUpdate", STATE),
          Map.entry("Parse", DATA),
          Map.entry("Decode", DATA),
          Map.entry("Iterator", DATA));

  private TensorflowRefused() {}

  /// Nothing takes what the node computes, but it changes a variable.
  static TensorflowRefusal change() {
    return TensorflowRefusal.unsupported(STATE, "save the model for inference, or give its state");
  }

  static TensorflowRefusal reason(String operator) {
    var kind =
        KINDS.entrySet().stream().filter(each -> operator.startsWith(each.getKey())).findFirst();
    if (kind.isPresent()) return TensorflowRefusal.unsupported(kind.get().getValue(), CUT);
    boolean isKnown = TensorflowOperators.find(operator).isPresent();
    return TensorflowRefusal.unsupported(
        isKnown
            ? "Watari does not read this operator yet"
            : "'" + operator + "' is neither an operator of TensorFlow nor a function of the model",
        CUT);
  }
}
