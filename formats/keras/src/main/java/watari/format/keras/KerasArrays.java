package watari.format.keras;

import java.util.ArrayList;
import java.util.List;

/// Arrays inside configurations: Keras writes them as lists, or as objects that hold one.
final class KerasArrays {
  private KerasArrays() {}

  /// Whether this is `{"class_name": "__numpy__" or "__tensor__" or "__tuple__", ...}` or the older
  /// `{"type": "ndarray", "value": …}`.
  static boolean isArray(KerasJson json) {
    return json instanceof KerasJson.Members && !value(json).isNothing();
  }

  private static KerasJson value(KerasJson json) {
    var config = json.get("config").get("value");
    if (!config.isNothing()) return config;
    return !json.get("value").isNothing() ? json.get("value") : json.get("items");
  }

  /// What is inside, however nested.
  static KerasJson unwrapped(KerasJson json) {
    return isArray(json) ? value(json) : json;
  }

  /// All numbers, in order.
  static List<Double> numbers(KerasJson json) {
    var all = new ArrayList<Double>();
    collect(unwrapped(json), all);
    return all;
  }

  private static void collect(KerasJson json, List<Double> all) {
    switch (json) {
      case KerasJson.Numeral(double value) -> all.add(value);
      case KerasJson.Items(var items) -> items.forEach(each -> collect(each, all));
      default -> throw KerasRefusal.broken("'" + json.show() + "' is no number");
    }
  }
}
