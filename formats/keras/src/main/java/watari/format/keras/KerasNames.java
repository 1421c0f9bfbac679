package watari.format.keras;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Gives layers their names: one of its own each, of the characters that Keras takes.
final class KerasNames {
  private final Set<String> used = new HashSet<>();
  private final Map<String, Integer> counts = new HashMap<>();

  /// Names that stand first keep theirs: those of inputs, then those of outputs.
  ///
  /// @param fixed what layers are to be called whatever their hints
  static void give(List<KerasWrittenLayer> layers, Map<KerasWrittenLayer, String> fixed) {
    var names = new KerasNames();
    fixed.forEach((layer, name) -> layer.setName(names.free(name)));
    for (var layer : layers) {
      if (fixed.containsKey(layer)) continue;
      var hint = layer.hint().isEmpty() ? KerasLayer.snakeCase(layer.className()) : layer.hint();
      layer.setName(names.free(hint));
    }
  }

  /// TensorFlow's scopes begin with a letter or digit; Keras 3 allows no slash.
  static String plain(String name) {
    var plain =
        name.codePoints()
            .mapToObj(c -> isPlain(c) ? Character.toString(c) : "_")
            .collect(Collectors.joining());
    var stripped = plain.replaceFirst("^[^A-Za-z0-9.]+", "");
    return stripped.isEmpty() ? "layer" : stripped;
  }

  private static boolean isPlain(int c) {
    return c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '-');
  }

  private String free(String hint) {
    var plain = plain(hint);
    if (used.add(plain)) return plain;
    while (true) {
      var numbered = plain + "_" + counts.merge(plain, 1, Integer::sum);
      if (used.add(numbered)) return numbered;
    }
  }
}
