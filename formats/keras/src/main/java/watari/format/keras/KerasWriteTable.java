package watari.format.keras;

import java.util.LinkedHashMap;
import java.util.Map;
import watari.format.OpTable;
import watari.op.Op;

/// The writer's table, with what `docs/keras.md` says of each operator.
final class KerasWriteTable {
  /// How an operator is written.
  ///
  /// @param as layers, and functions of `keras.ops`
  /// @param when what it takes; empty where every form is written
  record Words(String as, String when) {}

  private final OpTable<KerasWriteGraph> operators = new OpTable<>();
  private final Map<Class<? extends Op>, Words> words = new LinkedHashMap<>();

  <O extends Op> KerasWriteTable on(
      Class<O> kind, String as, String when, OpTable.Entry<O, KerasWriteGraph> entry) {
    operators.on(kind, entry);
    words.put(kind, new Words(as, when));
    return this;
  }

  KerasWriteTable refuse(String why, Class<? extends Op> kind) {
    operators.refuse(why, kind);
    return this;
  }

  OpTable<KerasWriteGraph> operators() {
    return operators;
  }

  Map<Class<? extends Op>, Words> words() {
    return words;
  }
}
