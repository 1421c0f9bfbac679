package watari.rewrite;

import java.util.List;
import watari.graph.Value;

/// What a rule says of a match.
public sealed interface Outcome {
  /// Nothing changes, and why.
  record Left(String reason) implements Outcome {}

  /// The outputs of the root are replaced, one by one, by these values.
  record Replaced(List<Value> values) implements Outcome {
    public Replaced {
      values = List.copyOf(values);
    }
  }
}
