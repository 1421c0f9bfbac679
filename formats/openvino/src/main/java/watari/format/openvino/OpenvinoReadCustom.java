package watari.format.openvino;

import java.util.ArrayList;
import watari.op.Custom;

/// Operators that only OpenVINO knows: kept as they are, so that they can be written back.
final class OpenvinoReadCustom {
  private OpenvinoReadCustom() {}

  static void read(OpenvinoReadNode node) {
    var layer = node.layer();
    if (layer.outputs().isEmpty()) {
      throw OpenvinoRefusal.unsupported(
          "operator '%s' of '%s' gives nothing, and Watari keeps only operators that do"
              .formatted(layer.type(), layer.version()),
          "remove the layer");
    }
    if (!layer.bodies().isEmpty()) {
      throw OpenvinoRefusal.unsupported(
          "operator '%s' of '%s' has a body, which is read for If, Loop and TensorIterator only"
              .formatted(layer.type(), layer.version()),
          "write the IR with one of these in its place");
    }
    var attributes = new ArrayList<Custom.Attribute>();
    layer
        .data()
        .forEach(
            (name, text) -> attributes.add(new Custom.Attribute(name, OpenvinoWeights.text(text))));
    var op =
        new Custom(
            OpenvinoFormat.customDomain(layer.version()),
            layer.type(),
            OpenvinoFormat.opset(layer.version()),
            attributes,
            OpenvinoReadGraph.declared(layer),
            true);
    node.give(op, node.inputs());
  }
}
