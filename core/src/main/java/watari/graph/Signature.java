package watari.graph;

import java.util.List;

/// The names by which callers know a graph's inputs and outputs.
///
/// @param key the entry's name, such as `serving_default`
/// @param inputs one for each graph input, in order
/// @param outputs one for each graph output, in order
public record Signature(String key, List<String> inputs, List<String> outputs) {
  public Signature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
