package watari.pass.layout;

import java.util.Map;
import watari.tensor.Layout;

/// What a user says of the layouts of a graph's inputs and outputs.
///
/// @param keepIo inputs and outputs stay as the source has them; else those with 4 axes or more
///   take the target's layout
/// @param inputs layouts asked for, by input name
/// @param outputs layouts asked for, by output name
public record LayoutOptions(
    boolean keepIo, Map<String, Layout> inputs, Map<String, Layout> outputs) {
  public static final LayoutOptions KEEP = new LayoutOptions(true, Map.of(), Map.of());
  public static final LayoutOptions NATIVE = new LayoutOptions(false, Map.of(), Map.of());

  public LayoutOptions {
    inputs = Map.copyOf(inputs);
    outputs = Map.copyOf(outputs);
  }
}
