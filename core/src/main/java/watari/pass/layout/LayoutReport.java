package watari.pass.layout;

import java.util.List;
import java.util.Map;

/// What layout assignment did to a graph.
///
/// A permutation `perm` says that axis `i` of a tensor in the result is axis `perm[i]` of the
/// source's tensor; it is empty where nothing moved.
///
/// @param inputs permutations of the graph's inputs, in order
/// @param outputs permutations of the graph's outputs, in order
/// @param values permutations of inner values that are not stored as in the source, by their name
/// @param inserted the Transposes that could not be spared, in order; those of bodies are included
public record LayoutReport(
    List<List<Integer>> inputs,
    List<List<Integer>> outputs,
    Map<String, List<Integer>> values,
    List<Inserted> inserted) {
  public LayoutReport {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    values = Map.copyOf(values);
    inserted = List.copyOf(inserted);
  }

  /// A Transpose that was inserted.
  ///
  /// @param value the value that is needed in both layouts
  /// @param reason what wants it otherwise than it is made
  public record Inserted(String value, String reason) {}
}
