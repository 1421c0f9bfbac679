package watari.api;

import java.util.Map;
import watari.tensor.Layout;

/// In which layouts the result takes its inputs and gives its outputs.
///
/// @param keepIo as the source has them; else as the target's users expect them
/// @param inputs layouts of single inputs by name
/// @param outputs layouts of single outputs by name
public record LayoutSettings(
    boolean keepIo, Map<String, Layout> inputs, Map<String, Layout> outputs) {
  public static final LayoutSettings NATIVE = new LayoutSettings(false, Map.of(), Map.of());

  public LayoutSettings {
    inputs = Map.copyOf(inputs);
    outputs = Map.copyOf(outputs);
  }
}
