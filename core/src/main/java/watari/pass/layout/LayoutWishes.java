package watari.pass.layout;

import java.util.Map;
import watari.tensor.Layout;

/// What a user says about the layouts of a graph's inputs and outputs.
///
/// @param keepIo inputs and outputs stay as the source has them; else they take the target's layout
/// @param inputs layouts of inputs by name, which win over `keepIo`
/// @param outputs the same for outputs
public record LayoutWishes(
    boolean keepIo, Map<String, Layout> inputs, Map<String, Layout> outputs) {
  public static final LayoutWishes KEEP = new LayoutWishes(true, Map.of(), Map.of());
  public static final LayoutWishes NATIVE = new LayoutWishes(false, Map.of(), Map.of());

  public LayoutWishes {
    inputs = Map.copyOf(inputs);
    outputs = Map.copyOf(outputs);
  }
}
