package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import watari.graph.Value;

/// What a layer is called with.
sealed interface KerasArgument {
  record Tensor(Value value) implements KerasArgument {}

  record Many(List<KerasArgument> all) implements KerasArgument {}

  record Named(Map<String, KerasArgument> all) implements KerasArgument {}

  /// A number, a text, or whatever else is no tensor.
  record Plain(KerasJson json) implements KerasArgument {}

  static KerasArgument none() {
    return new Plain(new KerasJson.Nothing());
  }

  default boolean isNone() {
    return this instanceof Plain(var json) && json.isNothing();
  }

  /// All tensors inside; those of names in the order of the names, as Keras flattens them.
  default List<Value> tensors() {
    var found = new ArrayList<Value>();
    collect(found);
    return found;
  }

  private void collect(List<Value> found) {
    switch (this) {
      case Tensor(var value) -> found.add(value);
      case Many(var all) -> all.forEach(each -> each.collect(found));
      case Named(var all) -> new TreeMap<>(all).values().forEach(each -> each.collect(found));
      case Plain _ -> {}
    }
  }
}
