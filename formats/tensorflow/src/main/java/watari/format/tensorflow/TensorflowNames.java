package watari.format.tensorflow;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// Names that nodes may have, each once.
///
/// Source: TensorFlow 2.21: node names match `[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*`.
final class TensorflowNames {
  private final Map<String, Integer> taken = new HashMap<>();

  /// A name like the one that is wanted, that no other has.
  String unique(String hint) {
    var base = clean(hint);
    var name = base;
    while (taken.putIfAbsent(name, 1) != null) {
      name = base + "_" + (taken.merge(base, 1, Integer::sum) - 1);
    }
    return name;
  }

  /// Without what a node's name cannot have, and without the number of an output.
  static String clean(String hint) {
    var text = hint.endsWith(":0") ? hint.substring(0, hint.length() - 2) : hint;
    var clean = text.replaceAll("[^A-Za-z0-9_.\\\\/>-]", "_");
    if (clean.isEmpty()) return "node";
    return Character.isLetterOrDigit(clean.charAt(0)) || clean.charAt(0) == '.'
        ? clean
        : "n" + clean;
  }

  /// The name of a function's argument: lower-case letters, digits and `_`.
  static String argument(String hint) {
    var text = hint.endsWith(":0") ? hint.substring(0, hint.length() - 2) : hint;
    var clean = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return !clean.isEmpty() && Character.isLetter(clean.charAt(0)) ? clean : "x" + clean;
  }
}
