package watari.pass.layout;

import java.util.IdentityHashMap;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.Layout;

/// The layouts of a graph's inputs, as far as the operators behind them prove them.
public final class InputLayouts {
  private InputLayouts() {}

  /// Inputs with one batch axis, one channel axis and spatial ones.
  public static Map<Value, Layout> of(Graph graph) {
    var roles = Roles.of(graph);
    var layouts = new IdentityHashMap<Value, Layout>();
    for (var input : graph.inputs()) {
      roles
          .of(input)
          .filter(role -> role.batch() == 1 && role.channels() == 1)
          .ifPresent(role -> layouts.put(input, role.layout()));
    }
    return layouts;
  }
}
