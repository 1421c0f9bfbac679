package watari.pass.layout;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What layout assignment did: the Transposes it had to insert and why, and what it permuted.
///
/// Permutations are relative to the source: axis `i` of the tensor is axis `perm[i]` of the
/// source's.
public final class LayoutReport {
  /// A Transpose that was inserted.
  ///
  /// @param value the value that is needed in both layouts
  /// @param reason which node wants it otherwise than it is made
  public record Inserted(String value, String reason) {}

  private final List<Inserted> inserted = new ArrayList<>();
  private final Map<String, List<Integer>> permutations = new LinkedHashMap<>();
  private final Map<Integer, List<Integer>> outputs = new LinkedHashMap<>();

  void inserted(String value, String reason) {
    inserted.add(new Inserted(value, reason));
  }

  void permuted(String value, List<Integer> perm) {
    permutations.put(value, List.copyOf(perm));
  }

  void outputPermuted(int index, List<Integer> perm) {
    outputs.put(index, List.copyOf(perm));
  }

  /// The Transposes inserted, in order.
  public List<Inserted> inserted() {
    return List.copyOf(inserted);
  }

  /// The permutation of a value, by its name; values that are as in the source have none.
  public Map<String, List<Integer>> permutations() {
    return java.util.Collections.unmodifiableMap(permutations);
  }

  /// The permutations of graph outputs, by position.
  public Map<Integer, List<Integer>> outputPermutations() {
    return java.util.Collections.unmodifiableMap(outputs);
  }
}
