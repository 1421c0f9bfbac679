package watari.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which rules rewrote a model, and why others did not.
///
/// @param fired how often each rule fired
/// @param left a sentence for each time one did not
public record Explanation(Map<String, Integer> fired, List<String> left) {
  public static final Explanation NONE = new Explanation(Map.of(), List.of());

  public Explanation {
    fired = Collections.unmodifiableMap(new LinkedHashMap<>(fired));
    left = List.copyOf(left);
  }
}
