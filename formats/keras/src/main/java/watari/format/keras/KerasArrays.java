package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

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

  /// An array as a tensor.
  static TensorData array(KerasJson json) {
    var name = json.get("config").get("dtype").text();
    var dtype = name.isEmpty() ? DataType.FLOAT32 : KerasTypes.dtype(name);
    var dims = new ArrayList<Long>();
    for (var at = value(json); at instanceof KerasJson.Items(var items); ) {
      dims.add((long) items.size());
      if (items.isEmpty()) break;
      at = items.getFirst();
    }
    var all = new ArrayList<Double>();
    flags(value(json), all);
    var shape = Shape.of(dims.stream().mapToLong(dim -> dim).toArray());
    return TensorData.ofDoubles(dtype, shape, all.stream().mapToDouble(each -> each).toArray());
  }

  /// The numbers of an array, of which flags are 0 and 1.
  private static void flags(KerasJson json, List<Double> all) {
    switch (json) {
      case KerasJson.Flag(boolean value) -> all.add(value ? 1.0 : 0.0);
      case KerasJson.Items(var items) -> items.forEach(each -> flags(each, all));
      default -> collect(json, all);
    }
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
