package watari.quant;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Quantization.PerTensor;

/// Values in groups that are stored alike.
final class SharedScales {
  private final DataType dtype;
  private final Map<Value, Value> parents = new IdentityHashMap<>();
  private final Map<Value, Range> ranges = new IdentityHashMap<>();
  private final Map<Value, PerTensor> fixed = new IdentityHashMap<>();

  SharedScales(DataType dtype) {
    this.dtype = dtype;
  }

  boolean has(Value value) {
    return parents.containsKey(value);
  }

  void add(Value value, Range range) {
    if (parents.putIfAbsent(value, value) == null) ranges.put(value, range);
  }

  /// The value is stored so, whatever its range is.
  void fix(Value value, PerTensor stored) {
    fixed.put(root(value), stored);
  }

  /// What is stored with the value has this range, too, unless its way is fixed.
  void widen(Value value, Range range) {
    var root = root(value);
    ranges.put(root, range(root).with(range));
  }

  /// Stores both alike; they stay apart, and it says so, where one is stored in a fixed way that
  /// the other does not fit into.
  boolean unite(Value a, Value b) {
    var from = root(a);
    var to = root(b);
    if (from == to) return true;
    var fixedFrom = Optional.ofNullable(fixed.get(from));
    var fixedTo = Optional.ofNullable(fixed.get(to));
    if (fixedFrom.isPresent() && fixedTo.isPresent() && !fixedFrom.equals(fixedTo)) return false;
    if (fixedFrom.isPresent() && !fits(range(to), fixedFrom.get())) return false;
    if (fixedTo.isPresent() && !fits(range(from), fixedTo.get())) return false;
    parents.put(from, to);
    ranges.put(to, range(from).with(range(to)));
    fixedFrom.ifPresent(stored -> fixed.put(to, stored));
    return true;
  }

  private boolean fits(Range range, PerTensor stored) {
    return ActivationScales.range(stored, dtype).holds(range, stored.scale());
  }

  PerTensor stored(Value value) {
    var root = root(value);
    var stored = fixed.get(root);
    return stored == null ? ActivationScales.of(range(root), dtype) : stored;
  }

  private Range range(Value root) {
    return ranges.getOrDefault(root, Range.ZERO);
  }

  private Value root(Value value) {
    var at = value;
    while (true) {
      var parent = parents.getOrDefault(at, at);
      if (parent == at) return at;
      at = parent;
    }
  }
}
