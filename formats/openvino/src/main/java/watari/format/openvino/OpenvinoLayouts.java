package watari.format.openvino;

import java.util.Map;
import watari.graph.Model;
import watari.graph.Value;
import watari.pass.layout.InputLayouts;
import watari.tensor.Layout;

/// The layouts that inputs state: those that their users prove, else what the source said.
final class OpenvinoLayouts {
  private final Map<Value, Layout> proved;
  private final Map<String, String> properties;

  OpenvinoLayouts(Model model) {
    this.proved = InputLayouts.of(model.main());
    this.properties = model.metadata().properties();
  }

  /// Such as `[N,C,H,W]`; empty where nothing is known.
  String of(Value input) {
    var layout = proved.get(input);
    if (layout == null) {
      return properties.getOrDefault(OpenvinoFormat.LAYOUT + input.name(), "");
    }
    var spatial =
        switch (input.shape().rank()) {
          case 3 -> "W";
          case 4 -> "H,W";
          case 5 -> "D,H,W";
          default -> "";
        };
    if (spatial.isEmpty()) return "";
    return layout == Layout.CHANNELS_FIRST ? "[N,C," + spatial + "]" : "[N," + spatial + ",C]";
  }
}
