package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;

/// The layers of a graph that is to be written, in order.
final class OpenvinoNet {
  private final String name;
  private final List<OpenvinoLayer> layers = new ArrayList<>();

  OpenvinoNet(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  List<OpenvinoLayer> layers() {
    return layers;
  }

  OpenvinoLayer add(String layerName, String type, String opset) {
    var layer = new OpenvinoLayer(layers.size(), layerName, type, opset);
    layers.add(layer);
    return layer;
  }
}
