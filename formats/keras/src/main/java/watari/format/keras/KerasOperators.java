package watari.format.keras;

import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// The layers that Keras has, and why some are not read.
final class KerasOperators {
  private static final String CODE = "it is Python code, which Watari does not run";
  private static final String STRINGS = "it works on text";

  private static final Map<String, String> UNREAD =
      new TreeMap<>(
          Map.of(
              "Lambda", CODE,
              "TorchModuleWrapper", CODE,
              "TFSMLayer", "it is a SavedModel of its own",
              "JaxLayer", CODE,
              "FlaxLayer", CODE,
              "StringLookup", STRINGS,
              "TextVectorization", STRINGS,
              "Hashing", "it hashes text",
              "HashedCrossing", "it hashes text"));

  private KerasOperators() {}

  static Map<String, String> unread() {
    return UNREAD;
  }

  /// The names of all layers.
  static NavigableSet<String> names() {
    var all = new TreeSet<>(KerasReadOps.versions().keySet());
    all.addAll(UNREAD.keySet());
    return all;
  }

  /// Why a layer that is not in the table cannot be read.
  static KerasRefusal unread(KerasLayer layer) {
    var why = UNREAD.get(layer.className());
    if (why != null) {
      return KerasRefusal.unsupported(
          why, "replace the layer by built-in ones, or end the model before it with --outputs");
    }
    var registered = layer.json().get("registered_name").text();
    var name = registered.isEmpty() ? layer.operator() : registered;
    return KerasRefusal.unsupported(
        "Keras has no layer '" + name + "' that Watari reads: it is custom code, or newer",
        "replace the layer by built-in ones, or end the model before it with --outputs");
  }
}
