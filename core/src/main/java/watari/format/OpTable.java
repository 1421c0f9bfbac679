package watari.format;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.graph.Node;
import watari.op.Op;

/// A writer's table: for each operator record the method that writes it.
///
/// @param <W> what the methods write to
public final class OpTable<W> {
  /// Writes one operator.
  @FunctionalInterface
  public interface Entry<O extends Op, W> {
    void write(O op, Node node, W out);
  }

  private final Map<Class<? extends Op>, Entry<Op, W>> entries = new HashMap<>();
  private final Map<Class<? extends Op>, String> refusals = new HashMap<>();

  public <O extends Op> OpTable<W> on(Class<O> kind, Entry<O, W> entry) {
    entries.put(kind, (op, node, out) -> entry.write(kind.cast(op), node, out));
    return this;
  }

  /// Says why an operator that nothing is rewritten into cannot be written, in a clause.
  public OpTable<W> refuse(String why, Class<? extends Op> kind) {
    refusals.put(kind, why);
    return this;
  }

  /// Why operators are not written.
  public Map<Class<? extends Op>, String> refusals() {
    return Collections.unmodifiableMap(refusals);
  }

  public boolean has(Op op) {
    return entries.containsKey(op.getClass());
  }

  /// The records in the table.
  public Set<Class<? extends Op>> kinds() {
    return entries.keySet();
  }

  public Optional<Entry<Op, W>> entry(Op op) {
    return Optional.ofNullable(entries.get(op.getClass()));
  }
}
